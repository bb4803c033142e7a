// Bets a second, told to vision: a rush of bets is one of the reasons of a highlight. It counts and
// nothing else; which bets they were stays with the markets.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { VisionClient } from '../vision/client.ts';

const EVERY_MS = 1_000;

export function createBetRate(options: {
  clock: MediaClock;
  timers: Timers;
  vision: Pick<VisionClient, 'signal'>;
}): { count(): void; close(): void } {
  const { clock, timers, vision } = options;
  let bets = 0;
  const cancel = timers.every(EVERY_MS, () => {
    vision.signal({ channel: 'bets', atUs: clock.nowUs(), value: (bets * 1_000) / EVERY_MS });
    bets = 0;
  });
  return {
    count: () => {
      bets++;
    },
    close: cancel,
  };
}
