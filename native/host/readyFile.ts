// The ready file: how scripts and tests learn that a studio serves, and where. Removed first thing,
// written atomically with mode 0600 (it holds links and a token), removed on a clean stop.

import { rmSync } from 'node:fs';
import { type IngestView, ingestViewSchema } from '../../core/contract/ingest.ts';
import type { ProcessName } from '../../core/contract/process.ts';
import { writeFileAtomically } from './dataFolder.ts';
import type { ChildFacts } from './supervisor.ts';

/** Keys are added by later versions and never change; a key without a value is null. */
export type ReadyFacts = {
  version: 1;
  pid: number;
  processes: Record<ProcessName, number | null>;
  state: 'ready' | 'live';
  studio: string | null;
  viewer: string | null;
  /** The JSON view for outside tools, its token included. */
  view: string | null;
  whep: string | null;
  whip: { url: string; token: string } | null;
  /** What OBS is to be told, whichever source is on air. */
  ingest: IngestView | null;
  channel: string | null;
  relay: string | null;
  metrics: string | null;
  health: string | null;
  source: string | null;
  /** What is to take over and has no picture yet. */
  nextSource: string | null;
  /** The drawn match of `demo:`: anybody can say what is true on a frame of it. */
  demo: { seed: number; anchorUs: number } | null;
  data: string;
};

/** What a studio tells in its ready file, from what its engine told. */
export function readyFactsOf(
  engine: ChildFacts,
  processes: Record<ProcessName, number | null>,
  pid: number,
  dataFolder: string,
): ReadyFacts {
  const text = (key: string) => (typeof engine[key] === 'string' ? engine[key] : null);
  const whipUrl = text('whipUrl');
  const whipToken = text('whipToken');
  return {
    version: 1,
    pid,
    processes,
    state: engine.state === 'live' ? 'live' : 'ready',
    studio: text('studio'),
    viewer: text('viewer'),
    view: text('view'),
    whep: text('whep'),
    whip: whipUrl && whipToken ? { url: whipUrl, token: whipToken } : null,
    ingest: ingestViewSchema.safeParse(engine.ingest).data ?? null,
    channel: text('channel'),
    relay: text('relay'),
    metrics: text('metrics'),
    health: text('health'),
    source: text('source'),
    nextSource: text('nextSource'),
    demo: demoOf(engine),
    data: dataFolder,
  };
}

function demoOf(engine: ChildFacts): ReadyFacts['demo'] {
  const { source, matchSeed: seed, matchAnchorUs: anchorUs } = engine;
  if (typeof source !== 'string' || !source.startsWith('demo:')) return null;
  return typeof seed === 'number' && typeof anchorUs === 'number' ? { seed, anchorUs } : null;
}

/** Writes only when something changed. */
export function createReadyFile(path: string | null) {
  let written = '';
  return {
    write(facts: ReadyFacts): void {
      if (path === null) return;
      const text = `${JSON.stringify(facts)}\n`;
      if (text === written) return;
      writeFileAtomically(path, text);
      written = text;
    },
    remove(): void {
      if (path !== null) rmSync(path, { force: true });
      written = '';
    },
  };
}
