// After a market ended: when its bets arrived between opening and lock, and which of them went
// back, by the ledger's own rows. Fetched when somebody opens it, and again after a correction.

import { useEffect, useState } from 'react';
import type { Arrivals } from '../../../core/contract/fairness.ts';
import type { MarketView } from '../../../core/contract/state.ts';
import { text } from '../../ui/texts.ts';
import { attempt, studio } from '../store.ts';
import { arrivalSentences, delayText } from './fairnessWords.ts';
import { ScopeBars } from './ScopeBars.tsx';

type Told = { arrivals: Arrivals } | { refusal: string } | null;

export function ArrivalsPart({ market }: { market: MarketView }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details
      className="fairness-more"
      onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}
    >
      <summary aria-label={text('studio.fair.arrivalsNamed', { title: market.title })}>
        {text('studio.fair.arrivals')}
      </summary>
      {isOpen ? <Shown market={market} /> : null}
    </details>
  );
}

function Shown({ market: { id: marketId, state, revision = 0 } }: { market: MarketView }) {
  const [told, setTold] = useState<Told>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new decision is the reason to ask.
  useEffect(() => {
    let isHere = true;
    async function read(): Promise<void> {
      const asked = studio.fairness.after({ marketId });
      const refusal = await attempt(asked);
      if (!isHere) return;
      setTold(refusal === null ? { arrivals: await asked } : { refusal });
    }
    void read();
    return () => {
      isHere = false;
    };
  }, [marketId, state, revision]);
  if (told === null) return <p className="fairness-axis" aria-busy="true" />;
  if ('refusal' in told) return <p className="fairness-axis">{told.refusal}</p>;
  return <Drawn arrivals={told.arrivals} />;
}

function Drawn({ arrivals }: { arrivals: Arrivals }) {
  const { opensAtUs, lockAtUs, endUs, cutoffUs, tCapUs, columns, bets } = arrivals;
  const sentences = arrivalSentences(arrivals);
  const place = (atUs: number) => (atUs - opensAtUs) / Math.max(1, endUs - opensAtUs);
  const isInside = (atUs: number | null) => atUs !== null && atUs >= opensAtUs && atUs <= endUs;
  const cut = cutoffUs !== null && isInside(cutoffUs) ? cutoffUs : null;
  return (
    <div className="fairness" data-testid="arrivals">
      {bets === 0 ? null : (
        <ScopeBars
          columns={columns.map(({ stood, late, back }) => ({
            good: stood,
            bad: late,
            other: back,
          }))}
          label={sentences.join(' ')}
          shades={
            cut === null
              ? []
              : [
                  {
                    from: place(cut),
                    to: tCapUs === null ? 1 : Math.min(1, place(tCapUs)),
                    words: text('studio.fair.guard'),
                  },
                ]
          }
          marks={cut === null ? [] : [{ at: place(cut), words: text('studio.fair.cutoff') }]}
          ticks={[
            { at: 0, words: text('studio.fair.opened') },
            {
              at: place(lockAtUs),
              words: `${text('studio.fair.lock')} ${delayText((lockAtUs - opensAtUs) / 1000)}`,
            },
          ]}
        />
      )}
      <ul className="fairness-details">
        {sentences.map((words) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
    </div>
  );
}
