// playlist: a text file with the path of one video file a line (as an M3U has it), relative to the
// playlist itself. Read and looked through before anything starts.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { SourceError } from './sourceError.ts';

const ENTRIES_MAX = 1_000;
const BYTES_MAX = 1_000_000;

/** @throws SourceError naming the first entry that cannot be played */
export function readPlaylist(path: string): { title: string; paths: string[] } {
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new SourceError('missing-file', `There is no playlist ${path}; give an existing one`);
  }
  if (statSync(path).size > BYTES_MAX) {
    throw new SourceError('unreadable-file', `${path} is too large to be a playlist`);
  }
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  const entries = lines.map((line) => line.trim()).filter((line) => line && !line.startsWith('#'));
  if (entries.length === 0 || entries.length > ENTRIES_MAX) {
    const has = `${path} has ${entries.length} entries`;
    throw new SourceError('unreadable-file', `${has}; give 1 to ${ENTRIES_MAX} files, one a line`);
  }
  const paths = entries.map((entry) => resolve(dirname(path), entry.replace(/^file:/, '')));
  const missing = paths.find((entry) => !existsSync(entry) || !statSync(entry).isFile());
  if (missing !== undefined) {
    throw new SourceError('missing-file', `${basename(path)} names ${missing}, which is not there`);
  }
  return { title: basename(path), paths };
}
