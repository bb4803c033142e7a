// The folder of clips: for each its MP4, its picture and what is known of it. Names come from user
// interfaces, so one is looked for among the names that are there and never made into a path.

import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClipView, clipViewSchema } from '../../core/contract/recording.ts';
import { openNewFile } from './diskFile.ts';
import { deleteOld } from './retention.ts';

const SHOWN_MAX = 200;
const MOVIE = '.mp4';
const ABOUT = '.json';
const PICTURE = '.jpg';

export type ClipShelf = {
  /** A name that no clip has: two may be cut within a second. */
  freeName(stem: string): Promise<string>;
  save(view: ClipView, mp4: Uint8Array, still: Uint8Array | null): Promise<void>;
  /** Newest first. */
  list(): Promise<ClipView[]>;
  /** Empty where there is no such clip, or nothing from there on. */
  read(at: ClipPlace): Promise<Uint8Array>;
  /** False where there is none. */
  remove(name: string): Promise<boolean>;
  deleteOld(days: number, wallMs: number): Promise<number>;
};

export type ClipPlace = { name: string; part: 'still' | 'clip'; offset: number; length: number };

/** Makes the folder with the first clip. */
export function createClipShelf(folder: string): ClipShelf {
  const names = () => readdir(folder).catch((): string[] => []);
  const stemOf = async (name: string) => {
    const isThere = name.endsWith(MOVIE) && (await names()).includes(name);
    return isThere ? join(folder, name.slice(0, -MOVIE.length)) : null;
  };
  return {
    async freeName(stem) {
      const taken = await names();
      for (let count = 1; ; count++) {
        const name = `${stem}${count === 1 ? '' : ` ${count}`}${MOVIE}`;
        if (!taken.includes(name)) return name;
      }
    },
    async save(view, mp4, still) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const stem = join(folder, view.name.slice(0, -MOVIE.length));
      await writeNew(stem + MOVIE, mp4);
      if (still) await writeNew(stem + PICTURE, still);
      await writeNew(stem + ABOUT, Buffer.from(JSON.stringify(view)));
    },
    async list() {
      const newest = (await names()).filter((name) => name.endsWith(ABOUT)).sort();
      const found: ClipView[] = [];
      for (const name of newest.reverse().slice(0, SHOWN_MAX)) {
        const text = await readFile(join(folder, name), 'utf8').catch(() => 'null');
        const view = clipViewSchema.safeParse(parsed(text));
        if (view.success) found.push(view.data);
      }
      return found;
    },
    async read({ name, part, offset, length }) {
      const stem = await stemOf(name);
      if (stem === null) return new Uint8Array(0);
      const path = stem + (part === 'still' ? PICTURE : MOVIE);
      const file = await open(path, 'r').catch(() => null);
      if (!file) return new Uint8Array(0);
      try {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await file.read(bytes, 0, length, offset);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async remove(name) {
      const stem = await stemOf(name);
      if (stem === null) return false;
      // What is known of it goes last: a clip that could not be deleted is still in the list.
      for (const ending of [MOVIE, PICTURE, ABOUT]) await rm(stem + ending, { force: true });
      return true;
    },
    deleteOld: (days, wallMs) =>
      deleteOld({
        ...{ folder, days, wallMs },
        isOurs: (name) => [MOVIE, ABOUT, PICTURE].some((ending) => name.endsWith(ending)),
      }),
  };
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await openNewFile(path);
  try {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes.subarray(at));
      at += bytesWritten;
    }
  } finally {
    await file.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
