// OBS as the studio's owner sees it: found, connected, set up, streaming. Holds no secret.

import { z } from 'zod';

const count = z.number().int().nonnegative();

export const obsStateSchema = z.object({
  /**
   * `off`: never connected, or let go. `absent`: nothing answers there. `tooOld`: what answers is
   * no OBS 28 or later.
   */
  state: z.enum(['off', 'connecting', 'connected', 'absent', 'wrongPassword', 'tooOld']),
  /** What is wrong and the next step, in a sentence or two; empty when all is well. */
  reason: z.string(),
  /** `127.0.0.1:4455`. */
  address: z.string(),
  /** "29.0.2"; empty before it was asked. */
  version: z.string(),
  scenes: z.array(z.string()),
  scene: z.string(),
  isStreaming: z.boolean(),
  /** Set up to stream here; what it had before is kept and can be given back. */
  setUp: z.enum(['none', 'rtmp', 'whip']),
  /** What of the set-up could not be done, and what to do instead; empty: nothing. */
  setUpNote: z.string(),
  framesDropped: count,
  framesTotal: count,
  kilobitsPerSecond: count,
});
export type ObsState = z.infer<typeof obsStateSchema>;

export const OBS_OFF: ObsState = {
  ...{ state: 'off', reason: '', address: '', version: '', scenes: [], scene: '' },
  ...{ isStreaming: false, setUp: 'none', setUpNote: '' },
  ...{ framesDropped: 0, framesTotal: 0, kilobitsPerSecond: 0 },
};

/** What is known of OBS on this machine without asking it. */
export const obsFoundSchema = z.object({
  isInstalled: z.boolean(),
  /** Its own setting; null: it does not say. */
  isServerOn: z.boolean().nullable(),
  port: z.number().int().min(1).max(65_535),
  needsPassword: z.boolean().nullable(),
});
export type ObsFound = z.infer<typeof obsFoundSchema>;
