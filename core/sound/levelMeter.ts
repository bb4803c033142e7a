// How high sound is: the highest sample of each channel within 50 ms, and the root mean square of
// 300. Counted in samples, so that how sound is cut into blocks changes nothing. It judges nothing
// and draws nothing.

import { LEVEL_FLOOR_DB } from '../contract/mixer.ts';
import { decibelsOf } from './decibels.ts';

/** 50 ms at 48 kHz: twenty levels a second. */
export const LEVEL_SAMPLES = 2_400;
const RMS_WINDOWS = 6;

export type MeteredLevel = {
  peakDb: [left: number, right: number];
  rmsDb: [left: number, right: number];
};

export class LevelMeter {
  readonly #onLevel: (level: MeteredLevel) => void;
  readonly #peak = [0, 0];
  readonly #sum = [0, 0];
  #windows: [number, number][] = [];
  #count = 0;

  /** @param onLevel runs every LEVEL_SAMPLES of sound */
  constructor(onLevel: (level: MeteredLevel) => void) {
    this.#onLevel = onLevel;
  }

  /** Finite samples of both channels; full scale is 1. */
  next(left: number, right: number): void {
    this.#take(0, left);
    this.#take(1, right);
    if (++this.#count === LEVEL_SAMPLES) this.#close();
  }

  #take(channel: 0 | 1, sample: number): void {
    this.#peak[channel] = Math.max(this.#peak[channel] as number, Math.abs(sample));
    this.#sum[channel] = (this.#sum[channel] as number) + sample * sample;
  }

  #close(): void {
    const [left = 0, right = 0] = this.#sum;
    this.#windows = [...this.#windows, [left, right] as [number, number]].slice(-RMS_WINDOWS);
    const rms = (channel: 0 | 1) => {
      const sum = this.#windows.reduce((all, window) => all + window[channel], 0);
      return shown(Math.sqrt(sum / (this.#windows.length * LEVEL_SAMPLES)));
    };
    const peak = (channel: 0 | 1) => shown(this.#peak[channel] as number);
    const level: MeteredLevel = { peakDb: [peak(0), peak(1)], rmsDb: [rms(0), rms(1)] };
    this.#peak.fill(0);
    this.#sum.fill(0);
    this.#count = 0;
    this.#onLevel(level);
  }
}

function shown(amplitude: number): number {
  return Math.round(decibelsOf(amplitude, LEVEL_FLOOR_DB) * 10) / 10;
}
