// The viewers of a story: forty-three, two of them on slow links; and how their bets in a market
// came. Counted by the same pure functions as the studio's. Never shipped.

import type { Handlers } from '../../core/contract/rpcCalls.ts';
import { arrivalsOf, scopeOf } from '../../core/markets/fairness.ts';

/** Most within a quarter of a second, two behind a player that buffers. */
export const STORY_DELAYS_MS: readonly number[] = [
  ...Array.from({ length: 36 }, (_, index) => 28 + index * 5),
  ...[310, 420, 560, 740, 910, 13_700, 16_200],
];

const SECOND_US = 1_000_000;
const OPENS_AT_US = 1_000 * SECOND_US;
const LOCK_AT_US = OPENS_AT_US + 14 * SECOND_US;
const T_CAP_US = OPENS_AT_US + 11 * SECOND_US;

function storyBets() {
  const cutoff = T_CAP_US - 500_000;
  return Array.from({ length: 19 }, (_, index) => {
    const atUs = OPENS_AT_US + Math.round((0.8 + index * 0.65) * SECOND_US);
    const why = atUs >= cutoff ? 'LATE_MEDIA' : index === 4 ? 'WITHDRAWN' : null;
    return { atUs, why, state: why === null ? 'POSTED' : 'VOID' } as const;
  });
}

export function storyFairness(): Pick<Handlers, 'fairness'> {
  return {
    fairness: {
      before: (market) => scopeOf(STORY_DELAYS_MS, STORY_DELAYS_MS.length + 1, market),
      after: () =>
        arrivalsOf(storyBets(), {
          ...{ opensAtUs: OPENS_AT_US, lockAtUs: LOCK_AT_US },
          ...{ tCapUs: T_CAP_US, cutoffUs: T_CAP_US - 500_000 },
        }),
    },
  };
}
