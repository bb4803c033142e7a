// The newest levels, asked for while somebody shows them: each answer asks for the next, so that a
// slow page gets fewer. They never go through React; whoever draws listens here.

import { realTimers } from '../../../core/base/clock.ts';
import type { SoundLevelReading } from '../../../core/contract/mixer.ts';
import { studio } from '../store.ts';

type Listener = (level: SoundLevelReading | null) => void;

/** After a question that failed: the connection is away, or there is no mixer. */
const AGAIN_MS = 1_000;
/** Ten a second at most: each picture of a meter makes the browser compose the page anew. */
const PAUSE_MS = 95;

const listeners = new Map<string, Set<Listener>>();
let isAsking = false;

/** Tells the levels of a source, null where there are none, until the returned function runs. */
export function listenToLevel(key: string, run: Listener): () => void {
  const own = listeners.get(key) ?? new Set();
  listeners.set(key, own.add(run));
  if (!isAsking) void askOn();
  return () => {
    own.delete(run);
    if (own.size === 0) listeners.delete(key);
  };
}

async function askOn(): Promise<void> {
  isAsking = true;
  let after = 0;
  while (listeners.size > 0) {
    try {
      const answer = await studio.mixer.levels({ after });
      after = answer.number;
      tell(answer.levels);
      await pause(PAUSE_MS);
    } catch {
      after = 0;
      tell([]);
      await pause(AGAIN_MS);
    }
  }
  isAsking = false;
}

function tell(levels: readonly SoundLevelReading[]): void {
  for (const [key, own] of listeners) {
    const level = levels.find((one) => one.key === key) ?? null;
    for (const run of own) run(level);
  }
}

const pause = (ms: number) => new Promise<void>((done) => realTimers.after(ms, done));
