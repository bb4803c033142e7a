// What user interfaces ask of the picture: where other programs publish theirs, and what our own
// encoders make, by the first run's advice too; a part of operations.ts.

import { z } from 'zod';
import { firstRunOperations } from './firstRun.ts';
import { ingestViewSchema } from './ingest.ts';
import { pictureChoiceSchema } from './picture.ts';

const nothing = z.strictObject({});
const onlyOwner = ['owner'] as const;
const command = 'command' as const;
const query = 'query' as const;

export const pictureOperations = {
  ...firstRunOperations,
  ingest: {
    /** Addresses and secrets for OBS and other publishers. */
    show: { kind: query, args: nothing, result: ingestViewSchema, roles: onlyOwner },
    /** A new WHIP token; whoever publishes by the old one is let go. */
    renewWhipToken: { kind: command, args: nothing, result: ingestViewSchema, roles: onlyOwner },
    /** A new RTMP stream key; whoever sends by the old one is let go. */
    renewRtmpKey: { kind: command, args: nothing, result: ingestViewSchema, roles: onlyOwner },
  },
  picture: {
    /** Kept in settings.json. A source that cannot change while it runs is opened beside itself. */
    choose: {
      kind: command,
      args: z.strictObject({ choice: pictureChoiceSchema }),
      result: nothing,
      roles: onlyOwner,
    },
    /** Tries this machine's encoders again; the state tells what came of it. */
    tryEncoders: { kind: command, args: nothing, result: nothing, roles: onlyOwner },
  },
} as const;
