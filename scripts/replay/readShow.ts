// Reads a recorded show from its folder: what it was, its picture and sound, the facts that were
// told, and what was asked of the ledger. A recording that was killed lacks its last line and its
// last fragment; what is whole is read.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { rtpTimestampOf, type Unit } from '../../core/media/feed.ts';
import { readFmp4 } from '../../core/media/fmp4Reader.ts';
import { readFactLines } from '../../core/wire/factLines.ts';
import type { GameEvent } from '../../core/wire/gen/facts_pb.js';
import { isTold, rulesStartSchema, toldArgs } from '../../native/recording/toldLines.ts';

const aboutSchema = z.looseObject({
  version: z.literal(1),
  title: z.string(),
  pack: z.string().default(''),
  videoClockOffset: z.number().int().default(0),
  audioClockOffset: z.number().int().default(0),
  /** Where the ledger stood; absent: the ledger was away when the recording began. */
  headSeq: z.number().int().optional(),
  headHash: z.string().optional(),
  ledgerId: z.string().optional(),
  channel: z.string().default(''),
  /** Absent: the recording was made before rules were recorded. */
  rules: rulesStartSchema.optional(),
});
export type AboutShow = z.infer<typeof aboutSchema>;

const commandSchema = z.object({ name: z.string(), args: z.record(z.string(), z.unknown()) });
export type Command = z.infer<typeof commandSchema>;

/** The folder holds no recorded show; the sentence says what is missing. */
export class NoShow extends Error {
  override name = 'NoShow';
}

export function readAbout(folder: string): AboutShow {
  try {
    return aboutSchema.parse(JSON.parse(readFileSync(join(folder, 'show.json'), 'utf8')));
  } catch {
    throw new NoShow(`${folder} holds no show.json of a recording; name a folder of recordings/.`);
  }
}

/** What was asked of the ledger and told to the rules, in order. */
export function readCommands(folder: string): Command[] {
  return linesOf(folder, 'commands.txt').map((line) => commandSchema.parse(JSON.parse(line)));
}

/** What the show was and all its lines; a ledger that came later begins where it then stood. */
export function readShow(folder: string): { about: AboutShow; commands: Command[] } {
  const [about, commands] = [readAbout(folder), readCommands(folder)];
  const at = commands.findIndex(({ name }) => name === 'told.head');
  if (about.headSeq !== undefined || at < 0) return { about, commands };
  const head = toldArgs['told.head'].parse(commands[at]?.args);
  const since = commands.filter(({ name }, index) => index > at || isTold(name));
  return { about: { ...about, ...head }, commands: since };
}

/** The events that were told. */
export function readEvents(folder: string): GameEvent[] {
  const lines = linesOf(folder, 'facts.txt').filter((line) => /^@\d+ event /.test(line));
  return readFactLines(lines.length === 0 ? '' : `${lines.join('\n')}\n`).filter(
    (told): told is GameEvent => told.$typeName === 'morphine.facts.v1.GameEvent',
  );
}

/** Pictures and sound of all parts, as the feed had them. */
export function* readUnits(folder: string, about: AboutShow): Generator<Unit> {
  const parts = readdirSync(folder).filter((name) => name.endsWith('.mp4'));
  const numberOf = (name: string) => Number(/\((\d+)\)\.mp4$/.exec(name)?.[1] ?? 1);
  let config = 0;
  for (const name of parts.sort((one, other) => numberOf(one) - numberOf(other))) {
    config++;
    for (const { track, captureUs, keyFrame, bytes } of readFmp4(
      readFileSync(join(folder, name)),
    )) {
      const isVideo = track === 'video';
      const offset = isVideo ? about.videoClockOffset : about.audioClockOffset;
      const rtpTimestamp = rtpTimestampOf(captureUs, isVideo ? 90_000 : 48_000, offset);
      yield { track, captureUs, rtpTimestamp, keyFrame, config: isVideo ? config : 0, bytes };
    }
  }
}

function linesOf(folder: string, name: string): string[] {
  let text: string;
  try {
    text = readFileSync(join(folder, name), 'utf8');
  } catch {
    return [];
  }
  // The last line may have been cut off.
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean);
}
