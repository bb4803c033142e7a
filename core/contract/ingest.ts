// Where other programs publish into the studio, as its owner and the ready file are told. Holds
// secrets: it is no part of the studio's state, which a moderator sees, too.

import { z } from 'zod';

export const ingestViewSchema = z.object({
  rtmp: z.object({ url: z.string(), key: z.string() }),
  /** Whole address, with its passphrase; absent: `srtReason`. */
  srt: z.string().optional(),
  /** Why there is none, and what would help. */
  srtReason: z.string().optional(),
  whip: z.object({ url: z.string(), token: z.string() }),
});
export type IngestView = z.infer<typeof ingestViewSchema>;
