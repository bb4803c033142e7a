// A report as one file that stands for itself: no script, nothing fetched, no key, no address and
// no viewer in it, and a policy that would forbid all of that. Every word is escaped; a hostile
// title is words like others. Pure but for the saving.

import type { ShowReport } from '../../../core/contract/report.ts';
import { withoutSecrets } from '../withoutSecrets.ts';
import { curveLine } from './curveLine.ts';
import type { ReportCurve, ReportModel, ReportTable } from './reportModel.ts';

const STYLE = `
:root{color-scheme:dark light}
body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:15px/1.5 system-ui,sans-serif}
h1{margin:0 0 .25rem;font-size:28px}h2{margin:2rem 0 .5rem;font-size:20px}
p{margin:.25rem 0;opacity:.8}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:1rem;margin:1.5rem 0}
dl div{border-top:1px solid;padding-top:.25rem}dt{font-size:13px;opacity:.8}
dd{margin:0;font-size:20px;font-variant-numeric:tabular-nums}
figure{margin:1rem 0}figcaption{font-size:13px}
svg{width:100%;height:4rem;border-bottom:1px solid}
path{fill:none;stroke:currentColor;stroke-width:1.5;vector-effect:non-scaling-stroke}
table{width:100%;border-collapse:collapse;font-size:13px}
th,td{padding:.25rem .5rem;border-bottom:1px solid;text-align:left;vertical-align:top;
overflow-wrap:anywhere}
.figure{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
`;

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

/** Words that mean nothing to HTML, in text and in attributes. */
function escaped(words: string): string {
  return words.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? '');
}

/** @param language of its words: "en" or "zh" */
export function reportHtml(model: ReportModel, language: string): string {
  const figures = model.figures.map(
    ({ id, name, value }) =>
      `<div><dt>${escaped(name)}</dt><dd data-figure="${escaped(id)}">${escaped(value)}</dd></div>`,
  );
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'";
  return `<!doctype html>
<html lang="${escaped(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(model.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(model.title)}</h1>
${model.lead.map(paragraph).join('')}<dl>${figures.join('\n')}</dl>
${model.curves.map(curveHtml).join('')}${model.tables.map(tableHtml).join('')}
${model.foot.map(paragraph).join('')}</body>
</html>
`;
}

const paragraph = (words: string) => `<p>${escaped(words)}</p>\n`;

function curveHtml({ words, points }: ReportCurve): string {
  if (points.length === 0) return paragraph(words);
  const line = `<path d="${curveLine(points, 100, 40)}"/>`;
  const drawn = `<svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img"`;
  return `<figure>${drawn} aria-label="${escaped(words)}">${line}</svg>
<figcaption>${escaped(words)}</figcaption></figure>\n`;
}

function tableHtml({ id, title, head, rows, figures, notes }: ReportTable): string {
  const cell = (tag: string, words: string, column: number) => {
    const kind = figures.includes(column) ? ' class="figure"' : '';
    return `<${tag}${kind}>${escaped(words)}</${tag}>`;
  };
  const line = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((words, column) => cell(tag, words, column)).join('')}</tr>\n`;
  const table =
    rows.length === 0
      ? ''
      : `<table id="${escaped(id)}"><thead>${line('th', head)}</thead><tbody>
${rows.map((cells) => line('td', cells)).join('')}</tbody></table>\n`;
  return `<h2>${escaped(title)}</h2>\n${table}${notes.map(paragraph).join('')}`;
}

/** The same as figures for a program; points only where they may be seen. */
export function reportJson(report: ShowReport, isVeiled: boolean): string {
  const { markets, health, events } = report;
  const veiled = markets?.map((market) => ({ ...market, stakedMinor: null, paidMinor: null }));
  const clean = (sentence: string) => withoutSecrets(sentence, [], '•••');
  const shown = {
    ...report,
    ...(isVeiled ? { markets: veiled ?? null } : {}),
    events: events.map((event) => ({ ...event, why: clean(event.why) })),
    health: {
      ...health,
      warnings: health.warnings.map((one) => ({ ...one, text: clean(one.text) })),
      suspensions: health.suspensions.map((one) => ({ ...one, reason: clean(one.reason) })),
    },
  };
  return `${JSON.stringify({ format: 'morphine-show-report', version: 1, ...shown }, null, 2)}\n`;
}

/** Gives a file to the person. */
export function saveReport(words: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([words], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
