// What a text looks like to a reader, whatever letters it is written with: case, width, accents,
// look-alikes of other scripts, digits for letters, repeats and invisible characters all fall
// away. Filters compare skeletons, so that a word is found in its disguises. Never shown. Pure,
// and bounded by the length of the text.

/** Letters of other scripts and signs that stand for a Latin letter (after Unicode TR39). */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  // Cyrillic
  ...{ а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', ё: 'e', һ: 'h', і: 'i', ї: 'i', ј: 'j', к: 'k' },
  ...{ м: 'm', н: 'h', о: 'o', р: 'p', ԛ: 'q', ѕ: 's', т: 't', у: 'y', ѵ: 'v', ԝ: 'w', х: 'x' },
  ...{ г: 'r', и: 'u', п: 'n', з: 'e', б: 'b' },
  // Greek
  ...{ α: 'a', β: 'b', γ: 'y', δ: 'd', ε: 'e', η: 'n', ι: 'i', κ: 'k', μ: 'u', ν: 'v', ο: 'o' },
  ...{ π: 'n', ρ: 'p', σ: 'o', ς: 'c', τ: 't', υ: 'u', χ: 'x', ω: 'w' },
  // Latin of other kinds
  ...{ ı: 'i', ł: 'l', ø: 'o', đ: 'd', ð: 'd', þ: 'p', ß: 'ss', æ: 'ae', œ: 'oe', ɑ: 'a', ɡ: 'g' },
  ...{ ʀ: 'r', ᴀ: 'a', ʙ: 'b', ᴄ: 'c', ᴅ: 'd', ᴇ: 'e', ꜰ: 'f', ɢ: 'g', ʜ: 'h', ɪ: 'i', ᴊ: 'j' },
  ...{ ᴋ: 'k', ʟ: 'l', ᴍ: 'm', ɴ: 'n', ᴏ: 'o', ᴘ: 'p', ꜱ: 's', ᴛ: 't', ᴜ: 'u', ᴠ: 'v', ᴡ: 'w' },
  // Signs and digits
  ...{ '@': 'a', '4': 'a', '8': 'b', '¢': 'c', '3': 'e', '€': 'e', '9': 'g', '6': 'g', '!': 'i' },
  ...{ '1': 'i', '|': 'i', '0': 'o', '5': 's', $: 's', '7': 't', '+': 't', µ: 'u', '2': 'z' },
};

const IS_LETTER = /[\p{L}\p{N}]/u;
const IS_HAN = /\p{Script=Han}/u;
const IS_MARK = /[\p{M}\p{Cf}\p{Cc}]/u;
/** Stand for a letter that the writer hid: "f*ck". */
const HIDDEN: ReadonlySet<string> = new Set(['*', '#', '%']);
/** One hidden letter in a word; compares equal to any. */
export const ANY_LETTER = '?';
/** Of a word: signs at its ends are punctuation, in its middle they are letters ("sh!t!"). */
const SIGNS_AT_ENDS = /^[!+|*#%@$€¢]+|[!+|*#%]+$/g;

/** A letter and how often it stands in a row. */
export type Run = { letter: string; count: number };

export type Skeleton = {
  /** Words of letters, in order. */
  words: readonly string[];
  /** Han characters in order, whatever signs and spaces stood between them. */
  han: readonly string[];
};

/** The skeleton of a text. */
export function skeletonOf(text: string): Skeleton {
  const words: string[] = [];
  const han: string[] = [];
  let word = '';
  let run = '';
  const endWord = () => {
    const letters = lettersOf(word);
    word = '';
    if (letters === '') return;
    words.push(letters);
    // Digits between Han characters are a disguise; a word parts them.
    if (run === '' || !/[a-z]/.test(letters)) return;
    han.push(run);
    run = '';
  };
  for (const character of plain(text)) {
    const isHan = IS_HAN.test(character);
    if (!isHan && (IS_LETTER.test(character) || character in LOOK_ALIKES)) word += character;
    else if (HIDDEN.has(character)) word += character;
    else endWord();
    if (isHan) run += character;
  }
  endWord();
  if (run !== '') han.push(run);
  return { words, han };
}

/** A word as runs of letters: "fuuck" is f, u twice, c, k. */
export function runsOf(word: string): Run[] {
  const runs: Run[] = [];
  for (const letter of word) {
    const last = runs.at(-1);
    if (last?.letter === letter) last.count++;
    else runs.push({ letter, count: 1 });
  }
  return runs;
}

/** Lower case, one width, no accents, nothing invisible. */
function plain(text: string): string {
  let found = '';
  for (const character of text.normalize('NFKC').toLowerCase().normalize('NFD')) {
    if (!IS_MARK.test(character)) found += character;
  }
  return found;
}

/** Look-alikes as what they look like; a number stays a number. */
function lettersOf(word: string): string {
  const core = word.replace(SIGNS_AT_ENDS, (ends, at) =>
    // "$h" and "@s" begin with a letter in disguise.
    at === 0 && /[@$€¢]/.test(ends) && word.length > ends.length ? ends : '',
  );
  if (/^\d*$/.test(core)) return core;
  let letters = '';
  for (const character of core) {
    if (HIDDEN.has(character)) letters += ANY_LETTER;
    else letters += LOOK_ALIKES[character] ?? character;
  }
  return letters;
}
