// Figure `relaysoak` (full form only): half an hour in which one viewer comes and one goes every
// second, with the picture running. What the relay holds must not grow: memory by the slope of each
// minute's lowest resident set after a warm-up, threads and open files by their own.

import { readdirSync } from 'node:fs';
import { heldBy, type Program } from './crowd/machinery.ts';
import type { CrowdFigures, HostStats, ToCrowd, ToHost } from './crowd/messages.ts';
import { type BenchContext, type Measured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';

/** Viewers there at any time. */
const STAYING = 5;
/** The first share of the time says nothing: pools and rings fill. */
const WARM_SHARE = 0.3;
const WINDOWS = 20;

type Held = { atMs: number; residentBytes: number; threads: number; files: number };

/** @param minutes 30 in the full form */
export async function measureSoak(
  context: BenchContext,
  stage: { host: Program<ToHost, HostStats>; crowd: Program<ToCrowd, CrowdFigures> },
  minutes: number,
): Promise<Measured> {
  const { host, crowd } = stage;
  const whepUrl = `${host.said}/whep/match`;
  context.say(`  ${minutes} minutes of coming and going`);
  await crowd.ask({ ask: 'join', count: STAYING, whepUrl });
  const samples: Held[] = [];
  const startMs = performance.now();
  const endMs = startMs + minutes * 60_000;
  let joins = 0;
  for (let second = 1; performance.now() < endMs; second++) {
    await crowd.ask({ ask: 'join', count: 1, whepUrl });
    joins++;
    // Whoever has been there longest goes.
    await crowd.ask({ ask: 'leave', count: 1 });
    samples.push({ atMs: performance.now() - startMs, ...holdings(host.pid) });
    await pause(Math.max(0, startMs + second * 1000 - performance.now()));
  }
  const warm = samples.filter(({ atMs }) => atMs >= minutes * 60_000 * WARM_SHARE);
  const [first, last] = [warm[0], warm.at(-1)];
  if (!first || !last) throw new Error('The time was too short to say anything');
  const slope = megabytesPerHour(lowest(warm));
  const remarks = [
    `${joins} came and went in ${minutes} min; resident ${megabytes(first)} → ${megabytes(last)} MB`,
    `threads ${first.threads} → ${last.threads}, open files ${first.files} → ${last.files}`,
  ];
  return { figure: 'relaysoak', rounds: Array.from({ length: ROUNDS }, () => [slope]), remarks };
}

function holdings(pid: number): Omit<Held, 'atMs'> {
  return { ...heldBy(pid), files: readdirSync(`/proc/${pid}/fd`).length };
}

/** The lowest sample of each window: what stays when garbage is gone. */
export function lowest(samples: readonly Held[]): Held[] {
  const size = Math.max(1, Math.floor(samples.length / WINDOWS));
  const found: Held[] = [];
  for (let start = 0; start < samples.length; start += size) {
    const window = samples.slice(start, start + size);
    found.push(window.reduce((low, each) => (each.residentBytes < low.residentBytes ? each : low)));
  }
  return found;
}

/** Least-squares slope; never below a thousandth, so that a shrinking relay is a figure, too. */
export function megabytesPerHour(samples: readonly Held[]): number {
  const hours = samples.map(({ atMs }) => atMs / 3_600_000);
  const sizes = samples.map(({ residentBytes }) => residentBytes / 1e6);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [x, y] = [mean(hours), mean(sizes)];
  const cross = hours.reduce((sum, hour, i) => sum + (hour - x) * ((sizes[i] ?? y) - y), 0);
  const square = hours.reduce((sum, hour) => sum + (hour - x) ** 2, 0);
  return Math.max(0.001, square === 0 ? 0 : cross / square);
}

const megabytes = ({ residentBytes }: Held) => Math.round(residentBytes / 1e6);
