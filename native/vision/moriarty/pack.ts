// A sport pack: what a game is, as data. JSON written by anybody, so each field is checked and a
// refusal names the field and what was expected. Positions are normalised to the picture.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { crossesItself } from '../../../core/contract/placeShapes.ts';
import {
  type Calibration,
  calibrationSchema,
  goalLineSchema,
  lineSchema,
  type Places,
  shareSchema,
  zoneSchema,
} from '../../../core/contract/places.ts';
import { calibrationFault, type PointPair } from './homography.ts';
import { rulesSchema } from './packRules.ts';

export type { GoalLine, Line, Zone } from '../../../core/contract/places.ts';

const soundCalibrationSchema = calibrationSchema.superRefine((pairs, context) => {
  const fault = calibrationFault(pairsOf(pairs));
  if (fault) context.addIssue({ code: 'custom', message: fault });
});

/** Points of a calibration as the homography takes them. */
export function pairsOf(calibration: Calibration): PointPair[] {
  return calibration.map(({ picture, metres }) => ({
    picture: { x: picture[0], y: picture[1] },
    field: { x: metres[0], y: metres[1] },
  }));
}

const base = {
  id: z.string().regex(/^[a-z0-9-]{1,60}$/, 'lower-case letters, digits and dashes'),
  title: z.string().min(1).max(80),
  /** Which model looks, and from which confidence on its boxes are sure. */
  detector: z
    .strictObject({ model: z.string().min(1).max(60), minimumConfidence: shareSchema })
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
      x: shareSchema,
      y: shareSchema,
      /** Picture heights within which the ball rests on the spot. */
      restRadius: z.number().min(0.002).max(0.2),
      restSeconds: z.number().min(0.1).max(10),
    })
    .nullable(),
  lines: z.array(lineSchema).max(32),
};

/** As packs were written at first; read as one of version 2 without the rest. */
const firstSchema = z.strictObject({ version: z.literal(1), ...base });

export const packSchema = z.strictObject({
  version: z.literal(2),
  ...base,
  /** `finder`: which classifier of crops looks for balls that move, beside the detector. */
  ball: z
    .strictObject({
      label: z.string().min(1).max(40),
      finder: z.strictObject({ model: z.string().min(1).max(60) }).optional(),
    })
    .nullable(),
  goalLines: base.goalLines.default([]),
  centreSpot: base.centreSpot.default(null),
  lines: base.lines.default([]),
  zones: z.array(zoneSchema).max(32).default([]),
  /** The field's measures, and where it lies when the camera never moves. */
  field: z
    .strictObject({
      lengthMetres: z.number().positive().max(2000),
      widthMetres: z.number().positive().max(2000),
      calibration: soundCalibrationSchema.nullable().default(null),
    })
    .nullable()
    .default(null),
  /** Whether sides are told apart by the colour of their shirts. */
  teams: z.enum(['none', 'shirts']).default('none'),
  events: rulesSchema.default({}),
});
export type Pack = z.infer<typeof packSchema>;

/** What judges when there is no pack: motion only. */
export const EMPTY_PACK: Pack = {
  version: 2,
  id: 'none',
  title: 'No pack',
  detector: null,
  ball: null,
  goalLines: [],
  centreSpot: null,
  lines: [],
  zones: [],
  field: null,
  teams: 'none',
  events: {},
};

/** The pack with an owner's drawings in the place of its own. */
export function withPlaces(pack: Pack, places: Places): Pack {
  const { calibration } = places;
  const measures = pack.field ?? { lengthMetres: 1, widthMetres: 1, calibration: null };
  return {
    ...pack,
    goalLines: places.goalLines ?? pack.goalLines,
    lines: places.lines ?? pack.lines,
    zones: places.zones ?? pack.zones,
    field: calibration ? { ...measures, calibration } : pack.field,
  };
}

/** Whether anything of it lies at a place of the picture. */
export function hasPlaces({ goalLines, lines, zones, centreSpot, field }: Pack): boolean {
  const drawn = goalLines.length + lines.length + zones.length;
  return drawn > 0 || centreSpot !== null || (field?.calibration ?? null) !== null;
}

/** Why an owner's drawings cannot be used, as a sentence that names the field; null: they can. */
export function placesFault(pack: Pack, places: Places): string | null {
  const fault = places.calibration && calibrationFault(pairsOf(places.calibration));
  if (fault) return `calibration: ${fault}`;
  const crossed = places.zones?.find(({ corners }) => crossesItself(corners));
  if (crossed) return `zones: the sides of "${crossed.subject}" cross each other`;
  return contradiction(withPlaces(pack, places));
}

/** What fields say about each other. */
function contradiction(pack: Pack): string | null {
  if (pack.ball !== null && !pack.ball.finder && pack.detector === null) {
    return 'ball: a ball needs a detector that sees it, or a finder';
  }
  const names = [...pack.zones, ...pack.lines, ...pack.goalLines].map(({ subject: name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `zones: "${twice}" names two places, a name of its own is needed`;
  if (pack.pose && pack.detector === null) {
    return 'pose: poses need a detector that sees people';
  }
  if (pack.events.action && !pack.pose) return 'events.action: the pack has no pose';
  const needsBall = (['shot', 'possession', 'pass', 'rallyEnd'] as const).find(
    (name) => pack.events[name],
  );
  if (needsBall && pack.ball === null) return `events.${needsBall}: the pack has no ball`;
  return null;
}

export type FoundPack = { pack: Pack } | { reason: string };

/** Checks the text of a pack; `name` stands in the refusal. */
export function parsePack(text: string, name: string): FoundPack {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    return { reason: `Pack ${name} is no JSON: ${cause instanceof Error ? cause.message : ''}` };
  }
  const version = (data as { version?: unknown } | null)?.version;
  if (version !== 1 && version !== 2) {
    return { reason: `Pack ${name}, version: 1 or 2 was expected` };
  }
  const parsed = version === 1 ? firstSchema.safeParse(data) : packSchema.safeParse(data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') || 'the whole file';
    return { reason: `Pack ${name}, ${field}: ${issue?.message ?? 'wrong'}` };
  }
  const pack: Pack = { ...EMPTY_PACK, ...parsed.data, version: 2 };
  const fault = contradiction(pack);
  return fault === null ? { pack } : { reason: `Pack ${name}, ${fault}` };
}

/** Reads the pack with this id from the first folder that has it; a sentence when none can. */
export async function findPack(
  id: string,
  folders: string | readonly string[],
): Promise<FoundPack> {
  if (!/^[a-z0-9-]{1,60}$/.test(id)) return { reason: `"${id}" is no id of a pack.` };
  const places = typeof folders === 'string' ? [folders] : folders;
  for (const folder of places) {
    const text = await readFile(join(folder, `${id}.json`), 'utf8').catch(() => null);
    if (text === null) continue;
    const found = parsePack(text, id);
    if ('pack' in found && found.pack.id !== id) {
      return { reason: `Pack ${id}, id: "${found.pack.id}" differs from its file's name` };
    }
    return found;
  }
  const known = await Promise.all(places.map((folder) => readdir(folder).catch(() => [])));
  const names = known.flat().filter((name) => name.endsWith('.json'));
  const ids = [...new Set(names.map((name) => name.slice(0, -5)))].sort();
  return { reason: `No pack "${id}"; there are: ${ids.join(', ') || 'none'}.` };
}
