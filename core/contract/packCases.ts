// A case for a sport pack: a piece of a show (or of the built-in match, or tracks as text), what
// has to be seen in it, and who said so. One file holds all of it, so that it can be handed on.
// Nothing of the studio sends it anywhere.

import { z } from 'zod';
import { eventTypeSchema } from './events.ts';

/** Name of the file format, so that a foreign JSON is refused by name. */
export const CASE_FORMAT = 'morphine-studio.case';
/** What the name of a case's file ends in. */
export const CASE_ENDING = '.case.json';
/** A clip of ten seconds takes 4 MB as text. */
export const CASE_BYTES_MAX = 32 * 1024 * 1024;

const timeUs = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

const materialSchema = z.discriminatedUnion('kind', [
  /** Fragmented MP4 of the studio's own, base64: its pictures keep their exact capture times. */
  z.strictObject({ kind: z.literal('clip'), base64: z.base64() }),
  /** Lines of docs/facts.md: frames with tracks. Only rules over tracks are judged. */
  z.strictObject({ kind: z.literal('facts'), lines: z.array(z.string().max(4_000)).max(50_000) }),
  /** Drawn anew from the built-in match, 30 a second; the first is captured at one second. */
  z.strictObject({
    kind: z.literal('demo'),
    seed: z.number().int().min(0).max(4_294_967_295),
    firstFrame: z.number().int().nonnegative().max(1_000_000),
    frames: z.number().int().min(1).max(3_000),
    hideBall: z.boolean().optional(),
  }),
]);
export type CaseMaterial = z.infer<typeof materialSchema>;

export const packCaseSchema = z
  .strictObject({
    format: z.literal(CASE_FORMAT),
    version: z.literal(1),
    pack: z.string().regex(/^[a-z0-9-]{1,60}$/, 'lower-case letters, digits and dashes'),
    /** The question, or what is tested, in words. */
    title: z.string().min(1).max(120),
    said: z.strictObject({
      role: z.enum(['owner', 'coHost', 'moderator', 'author']),
      /** A pseudonym, never a name. */
      actor: z.string().regex(/^[\w-]{1,64}$/),
      reason: z.string().max(300),
      /** Wall clock, ms since 1970; 0: not known. */
      atMs: z.number().int().nonnegative(),
    }),
    /** What was said before somebody corrected it, in words; empty: nothing. */
    was: z.string().max(400),
    /** What the owner had drawn, as vision took it; absent: the pack's own places hold. */
    places: z.unknown().optional(),
    expect: z.strictObject({
      type: eventTypeSchema,
      /** Null: any. */
      subject: z.string().max(60).nullable(),
      minimumConfidence: z.number().min(0).max(1),
      /** False: no such event may be seen in the window. */
      happens: z.boolean(),
      /** Capture times; both ends count. */
      fromUs: timeUs,
      toUs: timeUs,
    }),
    material: materialSchema,
  })
  .refine(({ expect }) => expect.fromUs <= expect.toUs, 'expect: fromUs lies after toUs');
export type PackCase = z.infer<typeof packCaseSchema>;

/** The file is no case; the sentence names what is wrong. */
export class NoCase extends Error {
  override name = 'NoCase';
}

/** @throws NoCase */
export function readCase(text: string): PackCase {
  if (text.length > CASE_BYTES_MAX) throw new NoCase('it is larger than a case may be');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NoCase('it is no JSON');
  }
  if ((value as { format?: unknown } | null)?.format !== CASE_FORMAT) {
    throw new NoCase(`its format is not "${CASE_FORMAT}"`);
  }
  const parsed = packCaseSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new NoCase(`${issue?.path.join('.') || 'the whole file'}: ${issue?.message ?? 'wrong'}`);
}
