// An ffmpeg that one process found, as it travels to the others: the supervisor asks ffmpeg once,
// so that an engine that comes back after a crash need not.

import { z } from 'zod';
import type { FfmpegChoice } from './resolve.ts';

const foundSchema = z.object({
  path: z.string().min(1),
  origin: z.enum(['configured', 'environment', 'system', 'packaged']),
  version: z.string(),
  encoders: z.set(z.string()),
  demuxers: z.set(z.string()),
  protocols: z.set(z.string()),
  passthrough: z.array(z.string()),
  deathPrefix: z.array(z.string()),
});

const noneSchema = z.object({ path: z.null(), reason: z.string() });

/** Checks what came over a process boundary that keeps sets (structured clone). */
export const ffmpegChoiceSchema: z.ZodType<FfmpegChoice> = z.union([foundSchema, noneSchema]);
