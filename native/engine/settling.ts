// What has only just begun: the first picture and the first judged frame of an engine come while
// programs load and caches are cold, and what they show says nothing of the show that follows. Each
// counts once: a vision that was restarted later is not excused.

import type { Readings } from '../../core/contract/state.ts';

/** From the first of its kind; vision's window of 10 s then holds none of the first 5 s. */
export const SETTLING_US = 15_000_000;

export type SettlingPart = NonNullable<Readings['settling']>[number];

export class Settling {
  readonly #beganUs = new Map<SettlingPart, number>();

  /** Something of this part was there; only the first time counts. */
  saw(part: SettlingPart, nowUs: number): void {
    if (!this.#beganUs.has(part)) this.#beganUs.set(part, nowUs);
  }

  /** The parts that began less than SETTLING_US ago, in the order in which they did. */
  parts(nowUs: number): SettlingPart[] {
    return [...this.#beganUs]
      .filter(([, beganUs]) => nowUs - beganUs < SETTLING_US)
      .map(([part]) => part);
  }
}
