// What a measurement hands to the table, and what it is given. A figure that could not be taken
// says why; it never hands out a number that was not measured in this run.

import type { Browser } from 'playwright-core';
import type { Owner } from '../tests/harness/owner.ts';
import type { RunningStudio } from '../tests/harness/studio.ts';
import type { Floors } from './floors.ts';

/** Rounds of every figure. */
export const ROUNDS = 3;

export type Measured = {
  figure: string;
  /** Samples of each round in the goal's unit, warm-up dropped. */
  rounds: number[][];
  /** Floors taken right beside each round, where the target is made of them. */
  floors?: Floors[];
  /** The machine's or the method's facts that a reader of the figure must know. */
  remarks: string[];
  /** A table of parts, for example the stages of vision: p50 and p95 in ms. */
  parts?: { name: string; samples: number[] }[];
  /** The same figure of the peer, in the same run; without a name it is Janus. */
  peer?: { name?: string; rounds: number[][]; remarks: string[] };
};

export type BenchContext = {
  isFull: boolean;
  say(line: string): void;
  /** The one studio of this run, live; started when it is first asked for. */
  studio(source: 'demo:' | 'demo:?barcode=1'): Promise<{ studio: RunningStudio; owner: Owner }>;
  /** Null where no browser with H.264 is. */
  browser(): Promise<Browser | null>;
  /** Ends studio and browser pages, so that what follows has the machine for itself. */
  quiet(): Promise<void>;
};

export type Measurement = (context: BenchContext) => Promise<Measured[]>;

/** A figure that was not taken, with the reason in words. */
export function notMeasured(figure: string, reason: string): Measured {
  return { figure, rounds: [[], [], []], remarks: [`not measured: ${reason}`] };
}
