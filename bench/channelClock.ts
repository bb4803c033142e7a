// The studio's media clock, for a reader outside of it: the kept epoch from its data folder.

import { z } from 'zod';

const fileSchema = z.object({ epochUs: z.number().int() });

/** Media clock minus this machine's monotonic clock, microseconds. @throws ZodError */
export function channelClockOf(text: string): number {
  return fileSchema.parse(JSON.parse(text)).epochUs;
}
