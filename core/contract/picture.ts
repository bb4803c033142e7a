// The picture that a studio's own encoders make, as its owner chooses it: what it is for, how
// large, how many a second, by which encoder. With it what ffmpeg there is and what it lacks. A
// size is a most: nothing is ever made larger than it comes.

import { z } from 'zod';

export const PICTURE_INTENTS = ['lowestDelay', 'balanced', 'weakUplink'] as const;
export type PictureIntent = (typeof PICTURE_INTENTS)[number];
export const PICTURE_HEIGHTS = [360, 480, 720, 1080] as const;
export type PictureHeight = (typeof PICTURE_HEIGHTS)[number];
export const PICTURE_RATES = [30, 60] as const;

/** Encoders of graphics cards and of systems; each is tried before it is offered. */
export const HARDWARE_ENCODERS = ['nvenc', 'qsv', 'amf', 'videotoolbox', 'vaapi'] as const;
export type HardwareEncoder = (typeof HARDWARE_ENCODERS)[number];
export const ENCODERS = ['x264', ...HARDWARE_ENCODERS] as const;
export type Encoder = (typeof ENCODERS)[number];

/** `picture` in settings.json; what is left out stays as it comes. */
export const pictureChoiceSchema = z.strictObject({
  intent: z.enum(PICTURE_INTENTS).default('balanced'),
  height: z.literal(PICTURE_HEIGHTS).default(720),
  framesPerSecond: z.literal(PICTURE_RATES).default(30),
  encoder: z.enum(ENCODERS).default('x264'),
});
export type PictureChoice = z.infer<typeof pictureChoiceSchema>;

export const FIRST_PICTURE_CHOICE: PictureChoice = pictureChoiceSchema.parse({});

/** What one frame through a hardware encoder showed. */
export const encoderTrialSchema = z.object({
  encoder: z.enum(HARDWARE_ENCODERS),
  /**
   * `waiting`: not tried yet. `untried`: it made one frame, and has carried no show here yet.
   * `seen`: it has carried pictures on air since this studio was started.
   */
  state: z.enum(['waiting', 'refused', 'untried', 'seen']),
  /** One plain sentence; empty unless it was refused. */
  reason: z.string(),
});
export type EncoderTrial = z.infer<typeof encoderTrialSchema>;

/** What a build of ffmpeg may lack, and what is then not to be had. */
export const FFMPEG_ABILITIES = ['srt', 'https', 'rtmps', 'rtsp', 'hls', 'exactTimes'] as const;
export type FfmpegAbility = (typeof FFMPEG_ABILITIES)[number];

export const ffmpegViewSchema = z.object({
  /** Null: there is none, for the reason. */
  path: z.string().nullable(),
  reason: z.string(),
  origin: z.enum(['configured', 'environment', 'system', 'packaged']).nullable(),
  version: z.string(),
  has: z.array(z.enum(FFMPEG_ABILITIES)),
  lacks: z.array(z.enum(FFMPEG_ABILITIES)),
  /** All that it reads from, as it names them. */
  protocols: z.array(z.string()),
  /** Its H.264 encoders, as it names them. */
  encoders: z.array(z.string()),
});
export type FfmpegView = z.infer<typeof ffmpegViewSchema>;

export const pictureStateSchema = z.object({
  choice: pictureChoiceSchema,
  /** Video bits per second that go with the choice. */
  bitsPerSecond: z.number().int().nonnegative(),
  /** The encoder in use: another than the chosen one while that is tried, or when it failed. */
  encoder: z.enum(ENCODERS),
  /** Why the chosen encoder is not in use; empty when it is. */
  reason: z.string(),
  trials: z.array(encoderTrialSchema),
  ffmpeg: ffmpegViewSchema,
});
export type PictureState = z.infer<typeof pictureStateSchema>;

/** Before anything has answered. */
export const NO_PICTURE_YET: PictureState = {
  ...{ choice: FIRST_PICTURE_CHOICE, encoder: FIRST_PICTURE_CHOICE.encoder, reason: '' },
  ...{ bitsPerSecond: 0, trials: [] },
  ffmpeg: {
    ...{ path: null, reason: '', origin: null, version: '' },
    ...{ has: [], lacks: [], protocols: [], encoders: [] },
  },
};
