// Shows the material of a case to vision, or its tracks to the rules of the pack, and says whether
// what has to be seen is seen. Decides nothing by itself: the case says what is right.

import type { PackCase } from '../../core/contract/packCases.ts';
import { placesSchema } from '../../core/contract/places.ts';
import { rtpTimestampOf, type Unit } from '../../core/media/feed.ts';
import { readFmp4 } from '../../core/media/fmp4Reader.ts';
import { findPack, type Pack } from '../../native/vision/moriarty/pack.ts';
import { seeAgain } from '../replay/replayVision.ts';
import { drawMatch } from './drawMatch.ts';
import { judgeTracks } from './judgeTracks.ts';
import { type SeenEvent, type Verdict, verdictOf } from './verdict.ts';

export type JudgeOptions = {
  modelsFolder: string;
  dataFolder?: string | undefined;
  /** Where packs are looked for, the first one first. */
  packFolders: readonly string[];
};

/** Each case by itself: what one has shown is forgotten before the next. */
export async function judgeCase(one: PackCase, options: JudgeOptions): Promise<Verdict> {
  const found = await findPack(one.pack, options.packFolders);
  if ('reason' in found) return { state: 'untried', why: found.reason };
  try {
    const seen = await look(one, found.pack, options);
    return typeof seen === 'string' ? { state: 'untried', why: seen } : verdictOf(one, seen);
  } catch (cause) {
    return { state: 'untried', why: cause instanceof Error ? cause.message : String(cause) };
  }
}

async function look(
  one: PackCase,
  pack: Pack,
  options: JudgeOptions,
): Promise<readonly SeenEvent[] | string> {
  const { material } = one;
  const places = placesSchema.nullish().parse(one.places ?? null) ?? null;
  if (material.kind === 'facts') return judgeTracks(pack, places, material.lines);
  const units = material.kind === 'clip' ? unitsOf(material.base64) : await drawMatch(material);
  if (units.length === 0) return 'Its clip holds no picture.';
  const choice = { pack: one.pack, model: null, ...(places ? { places } : {}) };
  const seen = await seeAgain(units, {
    ...{ pack: one.pack, choice, modelsFolder: options.modelsFolder },
    ...{ dataFolder: options.dataFolder, packFolders: options.packFolders },
  });
  if (pack.detector !== null && seen.model === '') {
    return `Its model "${pack.detector.model}" does not run here: ${seen.reason}`;
  }
  return seen.events;
}

function unitsOf(base64: string): Unit[] {
  return [...readFmp4(Buffer.from(base64, 'base64'))].flatMap(
    ({ track, captureUs, keyFrame, bytes }): Unit[] => {
      if (track !== 'video') return [];
      const rtpTimestamp = rtpTimestampOf(captureUs, 90_000, 0);
      return [{ track, captureUs, rtpTimestamp, keyFrame, config: 1, bytes }];
    },
  );
}
