// Proves that the file of a report is the same HTML whatever titles, outcomes and reasons say: a
// hostile word is a word. And that page and file are made of the same figures, that streamer mode
// leaves points out of all of them, and that no address or key comes through.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ShowReport } from '../../core/contract/report.ts';
import { storyReports } from './storyReports.ts';
import '../../renderer/studio/words.ts';
import { reportHtml, reportJson } from '../../renderer/studio/report/reportFile.ts';
import { reportModelOf } from '../../renderer/studio/report/reportModel.ts';

const { reports } = storyReports();
const by = {} as never;
const [newest] = await reports.list({}, by);
const report = await reports.read({ id: newest?.id ?? '' }, by);
const seen = { language: 'en', isVeiled: false };
const htmlOf = (of: ShowReport) => reportHtml(reportModelOf(of, seen), 'en');
const tagsOf = (html: string) => html.match(/<[^>]*>/g) ?? [];

/** Every word of somebody's that stands in it. */
function withWords(words: string): ShowReport {
  return {
    ...report,
    title: words,
    markets: (report.markets ?? []).map((one) => ({ ...one, title: words, outcome: words })),
    events: report.events.map((event) => ({ ...event, why: words })),
    health: {
      ...report.health,
      warnings: [{ atS: 1, severity: 'warn', text: words }],
      suspensions: [{ reason: words, times: 1, seconds: 1 }],
    },
  };
}

const PIECES = ['<script>', '</title>', '"', "'", '>', '<!--', '&lt;', '<svg onload=a()>', '{seq}'];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary' })), { maxLength: 8 })
  .map((pieces) => `x${pieces.join('')}`);

test('hostile words are words: the file has the same tags whatever they are', () => {
  const benign = tagsOf(htmlOf(withWords('x')));
  assert.ok(benign.length > 100);
  fc.assert(
    fc.property(hostile, (words) => {
      assert.deepEqual(tagsOf(htmlOf(withWords(words))), benign);
    }),
    { numRuns: 60 },
  );
});

test('the file runs nothing and fetches nothing', () => {
  const html = htmlOf(report);
  assert.match(html, /content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'/);
  assert.doesNotMatch(html, /<(script|img|link|iframe|object|base|form)|url\(|@import|https?:/i);
  assert.ok(html.includes('A goal in &lt; 10 s &amp; by &quot;7&quot;?'), 'a market is called so');
});

test('no address comes through, and streamer mode leaves the points out', () => {
  const whole = [htmlOf(report), reportJson(report, false)];
  for (const words of whole) assert.doesNotMatch(words, /relay\.example/);
  const model = reportModelOf(report, { ...seen, isVeiled: true });
  const figure = (id: string) => model.figures.find((one) => one.id === id)?.value;
  assert.deepEqual([figure('staked'), figure('paid'), figure('voided')], ['•••', '•••', '3']);
  assert.ok(!JSON.stringify(model.tables).includes('662'));
  assert.equal(JSON.parse(reportJson(report, true)).markets[0].paidMinor, null);
  assert.equal(JSON.parse(reportJson(report, false)).markets[0].paidMinor, 662);
});

test('an empty show and a ledger that is away are said', () => {
  const empty = { ...report, samples: [], events: [], markets: null, title: ' ' };
  const html = htmlOf(empty);
  assert.match(html, /A show without a title/);
  assert.match(html, /The ledger is away/);
  assert.match(html, /Bitrate: not measured in this show/);
  assert.doesNotMatch(html, /NaN|Infinity|undefined/);
});
