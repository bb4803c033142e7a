// Before a market opens: the delays of the viewers who watch now against its window and its guard,
// drawn on a scale where each step is a factor, and said in one sentence. Asked again while it is
// shown; whoever may not ask, or asks a studio that cannot tell, sees nothing of it.

import { useEffect, useId, useState } from 'react';
import { realTimers } from '../../../core/base/clock.ts';
import { SCOPE_COLUMNS_MAX, type FairnessScope as Scope } from '../../../core/contract/fairness.ts';
import { placeOfDelay } from '../../../core/markets/fairness.ts';
import { text } from '../../ui/texts.ts';
import { attempt, studio } from '../store.ts';
import { isAnyoneLeftOut, scopeDetails, scopeSentence } from './fairnessWords.ts';
import { ScopeBars } from './ScopeBars.tsx';

/** Pages tell their delay every few seconds. */
const ASK_EVERY_MS = 2_000;

type Times = { betWindowSeconds: number; guardMs: number };

/** Null while it is not known. */
function useScope({ betWindowSeconds, guardMs }: Times): Scope | null {
  const [scope, setScope] = useState<Scope | null>(null);
  useEffect(() => {
    let isHere = true;
    async function read(): Promise<void> {
      const asked = studio.fairness.before({ betWindowSeconds, guardMs });
      const refusal = await attempt(asked);
      if (isHere) setScope(refusal === null ? await asked : null);
    }
    void read();
    const cancel = realTimers.every(ASK_EVERY_MS, () => void read());
    return () => {
      isHere = false;
      cancel();
    };
  }, [betWindowSeconds, guardMs]);
  return scope;
}

/** In a form: always whole. */
export function FairnessScope(times: Times) {
  const scope = useScope(times);
  const id = useId();
  if (scope === null) return null;
  return (
    <section className="fairness" aria-labelledby={id} data-testid="fairness">
      <h4 id={id} className="formPart-legend">
        {text('studio.fair.title')}
      </h4>
      <Sentence scope={scope} />
      <Drawn scope={scope} {...times} />
    </section>
  );
}

/** On a card: the sentence, and the scope for who wants to look. */
export function FairnessLine(times: Times) {
  const scope = useScope(times);
  if (scope === null || scope.measured === 0) return null;
  return (
    <div className="fairness" data-testid="fairness">
      <Sentence scope={scope} />
      <details className="fairness-more">
        <summary>{text('studio.fair.show')}</summary>
        <Drawn scope={scope} {...times} />
      </details>
    </div>
  );
}

function Sentence({ scope }: { scope: Scope }) {
  const tone = isAnyoneLeftOut(scope) ? 'fairness-warn' : '';
  return <p className={`fairness-sentence ${tone}`}>{scopeSentence(scope)}</p>;
}

const SECOND_MS = 1000;
const TICKS = [
  { ms: 10, words: '10 ms' },
  { ms: 100, words: '0.1 s' },
  { ms: 1_000, words: '1 s' },
  { ms: 10_000, words: '10 s' },
  { ms: 100_000, words: '100 s' },
  { ms: 1_000_000, words: '1000 s' },
];

function Drawn({ scope, betWindowSeconds, guardMs }: Times & { scope: Scope }) {
  if (scope.measured === 0) return null;
  const lockMs = betWindowSeconds * SECOND_MS;
  const details = scopeDetails(scope, betWindowSeconds);
  // To the next tick behind all that is shown.
  const most = Math.max(lockMs, scope.slowestMs ?? 0);
  const end = placeOfDelay(TICKS.find(({ ms }) => ms > most)?.ms ?? Number.MAX_VALUE);
  const place = (ms: number) => Math.min(1, placeOfDelay(ms) / end);
  const lock = place(lockMs);
  const guard = place(Math.max(0, lockMs - guardMs));
  const count = Math.round(end * SCOPE_COLUMNS_MAX);
  return (
    <>
      <ScopeBars
        columns={Array.from({ length: count }, (_, at) => {
          const viewers = scope.columns[at] ?? 0;
          return (at + 0.5) / count < guard ? { good: viewers } : { bad: viewers };
        })}
        label={[scopeSentence(scope), ...details].join(' ')}
        shades={[{ from: guard, to: lock, words: text('studio.fair.guard') }]}
        marks={[{ at: lock, words: text('studio.fair.lock') }]}
        ticks={TICKS.filter(({ ms }) => placeOfDelay(ms) <= end).map(({ ms, words }) => ({
          at: place(ms),
          words,
        }))}
      />
      <p className="fairness-axis">{text('studio.fair.axis')}</p>
      <ul className="fairness-details">
        {details.map((words) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
    </>
  );
}
