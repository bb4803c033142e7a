// How a studio measures its uplink: it posts bodies of nothing to its relay, by the right to
// publish its picture, and the relay says what of them arrived in which time.

import { z } from 'zod';

export const UPLINK_PATH = '/uplink/';
/** At 100 Mbit/s a third of a second. */
export const UPLINK_BODY_BYTES_MAX = 4 * 1024 * 1024;

export const UPLINK_ANSWER = z.object({
  /** Bytes after the first part that arrived, and the time that they took, ms. */
  afterFirst: z.number().int().nonnegative(),
  tookMs: z.number().nonnegative(),
});
export type UplinkAnswer = z.infer<typeof UPLINK_ANSWER>;
