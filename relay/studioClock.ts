// What the relay knows about a studio's media clock: samples that the studio made over its own
// link, of which the one with the least round trip counts, because queues only ever add time.

/** Samples that are compared; older ones are forgotten, so that drift is followed. */
const SAMPLES_MAX = 8;

type Sample = { offsetUs: number; roundTripUs: number };

export type ClockReading = {
  /** 0 while nothing is known. */
  mediaUs: number;
  /** Half of the round trip of the sample that counts. */
  uncertaintyUs: number;
};

/** The studio's media clock as seen from the relay's own monotonic clock. */
export class StudioClock {
  #samples: Sample[] = [];
  #isStale = false;

  /** A new studio may run another clock: its first sample replaces all that was known. */
  restart(): void {
    this.#isStale = true;
  }

  /** When the relay's clock read `relayUs`, the studio's read `mediaUs`, ± half a round trip. */
  add(relayUs: number, mediaUs: number, roundTripUs: number): void {
    if (this.#isStale) this.#samples = [];
    this.#isStale = false;
    this.#samples.push({ offsetUs: mediaUs - relayUs, roundTripUs });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  read(relayNowUs: number): ClockReading {
    const best = this.#samples.reduce<Sample | null>(
      (least, sample) => (least && least.roundTripUs <= sample.roundTripUs ? least : sample),
      null,
    );
    if (!best) return { mediaUs: 0, uncertaintyUs: 0 };
    return {
      mediaUs: Math.max(0, relayNowUs + best.offsetUs),
      uncertaintyUs: Math.ceil(best.roundTripUs / 2),
    };
  }
}
