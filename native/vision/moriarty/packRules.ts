// Which events a pack judges besides goals, kick-offs and lines, and how strictly: one object per
// event of the catalogue, each field with a default, so that `{}` is a rule. Lengths are picture
// heights, "own heights" are heights of whoever moves.

import { z } from 'zod';
import { ACTIONS } from './actions.ts';

const frames = (fallback: number) => z.number().int().min(1).max(60).default(fallback);
const seconds = (fallback: number) => z.number().min(0).max(60).default(fallback);
const confidence = z.number().min(0, 'between 0 and 1').max(1, 'between 0 and 1');
const labels = z.array(z.string().min(1).max(40)).max(16);

const common = {
  /** What is less sure is not told. */
  minimumConfidence: confidence.default(0.5),
  /** Pictures that must agree. */
  confirmFrames: frames(3),
  /** The same event is not told again for this long. */
  quietSeconds: seconds(1),
};

export const rulesSchema = z.strictObject({
  zoneEntered: z
    .strictObject({
      ...common,
      /** Who counts; empty: everybody, and the ball. */
      labels: labels.default([]),
      /** Faster is a jump between two things, heights per second. */
      speedMax: z.number().positive().max(20).default(3.5),
    })
    .optional(),
  shot: z
    .strictObject({
      ...common,
      /** Heights per second; slower is a roll. */
      speedMin: z.number().positive().max(20).default(0.6),
      speedMax: z.number().positive().max(20).default(3.5),
      /** The ball's way must meet the goal within this time. */
      withinSeconds: z.number().positive().max(5).default(1.2),
      /** A ball that rises so far is one, too, whatever it flies to, heights; null: never. */
      riseMin: z.number().positive().max(1).nullable().default(null),
    })
    .optional(),
  possession: z
    .strictObject({
      ...common,
      confirmFrames: frames(6),
      /** The ball is with somebody when it is this near to the box, own heights. */
      reachOwnHeights: z.number().min(0).max(1).default(0.15),
      /** `team`: told when the side changes; `person`: whenever somebody else has it. */
      of: z.enum(['team', 'person']).default('team'),
    })
    .optional(),
  pass: z
    .strictObject({
      ...common,
      confirmFrames: frames(4),
      reachOwnHeights: z.number().min(0).max(1).default(0.15),
      /** How far the ball must go, heights. */
      distanceMin: z.number().min(0).max(2).default(0.08),
      withinSeconds: z.number().positive().max(10).default(3),
      /** `same`: only between two of one side; `any`: sides are not looked at. */
      sides: z.enum(['same', 'any']).default('same'),
    })
    .optional(),
  jump: z
    .strictObject({
      ...common,
      labels: labels.default(['person']),
      /** How far the feet must rise, own heights. */
      riseMin: z.number().positive().max(1).default(0.1),
      airSecondsMin: z.number().positive().max(2).default(0.2),
      airSecondsMax: z.number().positive().max(3).default(1.1),
    })
    .optional(),
  sprint: z
    .strictObject({
      ...common,
      confirmFrames: frames(10),
      labels: labels.default(['person']),
      /** On a calibrated field. */
      kilometresPerHourMin: z.number().positive().max(400).default(20),
      /** Without one: own heights a second; null: then nothing is told. */
      ownHeightsPerSecondMin: z.number().positive().max(50).nullable().default(3),
      /** Faster is a jump between two things. */
      kilometresPerHourMax: z.number().positive().max(600).default(45),
    })
    .optional(),
  /** By joints; needs a pose network. A jump by joints is a `jump`, where one is asked for. */
  action: z
    .strictObject({
      ...common,
      actions: z
        .array(z.enum(ACTIONS), `expected a list of ${ACTIONS.join(', ')}`)
        .min(1)
        .default(['throw', 'kick', 'swing', 'fall']),
    })
    .optional(),
  rallyEnd: z
    .strictObject({
      ...common,
      /** Turns of the ball that make a rally. */
      turnsMin: z.number().int().min(1).max(20).default(2),
      /** Nothing of the ball for this long ends it. */
      stillSeconds: z.number().min(0.3).max(10).default(1.5),
    })
    .optional(),
  speedRecord: z
    .strictObject({
      ...common,
      confirmFrames: frames(5),
      labels: labels.default(['person']),
      /** Slower is no record. */
      kilometresPerHourMin: z.number().nonnegative().max(400).default(10),
      kilometresPerHourMax: z.number().positive().max(600).default(45),
    })
    .optional(),
  scoreChanged: z
    .strictObject({
      ...common,
      confirmFrames: frames(15),
      /** Where the score stands in the picture. */
      boxes: z
        .array(
          z.strictObject({
            subject: z.string().min(1).max(60),
            from: z.tuple([confidence, confidence]),
            to: z.tuple([confidence, confidence]),
          }),
        )
        .min(1, 'at least one box')
        .max(8),
      /** Mean change of luma that is another score, steps of 255. */
      changeMin: z.number().positive().max(255).default(12),
    })
    .optional(),
});
export type Rules = z.infer<typeof rulesSchema>;
export type RuleOf<Name extends keyof Rules> = NonNullable<Rules[Name]>;
