// Tries whether a viewer's path bears more than it carries: for a moment what went out lately goes
// out once more on top, which the viewer's decryption drops as a repetition, and the sender report
// behind it tells by its round trip whether a queue grew. It must stay short: on a path that is too
// narrow it fills the queue of a cheap router by half.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import type { SenderClock } from '../../core/media/rtcp.ts';

/** How long it goes on, ms. At twice what a path bears a queue of as much grows. */
const PROBE_MS = 120;
const STEP_MS = 10;
/** Packets that are sent again, of the newest ones: libsrtp refuses what is much older. */
const PACKETS = 64;

export class PathProbe {
  readonly #timers: Timers;
  #cancel: CancelTimer | null = null;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /**
   * @param bitsPerSecond on top of what is sent anyway
   * @param again sends the nth newest packet once more and answers its length in bytes
   */
  start(bitsPerSecond: number, again: (back: number) => number, done: () => void): void {
    this.stop();
    let sent = 0;
    let back = 0;
    let step = 0;
    const next = () => {
      this.#cancel = null;
      step++;
      const due = (bitsPerSecond * step * STEP_MS) / 8000;
      // Packets that are not there any more have no length; the walk ends all the same.
      for (let looks = 0; sent < due && looks < PACKETS; looks++) {
        sent += again(back);
        back = (back + 1) % PACKETS;
      }
      if (step * STEP_MS >= PROBE_MS) done();
      else this.#cancel = this.#timers.after(STEP_MS, next);
    };
    next();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}

/** The same line of clocks, read so much later: a report that can be told from the one before. */
export function laterBy(clock: SenderClock, ms: number, rateHz: number): SenderClock {
  const fraction = clock.ntpFraction + Math.round((ms * 4_294_967_296) / 1000);
  return {
    ntpSeconds: (clock.ntpSeconds + Math.floor(fraction / 4_294_967_296)) >>> 0,
    ntpFraction: fraction % 4_294_967_296,
    rtpTimestamp: (clock.rtpTimestamp + (ms * rateHz) / 1000) >>> 0,
  };
}
