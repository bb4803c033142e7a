// What a person may do to the sound of a source, and what is told of it. Levels are asked for by
// the page that shows them (a query that waits for newer ones), never pushed: whoever shows no
// meter costs nothing, and a slow page gets fewer of them instead of a queue.

import { z } from 'zod';

/** What a knob can be turned to; the page says the same beside its fields. */
export const GAIN_DB = { least: -60, most: 20 } as const;
export const SOUND_DELAY_MS_MAX = 1_000;
export const CEILING_DB = { least: -20, most: 0 } as const;
/** Nothing lower is told of a level, dB of full scale. */
export const LEVEL_FLOOR_DB = -100;
/** What this computer plays, in place of a source's own sound. */
export const SYSTEM_SOUND_KEY = 'system:';

export const soundSettingsSchema = z.strictObject({
  isMuted: z.boolean(),
  gainDb: z.number().min(GAIN_DB.least).max(GAIN_DB.most),
  delayMs: z.number().int().min(0).max(SOUND_DELAY_MS_MAX),
  limiter: z.strictObject({
    isOn: z.boolean(),
    ceilingDb: z.number().min(CEILING_DB.least).max(CEILING_DB.most),
  }),
});
export type SoundSettings = z.infer<typeof soundSettingsSchema>;

export const FIRST_SOUND_SETTINGS: SoundSettings = {
  ...{ isMuted: false, gainDb: 0, delayMs: 0 },
  limiter: { isOn: false, ceilingDb: -1 },
};

/** Leaves every sample as it came; sound then goes out in the very packets that came in. */
export function leavesSamples({ isMuted, gainDb, limiter }: SoundSettings): boolean {
  return !isMuted && gainDb === 0 && !limiter.isOn;
}

const key = z.string().min(1).max(2000);

export const soundStripSchema = z.object({
  /** The source's address as it is shown, or SYSTEM_SOUND_KEY. */
  key,
  title: z.string(),
  settings: soundSettingsSchema,
  /** Viewers hear this one: what this computer plays takes the place of the source's own. */
  isHeard: z.boolean(),
  /** Why gain and limiter cannot be used, or do not work right now; empty: they do. */
  reason: z.string(),
  /** Mute and delay alone can be used. */
  isPacketsOnly: z.boolean(),
});
export type SoundStrip = z.infer<typeof soundStripSchema>;

export const mixerStateSchema = z.object({ strips: z.array(soundStripSchema).max(4) });
export type MixerState = z.infer<typeof mixerStateSchema>;

const level = z.number().min(LEVEL_FLOOR_DB).max(60);
export const soundLevelSchema = z.object({
  key,
  /** Highest sample since the number asked with, of left and right, dB of full scale. */
  peakDb: z.tuple([level, level]),
  /** Root mean square of the last 300 ms. */
  rmsDb: z.tuple([level, level]),
});
export type SoundLevelReading = z.infer<typeof soundLevelSchema>;

const nothing = z.strictObject({});
const hosts = ['owner', 'coHost'] as const;

export const mixerOperations = {
  mixer: {
    /** Kept for that source; it sounds like this as soon as it is heard. */
    set: {
      kind: 'command',
      args: z.strictObject({ key, settings: soundSettingsSchema }),
      result: nothing,
      roles: hosts,
    },
    /** Answers once there are levels newer than this number, or after a second without any. */
    levels: {
      kind: 'query',
      args: z.strictObject({ after: z.number().int().nonnegative() }),
      result: z.object({
        number: z.number().int().nonnegative(),
        levels: z.array(soundLevelSchema).max(4),
      }),
      roles: hosts,
    },
  },
} as const;
