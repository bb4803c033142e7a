// The reports of shows: the newest one, or the one that is chosen beside it. Figures, curves and
// tables, each curve in words as well; saved as one file that stands for itself, or as figures.

import { Download } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReportLine, ShowReport } from '../../../core/contract/report.ts';
import { Button } from '../../ui/Button.tsx';
import { Figure } from '../../ui/Figure.tsx';
import { elapsedText } from '../../ui/figures.ts';
import { Notice } from '../../ui/Notice.tsx';
import { text } from '../../ui/texts.ts';
import { ChoiceField } from '../Field.tsx';
import { useLanguage } from '../language.ts';
import { Modal } from '../Modal.tsx';
import { closeDialog } from '../opened.ts';
import { attempt, studio } from '../store.ts';
import { useStreamerMode } from '../streamerMode.ts';
import { curveLine } from './curveLine.ts';
import { reportHtml, reportJson, saveReport } from './reportFile.ts';
import {
  type ReportCurve,
  type ReportModel,
  type ReportTable,
  reportModelOf,
  startText,
} from './reportModel.ts';
import './report.css';

export function ReportDialog() {
  return (
    <Modal title={text('studio.report.title')} onClose={closeDialog}>
      <Reports />
    </Modal>
  );
}

type Told = { report: ShowReport } | { refusal: string } | null;

function Reports() {
  const [lines, setLines] = useState<readonly ReportLine[] | null>(null);
  const [chosen, setChosen] = useState('');
  const [told, setTold] = useState<Told>(null);
  const language = useLanguage((kept) => kept.language);
  useEffect(() => {
    async function read(): Promise<void> {
      const asked = studio.reports.list({});
      const refusal = await attempt(asked);
      if (refusal !== null) {
        setTold({ refusal });
        return;
      }
      const found = await asked;
      setLines(found);
      setChosen((before) => before || (found[0]?.id ?? ''));
    }
    void read();
  }, []);
  useEffect(() => {
    if (chosen === '') return;
    let isHere = true;
    async function read(): Promise<void> {
      const asked = studio.reports.read({ id: chosen });
      const refusal = await attempt(asked);
      if (isHere) setTold(refusal === null ? { report: await asked } : { refusal });
    }
    void read();
    return () => {
      isHere = false;
    };
  }, [chosen]);
  if (told !== null && 'refusal' in told) return <Notice severity="warn">{told.refusal}</Notice>;
  if (lines?.length === 0) return <p>{text('studio.report.none')}</p>;
  if (lines === null || told === null) return <p className="report" aria-busy="true" />;
  return (
    <div className="report">
      <ChoiceField
        label={text('studio.report.shows')}
        value={chosen}
        choices={lines.map((line) => [line.id, lineText(line, language)] as const)}
        onValue={setChosen}
      />
      <Report report={told.report} />
    </div>
  );
}

function lineText({ title, startedMs, seconds }: ReportLine, language: string): string {
  const name = title.trim() === '' ? text('studio.report.untitled') : title;
  return `${startText(startedMs, language)} · ${name} · ${elapsedText(seconds * 1_000_000)}`;
}

function Report({ report }: { report: ShowReport }) {
  const language = useLanguage((kept) => kept.language);
  const isVeiled = useStreamerMode((mode) => mode.isOn);
  const model = reportModelOf(report, { language, isVeiled });
  const name = `show-${new Date(report.startedMs).toISOString().slice(0, 10)}-${report.id}`;
  return (
    <article className="report" data-testid="report" data-report={report.id}>
      <header className="report-head">
        <div>
          <h3>{model.title}</h3>
          {model.lead.map((words) => (
            <p key={words}>{words}</p>
          ))}
        </div>
        <Button
          look="primary"
          onClick={() => saveReport(reportHtml(model, language), `${name}.html`, 'text/html')}
        >
          <Download size={16} aria-hidden="true" />
          {text('studio.report.saveHtml')}
        </Button>
        <Button
          onClick={() =>
            saveReport(reportJson(report, isVeiled), `${name}.json`, 'application/json')
          }
        >
          {text('studio.report.saveJson')}
        </Button>
      </header>
      <Figures figures={model.figures} />
      <div className="report-curves">
        {model.curves.map((curve) => (
          <Curve key={curve.id} curve={curve} />
        ))}
      </div>
      {model.tables.map((table) => (
        <Table key={table.id} table={table} />
      ))}
      <footer>
        {model.foot.map((words) => (
          <p key={words}>{words}</p>
        ))}
      </footer>
    </article>
  );
}

function Figures({ figures }: Pick<ReportModel, 'figures'>) {
  return (
    <dl className="report-figures">
      {figures.map(({ id, name, value }) => (
        <div key={id}>
          <dt>{name}</dt>
          <dd data-figure={id}>
            <Figure>{value}</Figure>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Curve({ curve: { words, points } }: { curve: ReportCurve }) {
  if (points.length === 0) return <p className="report-none">{words}</p>;
  return (
    <figure>
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
        <path d={curveLine(points, 100, 40)} />
      </svg>
      <figcaption>{words}</figcaption>
    </figure>
  );
}

function Table({ table: { id, title, head, rows, figures, notes } }: { table: ReportTable }) {
  const kind = (column: number) => (figures.includes(column) ? 'report-number' : undefined);
  return (
    <section aria-labelledby={`report-${id}`}>
      <h4 id={`report-${id}`}>{title}</h4>
      {rows.length === 0 ? null : (
        <table>
          <thead>
            <tr>
              {head.map((words, column) => (
                <th key={words} scope="col" className={kind(column)}>
                  {words}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((cells, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a report's rows stay as they are.
              <tr key={row}>
                {cells.map((words, column) => (
                  <td key={head[column]} className={kind(column)}>
                    {words}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {notes.map((words) => (
        <p key={words}>{words}</p>
      ))}
    </section>
  );
}
