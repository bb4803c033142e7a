// The targets of the product, read from goals.json beside this file. A goal is a limit on a
// percentile of one figure; `ofPeer` is one made of the peer's in the same round, `least` a value
// that must be reached; `above` adds the p99 of the machine's own floors of the same run, so
// that a slow disk is not called a slow studio. Nothing here measures.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PERCENTILES } from './statistics.ts';

const goalSchema = z.strictObject({
  figure: z.string().regex(/^[a-z]+$/),
  title: z.string().min(1),
  /** Figures other than milliseconds have theirs in the title. */
  unit: z.enum(['ms', 'percent', 'count']),
  /** Largest value allowed, by percentile; empty: shown and not judged. */
  limits: z.partialRecord(z.enum(PERCENTILES), z.number().positive()),
  /** Largest value allowed as a share of the peer's in the same round, by percentile. */
  ofPeer: z.partialRecord(z.enum(PERCENTILES), z.number().positive()).default({}),
  /** Smallest value allowed, by percentile. */
  least: z.partialRecord(z.enum(PERCENTILES), z.number().positive()).default({}),
  /** Floors whose p99 is added to each limit. */
  above: z.array(z.enum(['timer', 'echo', 'fdatasync'])).default([]),
  /** The words that the target comes from. */
  sentence: z.string().min(1),
});
export type Goal = z.infer<typeof goalSchema>;

const fileSchema = z.strictObject({ version: z.literal(1), goals: z.array(goalSchema) });

/** @throws ZodError naming the field that is wrong */
export function parseGoals(value: unknown): Goal[] {
  return fileSchema.parse(value).goals;
}

/** Reads goals.json. */
export function readGoals(): Goal[] {
  return parseGoals(JSON.parse(readFileSync(join(import.meta.dirname, 'goals.json'), 'utf8')));
}
