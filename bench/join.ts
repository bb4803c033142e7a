// Figures `join` and `paint`: a click on the link in an open page of a warm browser, to the first
// frame that the viewer's page presents: loading the page, its script, WHEP, ICE, DTLS and the first
// key frame; and when that page first painted something.

import { type BenchContext, type Measured, notMeasured } from './figure.ts';
import { measurePeerJoin } from './janus.ts';
import { type Joins, pageWithLink, servePages, takeJoins } from './linkPage.ts';
import { spreadOf } from './statistics.ts';

const JOINS = { short: 5, full: 40 };

export async function measureJoin(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured('join', 'no browser with H.264')];
  const { studio } = await context.studio('demo:?barcode=1');
  const server = await servePages({ '/': pageWithLink(studio.facts().viewer ?? '') });
  const perRound = context.isFull ? JOINS.full : JOINS.short;
  const { clicks, navigations, paints, steps } = await takeJoins(
    browser,
    `${server.origin}/`,
    perRound,
  );
  server.close();
  await context.quiet();
  const peer = await measurePeerJoin(context, browser, perRound);
  const spread = spreadOf(navigations);
  const remarks = [
    `${perRound} joins a round, warm browser, the page's files in its cache`,
    `from the start of navigation instead of the click: ` +
      `${spread?.p50.toFixed(0)}/${spread?.p95.toFixed(0)} ms (p50/p95)`,
    `middle join, ms from navigation: ${stepsText(steps)}`,
  ];
  const painted = { figure: 'paint', rounds: paints, remarks: ['in the joins of `join`'] };
  return [{ figure: 'join', rounds: clicks, remarks, peer }, painted];
}

/** Where the time of a join goes. */
function stepsText(steps: Joins['steps']): string {
  return Object.entries(steps)
    .map(([name, samples]) => `${name} ${spreadOf(samples)?.p50.toFixed(0) ?? '-'}`)
    .join(', ');
}
