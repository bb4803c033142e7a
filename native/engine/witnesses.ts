// What picture and game say, on its way to the markets: believed at once, or held until both have
// spoken. The studio and the viewers hear everything at once; only what decides money waits.

import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { Agreement, type Dispute, type Verdict, type Witness } from '../gameState/agreement.ts';
import type { Markets } from '../markets/markets.ts';

const TICK_MS = 200;

export type Witnesses = {
  hear(witness: Witness, event: GameEvent): void;
  /** The picture was judged up to then; what waits for its second witness holds the markets. */
  judged(untilUs: number, blindUntilUs: number, lostUntilUs: number): void;
  close(): void;
};

export type WitnessesOptions = {
  clock: MediaClock;
  timers: Timers;
  markets: Pick<Markets, 'onEvent' | 'onJudged' | 'dispute'>;
  /** Shows it to everybody, disputed or not. */
  show(event: GameEvent): void;
};

export function createWitnesses(options: WitnessesOptions): Witnesses {
  const { clock, timers, markets, show } = options;
  const agreement = new Agreement();
  let judgedUs = 0;
  let blindUs = 0;
  let lostUs = 0;

  function progress(): void {
    const waitingUs = agreement.waitingUs() ?? Number.POSITIVE_INFINITY;
    markets.onJudged(Math.min(judgedUs, waitingUs - 1), blindUs, lostUs);
  }
  function settle({ events, disputes }: Verdict): void {
    for (const event of events) markets.onEvent(event);
    for (const { type, reason } of disputes satisfies Dispute[]) markets.dispute(type, reason);
  }
  const cancel: CancelTimer = timers.every(TICK_MS, () => {
    const disputes = agreement.expire(clock.nowUs());
    if (disputes.length === 0) return;
    settle({ events: [], disputes });
    progress();
  });

  return {
    hear(witness, event) {
      show(event);
      settle(agreement.hear(witness, event, clock.nowUs()));
    },
    judged(untilUs, blindUntilUs, lostUntilUs) {
      judgedUs = Math.max(judgedUs, untilUs);
      blindUs = Math.max(blindUs, blindUntilUs);
      lostUs = Math.max(lostUs, lostUntilUs);
      progress();
    },
    close: () => cancel(),
  };
}
