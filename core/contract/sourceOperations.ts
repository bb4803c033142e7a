// What user interfaces ask of sources and of their sounds; a part of operations.ts.

import { z } from 'zod';
import { mixerOperations } from './mixer.ts';
import { positionSchema, skipSchema } from './playback.ts';
import { viewersPictureOperations } from './viewersPicture.ts';

const nothing = z.strictObject({});
const onlyOwner = ['owner'] as const;
const hosts = ['owner', 'coHost'] as const;
const command = 'command' as const;

export const sourceOperations = {
  ...viewersPictureOperations,
  ...mixerOperations,
  sources: {
    select: {
      kind: command,
      args: z.strictObject({ url: z.string().min(1).max(2000) }),
      result: nothing,
      roles: onlyOwner,
    },
    /** Of a file or playlist on air: the last picture is held, and nobody may bet. */
    setPaused: {
      kind: command,
      args: z.strictObject({ isPaused: z.boolean() }),
      result: nothing,
      roles: hosts,
    },
    /** What plays goes on until the new place has a picture. */
    seek: { kind: command, args: positionSchema, result: nothing, roles: hosts },
    /** To another entry of a playlist; a file alone begins anew. */
    skip: { kind: command, args: skipSchema, result: nothing, roles: hosts },
    /** What this computer plays (Linux) as the sound, whatever is on air. */
    setSystemSound: {
      kind: command,
      args: z.strictObject({ isOn: z.boolean() }),
      result: nothing,
      roles: hosts,
    },
  },
} as const;
