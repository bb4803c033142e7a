// What a user interface asks of the show's ways out: further destinations, the seal, and another
// engine for the picture. A part of operations.ts.

import { z } from 'zod';
import { destinationTargetSchema } from './destinations.ts';

const nothing = z.strictObject({});
const onlyOwner = ['owner'] as const;
const command = 'command' as const;
/** Without user and password: it is told to everybody who watches. */
const webAddress = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine((url) => !/^https?:\/\/[^/]*@/.test(url), 'holds a password');

export const outwardOperations = {
  /** Further places that the show is pushed to while it is live. */
  destinations: {
    add: { kind: command, args: destinationTargetSchema, result: nothing, roles: onlyOwner },
    setOn: {
      kind: command,
      args: z.strictObject({ id: z.string(), isOn: z.boolean() }),
      result: nothing,
      roles: onlyOwner,
    },
    remove: {
      kind: command,
      args: z.strictObject({ id: z.string() }),
      result: nothing,
      roles: onlyOwner,
    },
  },
  encryption: {
    /** Pictures and sounds are sealed for the relay; the link then carries the key. */
    set: {
      kind: command,
      args: z.strictObject({ isOn: z.boolean() }),
      result: nothing,
      roles: onlyOwner,
    },
    /** Open pages follow by themselves; with a new link they do not, and need it. */
    changeKey: {
      kind: command,
      args: z.strictObject({ withNewLink: z.boolean() }),
      result: nothing,
      roles: onlyOwner,
    },
  },
  handover: {
    /**
     * Hands the picture to another engine: published there by WHIP, and once our own reader sees it
     * come out by WHEP, every viewer takes it from there. The token is kept, and never shown again.
     */
    set: {
      kind: command,
      args: z.strictObject({
        whipUrl: webAddress,
        /** Bearer token for publishing; empty: none. */
        token: z.string().max(4096),
        whepUrl: webAddress,
      }),
      result: nothing,
      roles: onlyOwner,
    },
    /** Everybody takes the picture from our relay again. */
    clear: { kind: command, args: nothing, result: nothing, roles: onlyOwner },
  },
} as const;
