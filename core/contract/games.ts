// Games and webhooks as sources, as the owner sees them. The files and the key hold secrets, so
// only the owner may ask.

import { z } from 'zod';

export const gameSourcesSchema = z.object({
  isOpen: z.boolean(),
  /** Why the door is shut although it should be open; empty: nothing is wrong. */
  reason: z.string(),
  port: z.number().int(),
  /** What each game needs: a file of this name with this text in this folder of the game. */
  files: z.array(
    z.object({ game: z.string(), name: z.string(), folder: z.string(), text: z.string() }),
  ),
  /** Where to post, and the key (hexadecimal) of HMAC-SHA-256 over timestamp, dot and body. */
  webhook: z.object({ url: z.string(), key: z.string() }).nullable(),
  /** Who spoke last, and when on the media clock. */
  heard: z.object({ game: z.string(), atUs: z.number().int() }).nullable(),
});
export type GameSourcesView = z.infer<typeof gameSourcesSchema>;
