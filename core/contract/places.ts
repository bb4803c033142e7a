// Places that an owner or a pack draws on the picture: goal lines, lines, zones, and four points of
// the ground whose metres are known. All are shares of the picture, 0..1 from the left and from the
// top. Whether calibration points say where the ground lies is checked where it is fitted.

import { z } from 'zod';

const inside = 'outside the picture: between 0 and 1 was expected';
export const shareSchema = z.number().min(0, inside).max(1, inside);
export const pointSchema = z.tuple([shareSchema, shareSchema]);
const point = pointSchema;
/** Length or width of a field. */
export const metresSchema = z.number().positive().max(2000);
const subject = z.string().min(1).max(60);
const isLong = (line: { from: number[]; to: number[] }) =>
  Math.hypot((line.from[0] ?? 0) - (line.to[0] ?? 0), (line.from[1] ?? 0) - (line.to[1] ?? 0)) >=
  0.01;
const apart = { message: 'from and to must lie at least 0.01 apart', path: ['to'] };

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
  .refine(isLong, apart);
export type GoalLine = z.infer<typeof goalLineSchema>;

export const lineSchema = z.strictObject({ subject, from: point, to: point }).refine(isLong, apart);
export type Line = z.infer<typeof lineSchema>;

/** Zones of one pack at most. */
export const ZONES_MAX = 32;
/** A hundredth of the picture's width and height. */
const ZONE_AREA_MIN = 0.0001;
function areaOf(corners: readonly (readonly number[])[]): number {
  const twice = corners.reduce((sum, [x = 0, y = 0], at) => {
    const [nextX = 0, nextY = 0] = corners[(at + 1) % corners.length] ?? [];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}

/** Corners of an area, in order. */
export const zoneSchema = z
  .strictObject({
    subject,
    corners: z.array(point).min(3, 'at least three corners').max(16, 'at most sixteen corners'),
  })
  .refine(({ corners }) => areaOf(corners) >= ZONE_AREA_MIN, {
    message: 'no area: the corners lie on one line, or its sides cross each other',
    path: ['corners'],
  });
export type Zone = z.infer<typeof zoneSchema>;

const metre = z.number().min(-2000).max(2000);
/** Points of the picture and the same ones on the ground, metres. */
export const calibrationSchema = z
  .array(z.strictObject({ picture: point, metres: z.tuple([metre, metre]) }))
  .min(4, 'at least four points')
  .max(16, 'at most sixteen points');
export type Calibration = z.infer<typeof calibrationSchema>;

/** What an owner drew for one pack; it stands before the pack's own. Null: the pack's own. */
export const placesSchema = z.strictObject({
  goalLines: z.array(goalLineSchema).max(8).nullable(),
  lines: z.array(lineSchema).max(32).nullable(),
  zones: z.array(zoneSchema).max(ZONES_MAX).nullable(),
  calibration: calibrationSchema.nullable(),
});
export type Places = z.infer<typeof placesSchema>;

/** Corners of a court that were found in the picture; a person looks at them before they count. */
export const courtProposalSchema = z.object({
  /** Far left, far right, near right, near left; null: none was found. */
  corners: z.array(point).length(4).nullable(),
  /** Share of the four sides that is painted, 0..1. */
  painted: z.number().min(0).max(1),
  /** Why there is none, as a sentence; empty when there is one. */
  reason: z.string().max(300),
});
export type CourtProposal = z.infer<typeof courtProposalSchema>;

/** Games that can be judged, which one is, and what was drawn for it. */
export const gamePlacesSchema = z.object({
  packs: z.array(z.object({ id: z.string(), title: z.string() })),
  pack: z.string(),
  /** By the owner; else by the source. */
  isChosen: z.boolean(),
  places: placesSchema.nullable(),
  /** What the pack itself draws: it holds where nothing else was drawn. */
  own: placesSchema.optional(),
  /** The field's measures, where the pack knows them. */
  field: z.object({ lengthMetres: metresSchema, widthMetres: metresSchema }).nullable().optional(),
  /** Whether the pack tells of who comes into a zone; lines it always tells of. */
  tellsZones: z.boolean().optional(),
});
export type GamePlaces = z.infer<typeof gamePlacesSchema>;
