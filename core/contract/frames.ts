// Where the time of each of the last frames went, as the engine knows it: a part of operations.ts.
// Every time is of the one media clock of the show, microseconds, and was read when it happened; a
// stage that nobody measured is null, never a guess. What a page sees of a frame is the page's own.

import { z } from 'zod';

/** Frames that are kept: ten seconds at thirty a second. */
export const FRAMES_KEPT = 300;

const timeUs = z.number().int().nonnegative();
const spanUs = z.number().int().nonnegative();

/** What vision did with one frame, from receiving its unit on. */
const sightTimesSchema = z.strictObject({
  receivedUs: timeUs,
  decodedUs: timeUs,
  /** Its turn came. */
  begunUs: timeUs,
  /** The models had answered, or there was nothing to wait for. */
  seenUs: timeUs,
  /** It was judged: tracks are moved on and events decided. */
  knownUs: timeUs,
  motionUs: spanUs,
  /** Of the detector alone; 0: it did not look at this frame. */
  inferUs: spanUs,
  trackUs: spanUs,
  eventUs: spanUs,
  /** The result was back at the engine. */
  heardUs: timeUs,
});

const frameTimesSchema = z.strictObject({
  /** When the picture was made. */
  captureUs: timeUs,
  rtpTimestamp: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
  isKeyFrame: z.boolean(),
  /** An encoder of ours got the picture; null: its source encodes, and tells nothing. */
  encodingUs: timeUs.nullable(),
  /** The whole encoded picture was in the engine's hands. */
  fedUs: timeUs,
  /** Its packets were with the operating system, for the preview and for the relay. */
  sentUs: timeUs.nullable(),
  sight: sightTimesSchema.nullable(),
  /** The relay had passed on its first and last packet, by its reading of this clock. */
  relay: z.strictObject({ firstUs: timeUs, lastUs: timeUs }).nullable(),
});
export type FrameTimes = z.infer<typeof frameTimesSchema>;

const recentFramesSchema = z.strictObject({
  /** When this was answered: with the caller's own clock it is a clock sample. */
  nowUs: timeUs,
  /** Which collection this is; another one after a restart of the engine. */
  run: timeUs,
  /** Ask for what changed after this, next time. */
  version: z.number().int().nonnegative(),
  /** Oldest first; only those that changed. */
  frames: z.array(frameTimesSchema).max(FRAMES_KEPT),
  /** By how much the relay's reading of the clock may be wrong; null: no relay has told times. */
  relayUncertaintyUs: spanUs.nullable(),
});
export type RecentFrames = z.infer<typeof recentFramesSchema>;

export const frameOperations = {
  frames: {
    /** The last frames with their times, or only what changed since an earlier answer. */
    recent: {
      kind: 'query',
      args: z.strictObject({ after: z.number().int().nonnegative() }),
      result: recentFramesSchema,
      roles: ['owner', 'coHost', 'moderator'],
    },
  },
} as const;
