// A sport pack: what a game is, as data. JSON written by anybody, so each field is checked and a
// refusal names the field and what was expected. Positions are normalised to the picture.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const share = z.number().min(0, 'between 0 and 1').max(1, 'between 0 and 1');
const point = z.tuple([share, share]);
const subject = z.string().min(1).max(60);
const isLong = (line: { from: number[]; to: number[] }) =>
  Math.hypot((line.from[0] ?? 0) - (line.to[0] ?? 0), (line.from[1] ?? 0) - (line.to[1] ?? 0)) >=
  0.01;

export const goalLineSchema = z
  .strictObject({
    /** What templates call this goal, for example "left". */
    subject,
    /** The two posts, where they meet the ground. */
    from: point,
    to: point,
    /** On which side of the line the goal is, as one looks at the picture. */
    inside: z.enum(['left', 'right', 'above', 'below']),
  })
  .refine(isLong, { message: 'from and to must lie at least 0.01 apart', path: ['to'] });
export type GoalLine = z.infer<typeof goalLineSchema>;

export const lineSchema = z
  .strictObject({ subject, from: point, to: point })
  .refine(isLong, { message: 'from and to must lie at least 0.01 apart', path: ['to'] });
export type Line = z.infer<typeof lineSchema>;

export const packSchema = z
  .strictObject({
    version: z.literal(1),
    id: z.string().regex(/^[a-z0-9-]{1,60}$/, 'lower-case letters, digits and dashes'),
    title: z.string().min(1).max(80),
    /** Which model looks, and from which confidence on its boxes are sure. */
    detector: z
      .strictObject({ model: z.string().min(1).max(60), minimumConfidence: share })
      .nullable(),
    /** Which model finds the joints of which label; for packs that look at people. */
    pose: z
      .strictObject({ model: z.string().min(1).max(60), label: z.string().min(1).max(40) })
      .nullable()
      .optional(),
    /** Which label of the model is the ball. */
    ball: z.strictObject({ label: z.string().min(1).max(40) }).nullable(),
    goalLines: z.array(goalLineSchema).max(8),
    centreSpot: z
      .strictObject({
        x: share,
        y: share,
        /** Picture heights within which the ball rests on the spot. */
        restRadius: z.number().min(0.002).max(0.2),
        restSeconds: z.number().min(0.1).max(10),
      })
      .nullable(),
    lines: z.array(lineSchema).max(32),
  })
  .refine((pack) => pack.ball === null || pack.detector !== null, {
    message: 'a ball needs a detector that sees it',
    path: ['ball'],
  })
  .refine((pack) => !pack.pose || pack.detector !== null, {
    message: 'poses need a detector that sees people',
    path: ['pose'],
  });
export type Pack = z.infer<typeof packSchema>;

/** What judges when there is no pack: motion only. */
export const EMPTY_PACK: Pack = {
  version: 1,
  id: 'none',
  title: 'No pack',
  detector: null,
  ball: null,
  goalLines: [],
  centreSpot: null,
  lines: [],
};

export type FoundPack = { pack: Pack } | { reason: string };

/** Checks the text of a pack; `name` stands in the refusal. */
export function parsePack(text: string, name: string): FoundPack {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    return { reason: `Pack ${name} is no JSON: ${cause instanceof Error ? cause.message : ''}` };
  }
  const parsed = packSchema.safeParse(data);
  if (parsed.success) return { pack: parsed.data };
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || 'the whole file';
  return { reason: `Pack ${name}, ${field}: ${issue?.message ?? 'wrong'}` };
}

/** Reads the pack with this id from `folder`; a sentence when it is absent or broken. */
export async function findPack(id: string, folder: string): Promise<FoundPack> {
  if (!/^[a-z0-9-]{1,60}$/.test(id)) return { reason: `"${id}" is no id of a pack.` };
  let text: string;
  try {
    text = await readFile(join(folder, `${id}.json`), 'utf8');
  } catch {
    const known = await readdir(folder).catch(() => []);
    const names = known.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
    return { reason: `No pack "${id}"; there are: ${names.sort().join(', ') || 'none'}.` };
  }
  const found = parsePack(text, id);
  if ('pack' in found && found.pack.id !== id) {
    return { reason: `Pack ${id}, id: "${found.pack.id}" differs from its file's name` };
  }
  return found;
}
