// Finds the cases of packs: those that come with the studio, those that were kept in a data folder,
// and single files. A file that is no case is said and counts as one that did not pass.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  CASE_BYTES_MAX,
  CASE_ENDING,
  NoCase,
  type PackCase,
  readCase,
} from '../../core/contract/packCases.ts';

export type FoundCase = { file: string; found: PackCase | { reason: string } };

export function readCaseFile(path: string): FoundCase {
  const file = basename(path).replace(CASE_ENDING, '');
  try {
    if (statSync(path).size > CASE_BYTES_MAX) throw new NoCase('it is larger than a case may be');
    return { file, found: readCase(readFileSync(path, 'utf8')) };
  } catch (cause) {
    const why = cause instanceof NoCase ? cause.message : 'it cannot be read';
    return { file, found: { reason: `${basename(path)} is no case: ${why}` } };
  }
}

/** Cases of these folders and of folders in them, by name. */
export function casesIn(folders: readonly string[]): FoundCase[] {
  return folders.flatMap((folder) => {
    let names: string[];
    try {
      names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    } catch {
      return [];
    }
    return names
      .filter((name) => name.endsWith(CASE_ENDING))
      .sort()
      .map((name) => readCaseFile(join(folder, name)));
  });
}
