// The studio's media clock at a guest: the home knows it, and is asked over Redis. The midpoint
// rule (RFC 5905 section 8) with the home's own uncertainty added; of a burst the quickest answer
// counts.

import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import type { Clock } from '../../core/wire/gen/nodes_pb.js';
import type { StudioClock } from '../studioClock.ts';

const BURST = 8;
const BURST_GAP_MS = 40;
const PERIOD_MS = 10_000;
/** An answer that took longer says nothing, microseconds. */
const TRIP_US_MAX = 5_000_000;

export class ClockAsker {
  readonly #studioClock: StudioClock;
  readonly #clock: MediaClock;
  readonly #timers: Timers;
  readonly #ask: (sentUs: number) => void;
  #cancelPeriod: CancelTimer = () => {};
  /** Questions of the burst that runs. */
  #cancelBurst: CancelTimer[] = [];

  constructor(
    studioClock: StudioClock,
    clock: MediaClock,
    timers: Timers,
    ask: (sentUs: number) => void,
  ) {
    this.#studioClock = studioClock;
    this.#clock = clock;
    this.#timers = timers;
    this.#ask = ask;
  }

  start(): void {
    this.close();
    this.#burst();
    this.#cancelPeriod = this.#timers.every(PERIOD_MS, () => this.#burst());
  }

  told(told: Clock): void {
    const nowUs = this.#clock.nowUs();
    const sentUs = Number(told.sentUs);
    const tripUs = nowUs - sentUs;
    // 0: the home does not know it yet.
    if (told.mediaUs === 0n || !(tripUs >= 0) || tripUs > TRIP_US_MAX) return;
    const midUs = Math.round((sentUs + nowUs) / 2);
    this.#studioClock.add(midUs, Number(told.mediaUs), tripUs + 2 * told.uncertaintyUs);
  }

  close(): void {
    this.#cancelPeriod();
    for (const cancel of this.#cancelBurst.splice(0)) cancel();
  }

  #burst(): void {
    this.#cancelBurst = Array.from({ length: BURST }, (_, index) =>
      this.#timers.after(index * BURST_GAP_MS, () => this.#ask(this.#clock.nowUs())),
    );
  }
}
