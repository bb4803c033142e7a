// What a source plays, as entries one after the other: one for a file, a stream or the test
// pattern, one for each file of a playlist. An entry is looked at when its turn comes, so that a
// long playlist starts at once and a file that is gone by then is left out.

import { basename } from 'node:path';
import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { askFile, type MediaFacts } from './checkSource.ts';
import { fileInput, type Played } from './fileSource.ts';
import { SourceError } from './sourceError.ts';

export type Opened = {
  played: Played;
  /** Null: it does not say. */
  lengthUs: number | null;
  /** It repeats itself; its end is a failure. */
  isEndless: boolean;
};

export type Entry = {
  title: string;
  /**
   * What ffmpeg is to play, from there on.
   *
   * @throws SourceError when it cannot be played
   */
  open(fromUs: number): Promise<Opened>;
  /** It was found to have no sound. */
  lacksSound?(): void;
};

export type Programme = {
  /** As a person knows it. */
  name: string;
  entries: readonly Entry[];
  /** A person may pause it and go to another place in it. */
  isSeekable: boolean;
};

/** What plays by itself, without an end and without places. */
export function endlessProgramme(played: Played): Programme {
  let current = played;
  const open = async () => ({ played: current, lengthUs: null, isEndless: true });
  const lacksSound = () => {
    current = { ...current, sound: null };
  };
  const { name } = played;
  return { name, entries: [{ title: name, open, lacksSound }], isSeekable: false };
}

/**
 * A short file is repeated by its ffmpeg. A long one is begun anew each time, because ffmpeg loses
 * the time of the sound between two rounds of some files (MKV), and turns through one that is cut
 * off hundreds of times a second.
 */
const LOOPED_US_MAX = 10_000_000;

/** A file, for ever. */
export function fileProgramme(path: string, media: MediaFacts): Programme {
  const name = basename(path);
  // Where no end is known nobody could tell when the silence of a file without sound ends.
  const { lengthUs } = media;
  const isWhole = (fromUs: number) =>
    lengthUs === null || (fromUs <= 0 && lengthUs < LOOPED_US_MAX);
  const open = async (fromUs: number) => openedFile(path, media, fromUs, isWhole(fromUs));
  return { name, entries: [{ title: name, open }], isSeekable: true };
}

/** Files one after the other, and again from the first. */
export function playlistProgramme(
  name: string,
  paths: readonly string[],
  ffmpeg: FfmpegChoice,
): Programme {
  const entries = paths.map((path) => ({
    title: basename(path),
    async open(fromUs: number) {
      const media = await mediaOf(path, ffmpeg);
      if (media.lengthUs === null && !media.hasSound) {
        throw new SourceError(
          'unreadable-file',
          `${path} says neither its length nor has it sound`,
        );
      }
      return openedFile(path, media, fromUs, false);
    },
  }));
  return { name, entries, isSeekable: true };
}

async function mediaOf(path: string, ffmpeg: FfmpegChoice): Promise<MediaFacts> {
  if (!hasFfmpeg(ffmpeg)) throw new SourceError('needs-ffmpeg', ffmpeg.reason);
  return askFile(ffmpeg.path, path);
}

function openedFile(path: string, media: MediaFacts, fromUs: number, isEndless: boolean): Opened {
  const played = fileInput(path, media, isEndless ? null : fromUs);
  return { played, lengthUs: media.lengthUs, isEndless };
}
