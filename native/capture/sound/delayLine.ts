// Sound that is held back by a fixed time: each packet goes out so much later, and its capture time
// is later by exactly as much, so that viewers hear it so much later beside the picture. Bounded:
// what does not fit is left out, oldest first, and counted.

import type { CancelTimer, MediaClock, MediaTimeUs, Timers } from '../../../core/base/clock.ts';
import { opusSamples } from '../../../core/media/oggOpus.ts';
import { silenceOf } from '../../../core/media/opusSilence.ts';

/** The longest delay in the shortest packets, and a second's reserve of usual ones. */
const WAITING_MAX = 450;
const SILENCE_SAMPLES = 960;
const SILENCE_US = 20_000;

type Packet = { captureUs: MediaTimeUs; bytes: Uint8Array; dueUs: MediaTimeUs };

export type DelayLineOptions = {
  clock: MediaClock;
  timers: Timers;
  onPacket(captureUs: MediaTimeUs, bytes: Uint8Array): void;
};

export class DelayLine {
  readonly #options: DelayLineOptions;
  #delayUs = 0;
  #waiting: Packet[] = [];
  #cancel: CancelTimer = () => {};
  /** Where the last packet that came ends, undelayed; null: none came since the last cut. */
  #endUs: MediaTimeUs | null = null;
  #leftOut = 0;

  constructor(options: DelayLineOptions) {
    this.#options = options;
  }

  packetsLeftOut(): number {
    return this.#leftOut;
  }

  /** A longer delay begins with silence; at a shorter one what comes later anyway is left out. */
  setDelay(delayMs: number): void {
    const before = this.#delayUs;
    this.#delayUs = delayMs * 1000;
    if (this.#delayUs <= before || this.#endUs === null) return;
    const silence = silenceOf(SILENCE_SAMPLES) ?? new Uint8Array(0);
    const nowUs = this.#options.clock.nowUs();
    for (let us = before; us + SILENCE_US <= this.#delayUs; us += SILENCE_US) {
      this.#hold({ captureUs: this.#endUs + us, bytes: silence, dueUs: nowUs + us });
    }
    this.#release();
  }

  take(captureUs: MediaTimeUs, bytes: Uint8Array): void {
    this.#endUs = captureUs + (opusSamples(bytes) * 1000) / 48;
    if (this.#delayUs === 0 && this.#waiting.length === 0) {
      this.#options.onPacket(captureUs, bytes);
      return;
    }
    const dueUs = this.#options.clock.nowUs() + this.#delayUs;
    const atUs = captureUs + this.#delayUs;
    // A shorter delay than before: this one is heard in the place of those.
    while ((this.#waiting.at(-1)?.captureUs ?? atUs - 1) >= atUs) this.#waiting.pop();
    this.#hold({ captureUs: atUs, bytes, dueUs });
    this.#release();
  }

  /** What is inside belongs to what was before. */
  cut(): void {
    this.#forget();
    this.#endUs = null;
  }

  #hold(packet: Packet): void {
    this.#waiting.push(packet);
    if (this.#waiting.length <= WAITING_MAX) return;
    this.#waiting.shift();
    this.#leftOut++;
  }

  #release(): void {
    this.#cancel();
    const nowUs = this.#options.clock.nowUs();
    for (let next = this.#waiting[0]; next && next.dueUs <= nowUs; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#options.onPacket(next.captureUs, next.bytes);
    }
    const next = this.#waiting[0];
    if (!next) return;
    this.#cancel = this.#options.timers.after((next.dueUs - nowUs) / 1000, () => this.#release());
  }

  #forget(): void {
    this.#cancel();
    this.#waiting = [];
  }
}
