// The measurement of this machine, step by step: processor and uplink at once, then which encoders
// work, then how fast. Each step has its own limit and all of them one; a step that fails says why
// and the next one goes on. Nothing here waits for a person.

import type { CancelTimer, Timers } from '../../../core/base/clock.ts';
import {
  type Machine,
  MEASUREMENT_MS_MAX,
  type MeasuredStep,
} from '../../../core/contract/firstRun.ts';
import type { Encoder, EncoderTrial } from '../../../core/contract/picture.ts';
import { pictureTargetOf } from '../../../core/media/pictureTarget.ts';
import type { FfmpegChoice } from '../../ffmpeg/resolve.ts';
import { hasFfmpeg } from '../../ffmpeg/resolve.ts';
import { measureEncoder, type SpeedAround } from './encoderSpeed.ts';
import { measureProcessor } from './processorIdle.ts';
import { measureUplink, type UplinkAround } from './uplinkSpeed.ts';

/** A driver that does not answer by then is measured another time, ms. */
const TRIALS_MS_MAX = 3_500;
const LOOK_MS = 100;

export type MeasureAround = {
  timers: Timers;
  ffmpeg: FfmpegChoice;
  speed: SpeedAround;
  uplink: UplinkAround;
  /** The machine's encoders as far as they were tried; `try` begins when none was. */
  trials(): readonly EncoderTrial[];
  tryEncoders(): void;
  vision(): Machine['vision'];
  commitsPerSecond(): number;
  /** Tests have their own. */
  measureEncoder?: typeof measureEncoder;
  onStep(step: MeasuredStep, state: 'doing' | 'done'): void;
};

export type Measuring = {
  /** Null when it was stopped; else what came of it within the limit. */
  result: Promise<Machine | null>;
  stop(): void;
};

/** Begins at once. Rejects only by a fault of our own. */
export function measureMachine(around: MeasureAround): Measuring {
  const abort = new AbortController();
  let isStopped = false;
  const isOver = () => abort.signal.aborted;
  const cancelLimit = around.timers.after(MEASUREMENT_MS_MAX, () => abort.abort());
  const run = async (): Promise<Machine | null> => {
    // Whoever asked has this object before the first step is told.
    await Promise.resolve();
    try {
      const machine = await measure(around, abort.signal, isOver);
      return isStopped ? null : machine;
    } finally {
      cancelLimit();
    }
  };
  return {
    result: run(),
    stop() {
      isStopped = true;
      abort.abort();
    },
  };
}

async function measure(
  around: MeasureAround,
  signal: AbortSignal,
  isOver: () => boolean,
): Promise<Machine> {
  const step = async <Result>(name: MeasuredStep, run: () => Promise<Result>): Promise<Result> => {
    around.onStep(name, 'doing');
    try {
      return await run();
    } finally {
      around.onStep(name, 'done');
    }
  };
  const [processor, uplink] = await Promise.all([
    step('processor', () => measureProcessor(around.timers)),
    step('uplink', () => measureUplink(around.uplink, signal)),
  ]);
  const encoders = await step('encoders', () => workingEncoders(around, isOver));
  const { speeds, reason } = await step('speed', () => speedsOf(around, encoders, isOver));
  return {
    ...{ processor, uplink, speeds, speedReason: speeds.length > 0 ? '' : reason },
    ...{ vision: around.vision(), commitsPerSecond: around.commitsPerSecond() },
  };
}

/** The first of the machine's own that made a picture, and x264 beside it. */
async function workingEncoders(
  around: MeasureAround,
  isOver: () => boolean,
): Promise<readonly Encoder[]> {
  if (around.trials().some(({ state }) => state === 'waiting')) around.tryEncoders();
  let isLate = false;
  const cancel: CancelTimer = around.timers.after(TRIALS_MS_MAX, () => {
    isLate = true;
  });
  while (!isLate && !isOver() && around.trials().some(({ state }) => state === 'waiting')) {
    await new Promise<void>((done) => around.timers.after(LOOK_MS, done));
  }
  cancel();
  const own = around.trials().find(({ state }) => state === 'untried' || state === 'seen');
  return own ? [own.encoder, 'x264'] : ['x264'];
}

type Speeds = { speeds: Machine['speeds']; reason: string };

async function speedsOf(
  around: MeasureAround,
  encoders: readonly Encoder[],
  isOver: () => boolean,
): Promise<Speeds> {
  const { ffmpeg, measureEncoder: measureOne = measureEncoder } = around;
  if (!hasFfmpeg(ffmpeg)) return { speeds: [], reason: 'there is no ffmpeg' };
  const speeds: Machine['speeds'] = [];
  let reason = 'there was no time left';
  for (const encoder of encoders) {
    for (const height of [720, 1080] as const) {
      if (isOver()) break;
      const target = pictureTargetOf({
        ...{ intent: 'balanced', height, framesPerSecond: 30, encoder },
      });
      const found = await measureOne(ffmpeg, target, around.speed, isOver);
      const { timesRealTime } = found;
      if (timesRealTime === null) {
        reason = found.reason;
        break;
      }
      speeds.push({ encoder, height, timesRealTime: Math.round(timesRealTime * 10) / 10 });
    }
  }
  return { speeds, reason: reason.slice(0, 300) };
}
