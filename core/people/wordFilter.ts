// Finds words of a list in a text, however they are disguised: look-alike letters, repeats, hidden
// letters, spaces and dots between them, Han characters parted by signs. A word counts only where
// it stands as one, so that "class" and "Scunthorpe" pass; a star before or after it says that it
// counts inside other words, too. Pure; it says which word it found, and decides nothing.

import { ANY_LETTER, type Run, runsOf, skeletonOf } from './skeleton.ts';

/** Endings with which a word is still that word. */
const ENDINGS = ['', 's', 'es', 'ed', 'er', 'ers', 'ing', 'in', 'y'];
/** Pieces that may be one word in disguise: "f u c k", "fu ck". */
const PIECE_LENGTH_MAX = 2;
/** Shorter words are looked for only letter by letter: "a s s", but not "as s". */
const PIECED_LENGTH_MIN = 4;
const HIDDEN_LETTERS_MAX = 1;

type Entry = {
  shown: string;
  /** Empty for words of Han characters. */
  runs: readonly Run[];
  han: string;
  isInside: boolean;
  length: number;
};

export type WordFilter = {
  /** The first word of the list that the text holds, as the list has it; null when none. */
  find(text: string): string | null;
};

/** A filter for a list of words. `*word*` counts inside others; empty entries are ignored. */
export function createWordFilter(list: readonly string[]): WordFilter {
  const entries = list.map(entryOf).filter((entry) => entry.han !== '' || entry.runs.length > 0);
  return {
    find(text) {
      const { words, han } = skeletonOf(text);
      const whole = words.map(runsOf);
      const pieces = piecesOf(words);
      for (const entry of entries) {
        const isFound =
          entry.han !== ''
            ? han.some((run) => run.includes(entry.han))
            : whole.some((runs) => isWord(runs, entry)) ||
              pieces.some((group) => isPieced(group, entry));
        if (isFound) return entry.shown;
      }
      return null;
    },
  };
}

function entryOf(shown: string): Entry {
  const isInside = shown.startsWith('*') || shown.endsWith('*');
  const { words, han } = skeletonOf(shown.replace(/^\*+|\*+$/g, ''));
  const word = words.join('');
  // An entry of both kinds is looked for by its Han characters, which are the rarer.
  return {
    shown,
    runs: han.length > 0 ? [] : runsOf(word),
    han: han.join(''),
    isInside,
    length: word.length,
  };
}

/** Neighbouring short words, as groups. */
function piecesOf(words: readonly string[]): string[][] {
  const groups: string[][] = [];
  let group: string[] = [];
  for (const word of [...words, 'end of the text']) {
    if (word.length <= PIECE_LENGTH_MAX) group.push(word);
    else {
      if (group.length > 1) groups.push(group);
      group = [];
    }
  }
  return groups;
}

/** The word itself, with an ending, or inside another where the list says so. */
function isWord(runs: readonly Run[], entry: Entry): boolean {
  if (entry.isInside) {
    return runs.some((_run, from) => matchedRuns(runs.slice(from), entry.runs) > 0);
  }
  const length = matchedRuns(runs, entry.runs);
  if (length === 0) return false;
  const rest = runs
    .slice(length)
    .map(({ letter }) => letter)
    .join('');
  return ENDINGS.includes(rest);
}

/** A word that is made of whole neighbouring pieces. */
function isPieced(group: readonly string[], entry: Entry): boolean {
  const isShort = entry.length < PIECED_LENGTH_MIN;
  for (let from = 0; from < group.length; from++) {
    let joined = '';
    for (let to = from; to < group.length; to++) {
      const piece = group[to] ?? '';
      if (isShort && piece.length > 1) break;
      joined += piece;
      if (joined.length > entry.length * 3) break;
      if (to === from) continue;
      const runs = runsOf(joined);
      if (matchedRuns(runs, entry.runs) === runs.length) return true;
    }
  }
  return false;
}

/** How many runs of `runs`, from its first, are those of `word`; 0 when they are not. */
function matchedRuns(runs: readonly Run[], word: readonly Run[]): number {
  if (runs.length < word.length) return 0;
  let hidden = 0;
  for (const [at, wanted] of word.entries()) {
    const found = runs[at];
    if (!found) return 0;
    if (found.letter === ANY_LETTER) {
      hidden++;
      if (hidden > HIDDEN_LETTERS_MAX || found.count !== wanted.count) return 0;
    } else if (found.letter !== wanted.letter || found.count < wanted.count) return 0;
  }
  return word.length;
}
