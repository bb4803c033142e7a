// The templates: change, remove, make a new one, take them out as a file and in from one.

import { Download, Plus, Upload } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import type { Template } from '../../core/contract/state.ts';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import { MarketForm } from './MarketForm.tsx';
import { ask, attempt, studio } from './store.ts';

export function TemplateList({ templates }: { templates: readonly Template[] }) {
  const [edited, setEdited] = useState<Template | 'new' | null>(null);
  if (edited !== null) {
    return (
      <>
        <h3 className="dockSubtitle">
          {text(edited === 'new' ? 'studio.form.newTemplate' : 'studio.form.editTemplate')}
        </h3>
        <MarketForm
          kind="template"
          templates={templates}
          {...(edited === 'new' ? {} : { edited })}
          onDone={() => setEdited(null)}
        />
      </>
    );
  }
  return (
    <>
      <Files>
        <Button size="dense" look="primary" onClick={() => setEdited('new')}>
          <Plus size={14} aria-hidden="true" />
          {text('studio.templates.new')}
        </Button>
      </Files>
      {templates.length === 0 ? <p>{text('studio.templates.none')}</p> : null}
      <ul className="manageList">
        {templates.map((template) => (
          <Line key={template.id} template={template} onEdit={() => setEdited(template)} />
        ))}
      </ul>
    </>
  );
}

function Line({ template, onEdit }: { template: Template; onEdit: () => void }) {
  const [isSure, setIsSure] = useState(false);
  const { id, title, decideOn } = template;
  return (
    <li className="manageLine">
      <span className="manageLine-title">{title}</span>
      <small className="manageLine-facts">
        {template.outcomes.join(' · ')} ·{' '}
        {decideOn === null
          ? text('studio.templates.byHand')
          : text('studio.templates.decidedBy', { what: text(`studio.event.${decideOn.type}`) })}
      </small>
      <Button
        size="dense"
        aria-label={text('studio.templates.editNamed', { title })}
        onClick={onEdit}
      >
        {text('studio.templates.edit')}
      </Button>
      <Button
        size="dense"
        look={isSure ? 'stop' : 'quiet'}
        aria-label={
          isSure
            ? text('studio.templates.removeSure')
            : text('studio.templates.removeNamed', { title })
        }
        onBlur={() => setIsSure(false)}
        onClick={() =>
          isSure ? ask(studio.markets.removeTemplate({ templateId: id })) : setIsSure(true)
        }
      >
        {text(isSure ? 'studio.templates.removeSure' : 'studio.templates.remove')}
      </Button>
    </li>
  );
}

/** What the file is called when it is saved. */
const FILE_NAME = 'market-templates.json';

function Files({ children }: { children: ReactNode }) {
  const file = useRef<HTMLInputElement>(null);
  const [told, setTold] = useState<{ words: string; isRefusal: boolean } | null>(null);
  async function exportFile(): Promise<void> {
    const answer = studio.markets.exportTemplates({});
    if (!(await ask(answer))) return;
    const { json } = await answer;
    const url = URL.createObjectURL(new Blob([json], { type: 'application/json' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = FILE_NAME;
    link.click();
    URL.revokeObjectURL(url);
  }
  async function importFile(chosen: File): Promise<void> {
    const answer = studio.markets.importTemplates({ json: await chosen.text() });
    const refusal = await attempt(answer);
    if (refusal !== null) setTold({ words: refusal, isRefusal: true });
    else {
      const { imported: count } = await answer;
      setTold({ words: text('studio.templates.imported', { count }), isRefusal: false });
    }
  }
  return (
    <>
      <div className="manageActions">
        {children}
        <Button size="dense" onClick={() => file.current?.click()}>
          <Upload size={14} aria-hidden="true" />
          {text('studio.templates.import')}
        </Button>
        <Button size="dense" onClick={exportFile}>
          <Download size={14} aria-hidden="true" />
          {text('studio.templates.export')}
        </Button>
        <input
          ref={file}
          type="file"
          accept=".json,application/json"
          hidden
          aria-label={text('studio.templates.import')}
          onChange={(change) => {
            const [chosen] = change.target.files ?? [];
            change.target.value = '';
            if (chosen) importFile(chosen);
          }}
        />
      </div>
      {told === null ? null : (
        <Notice severity={told.isRefusal ? 'stop' : 'info'}>{told.words}</Notice>
      )}
    </>
  );
}
