// The first run: what was measured of this machine, and the picture that follows from it. The page
// puts the reasons into words; here they are codes with their figures.

import { z } from 'zod';
import { ENCODERS, pictureChoiceSchema } from './picture.ts';

/** In this order; the first two are under way at once. */
export const MEASURED_STEPS = ['processor', 'uplink', 'encoders', 'speed'] as const;
export type MeasuredStep = (typeof MEASURED_STEPS)[number];
/** All of it is over by then, whatever became of it. */
export const MEASUREMENT_MS_MAX = 15_000;

const text = z.string().max(300);

export const machineSchema = z.object({
  processor: z.object({
    name: text,
    cores: z.number().int().nonnegative(),
    /** Of all cores, beside what the studio did meanwhile; null: nobody told it. */
    idlePercent: z.number().min(0).max(100).nullable(),
  }),
  uplink: z.object({
    /** `here`: the relay is on this machine, so there is nothing to measure. */
    state: z.enum(['here', 'measured', 'failed']),
    /** What arrived at the relay in a second, kilobits; null unless it was measured. */
    kilobitsPerSecond: z.number().nonnegative().nullable(),
    /** One plain sentence; empty unless it failed. */
    reason: text,
  }),
  /** Those that worked in a trial, x264 among them. */
  speeds: z.array(
    z.object({
      encoder: z.enum(ENCODERS),
      height: z.literal([720, 1080]),
      /** Of 30 pictures a second, beside what the studio did meanwhile. */
      timesRealTime: z.number().nonnegative(),
    }),
  ),
  /** Why no encoder could be measured; empty when one was. */
  speedReason: text,
  /** Where vision's model runs; empty: none does yet. */
  vision: z.object({ provider: text, model: text, medianMs: z.number().nullable() }),
  /** That the disk makes durable in a second; 0: not known. */
  commitsPerSecond: z.number().nonnegative(),
});
export type Machine = z.infer<typeof machineSchema>;

/** Why the picture is what it is. */
export const ADVICE_CODES = [
  'encoderHardware',
  'encoderProcessor',
  'sizeLargest',
  'sizeBySpeed',
  'sizeByUplink',
  'sizeByBusyProcessor',
  'sizeSmallest',
  'rateFast',
  'rateUsual',
  'intentBalanced',
  'intentWeakUplink',
  'uplinkHere',
  'uplinkUnknown',
  'uplinkFits',
  'uplinkTooWeak',
  'speedUnknown',
] as const;
export type AdviceCode = (typeof ADVICE_CODES)[number];

export const adviceSchema = z.object({
  choice: pictureChoiceSchema,
  reasons: z.array(
    z.object({
      code: z.enum(ADVICE_CODES),
      /** For the words' placeholders. */
      values: z.record(z.string(), z.union([z.string(), z.number()])),
    }),
  ),
});
export type Advice = z.infer<typeof adviceSchema>;

export const firstRunSchema = z.object({
  /** Nobody has gone through it in this data folder, and the start named no picture. */
  isWanted: z.boolean(),
  measurement: z.object({
    state: z.enum(['none', 'running', 'done', 'stopped']),
    /** Under way. */
    doing: z.array(z.enum(MEASURED_STEPS)),
    /** Over, well or not. */
    done: z.array(z.enum(MEASURED_STEPS)),
    /** Of the last measurement that came to its end, also of an earlier day. */
    machine: machineSchema.nullable(),
    advice: adviceSchema.nullable(),
  }),
});
export type FirstRunView = z.infer<typeof firstRunSchema>;

export const NOTHING_MEASURED: FirstRunView['measurement'] = {
  ...{ state: 'none', doing: [], done: [] },
  ...{ machine: null, advice: null },
};

const nothing = z.strictObject({});
const onlyOwner = ['owner'] as const;
const command = 'command' as const;

/** A part of operations.ts. */
export const firstRunOperations = {
  firstRun: {
    /** Begins; the state tells how far it is. Not while live: a show needs its processor. */
    measure: { kind: command, args: nothing, result: nothing, roles: onlyOwner },
    /** Ends what is under way; its children end with it. */
    stop: { kind: command, args: nothing, result: nothing, roles: onlyOwner },
    /** Gone through or left: it does not come again by itself. */
    finish: { kind: command, args: nothing, result: nothing, roles: onlyOwner },
  },
} as const;
