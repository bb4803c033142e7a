// What the rules of markets were told while a show was recorded, as lines between the commands of
// commands.txt: without them nobody could say what a decision rested on, or make it again. The
// order of the lines is the order in which things happened; progress that nothing followed is
// left out.

import { z } from 'zod';
import { gameEventSchema } from '../../core/contract/events.ts';
import { templateSchema } from '../../core/contract/state.ts';

const timeUs = z.number().int().nonnegative();

/** What vision was asked for, besides pictures: loose here, vision checks it. */
const controlSchema = z.looseObject({ type: z.string() });

/** Name of a line -> what it says. `atUs`: the engine's media clock when it was told. */
export const toldArgs = {
  /** Vision's progress. */
  'told.judged': z.object({
    atUs: timeUs,
    untilUs: timeUs,
    blindUntilUs: timeUs,
    lostUntilUs: timeUs,
  }),
  'told.event': z.object({
    atUs: timeUs,
    witness: z.enum(['picture', 'game']),
    event: gameEventSchema,
  }),
  /** The picture was missing, or another source came on air. */
  'told.hole': z.object({
    atUs: timeUs,
    fromUs: timeUs,
    toUs: timeUs,
    kind: z.enum(['picture', 'cut']),
  }),
  'told.templates': z.object({ atUs: timeUs, templates: z.array(templateSchema) }),
  'told.ledger': z.object({ atUs: timeUs, isConnected: z.boolean() }),
  /** Asked of vision after the picture of this capture time. */
  'told.control': z.object({ afterUs: timeUs, control: controlSchema }),
  /** Where the ledger stands, which was away when the recording began. */
  'told.head': z.object({ headSeq: timeUs, headHash: z.string(), ledgerId: z.string() }),
  /** From this picture on a slate is sent, or no slate any more: nobody judges slates. */
  'told.slate': z.object({ fromUs: timeUs, isOn: z.boolean() }),
} as const;

export type ToldName = keyof typeof toldArgs;
export type Told<Name extends ToldName> = z.infer<(typeof toldArgs)[Name]>;

/** What of it the recorder is told once, at the start, in show.json. */
export const rulesStartSchema = z.object({
  startedUs: timeUs,
  isSlate: z.boolean(),
  templates: z.array(templateSchema),
  /** Market -> reason; the empty name: all of them. */
  suspended: z.record(z.string(), z.string()),
  /** What vision judged with. */
  choice: z.looseObject({ pack: z.string().nullable(), model: z.string().nullable() }).nullable(),
});
export type RulesStart = z.infer<typeof rulesStartSchema>;

export function isTold(name: string): name is ToldName {
  return Object.hasOwn(toldArgs, name);
}

/** One line, without its end. */
export function toldLine<Name extends ToldName>(name: Name, args: Told<Name>): string {
  return JSON.stringify({ name, args });
}
