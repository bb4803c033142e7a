// What user interfaces ask of recordings, clips and evidence; a part of operations.ts.

import { z } from 'zod';
import { clipViewSchema, evidenceViewSchema, recordingSettingsSchema } from './recording.ts';
import { timelineOperations } from './timeline.ts';

const nothing = z.strictObject({});
const ofMarket = z.strictObject({ marketId: z.string() });
const onlyOwner = ['owner'] as const;
const hosts = ['owner', 'coHost'] as const;
const staff = ['owner', 'coHost', 'moderator'] as const;
const command = 'command' as const;
const query = 'query' as const;

export const recordingOperations = {
  ...timelineOperations,
  recording: {
    /** Records the show on this computer's disk, from the next key frame on. */
    start: { kind: command, args: nothing, result: nothing, roles: hosts },
    stop: { kind: command, args: nothing, result: nothing, roles: hosts },
    configure: {
      kind: command,
      args: z.strictObject({ settings: recordingSettingsSchema }),
      result: nothing,
      roles: onlyOwner,
    },
    /** Cuts the last seconds into a file of their own. */
    saveClip: {
      kind: command,
      args: z.strictObject({
        seconds: z.number().int().min(1).max(600),
        title: z.string().trim().min(1).max(80),
      }),
      result: clipViewSchema,
      roles: staff,
    },
    /** Newest first. */
    clips: { kind: query, args: nothing, result: z.array(clipViewSchema), roles: staff },
    /** Bytes of a clip (MP4) or of its picture (JPEG) from `offset` on, as base64. */
    readClip: {
      kind: query,
      args: z.strictObject({
        name: z.string().min(1).max(255),
        part: z.enum(['still', 'clip']),
        offset: z.number().int().nonnegative(),
      }),
      result: z.strictObject({ base64: z.string() }),
      roles: staff,
    },
    /** Deletes a clip for good. */
    removeClip: {
      kind: command,
      args: z.strictObject({ name: z.string().min(1).max(255) }),
      result: nothing,
      roles: hosts,
    },
  },
  evidence: {
    /** What decided a market; null when nothing was kept. */
    show: {
      kind: query,
      args: ofMarket,
      result: z.strictObject({ evidence: evidenceViewSchema.nullable() }),
      roles: staff,
    },
    /** Keeps what decided a market, and what is right, as a case for its pack: a file here. */
    keepCase: {
      kind: command,
      args: ofMarket,
      result: z.strictObject({ file: z.string() }),
      roles: staff,
    },
    /** Bytes of the deciding picture (JPEG) or of the clip (MP4) from `offset` on, as base64. */
    read: {
      kind: query,
      args: z.strictObject({
        marketId: z.string(),
        part: z.enum(['still', 'clip']),
        offset: z.number().int().nonnegative(),
      }),
      result: z.strictObject({ base64: z.string() }),
      roles: staff,
    },
  },
} as const;
