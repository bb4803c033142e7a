// The clocks of the product. Time is always a parameter: rooms receive a clock and timers, so that
// tests can run them faster than time. Only the entries build the real ones.
//
// The media clock is the one clock that bets, frames and events share: microseconds that never
// jump. It is the machine's monotonic clock plus a fixed epoch, so it reads like Unix time at the
// moment the show's machine started and is untouched by somebody setting the wall clock.

/** A point on the media clock, in whole microseconds (safe integer until the year 2255). */
export type MediaTimeUs = number;

/** Reads the media clock. */
export type MediaClock = { nowUs(): MediaTimeUs };

/** Cancels what a timer call started; calling it twice is harmless. */
export type CancelTimer = () => void;

/** Timers as a parameter. */
export type Timers = {
  after(delayMs: number, run: () => void): CancelTimer;
  every(periodMs: number, run: () => void): CancelTimer;
};

/** The real timers of this JavaScript environment. */
export const realTimers: Timers = {
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs);
    return () => clearTimeout(handle);
  },
  every(periodMs, run) {
    const handle = setInterval(run, periodMs);
    return () => clearInterval(handle);
  },
};

/** A clock and timers that move only when told; for tests and for running faster than time. */
export class ManualTime implements MediaClock, Timers {
  #nowUs: MediaTimeUs;
  #nextId = 0;
  #timers = new Map<number, { atUs: MediaTimeUs; periodUs: number; run: () => void }>();

  constructor(startUs: MediaTimeUs = 1_000_000_000) {
    this.#nowUs = startUs;
  }

  nowUs(): MediaTimeUs {
    return this.#nowUs;
  }

  after(delayMs: number, run: () => void): CancelTimer {
    return this.#add(delayMs, 0, run);
  }

  every(periodMs: number, run: () => void): CancelTimer {
    return this.#add(periodMs, Math.max(1, Math.round(periodMs * 1000)), run);
  }

  /** Moves time forward and runs what fell due, in order of its due time. */
  advance(durationMs: number): void {
    const endUs = this.#nowUs + Math.round(durationMs * 1000);
    for (;;) {
      let due: { id: number; atUs: number } | undefined;
      for (const [id, timer] of this.#timers) {
        if (timer.atUs <= endUs && (!due || timer.atUs < due.atUs)) due = { id, atUs: timer.atUs };
      }
      if (!due) break;
      const timer = this.#timers.get(due.id);
      if (!timer) break;
      this.#nowUs = Math.max(this.#nowUs, timer.atUs);
      if (timer.periodUs > 0) timer.atUs += timer.periodUs;
      else this.#timers.delete(due.id);
      timer.run();
    }
    this.#nowUs = endUs;
  }

  #add(delayMs: number, periodUs: number, run: () => void): CancelTimer {
    const id = this.#nextId++;
    this.#timers.set(id, { atUs: this.#nowUs + Math.round(delayMs * 1000), periodUs, run });
    return () => this.#timers.delete(id);
  }
}
