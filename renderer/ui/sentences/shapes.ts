// The shapes of the engine's sentences, and how one is said anew in another language. Fetched by
// pages that speak another language than English, and by no other.

/**
 * English with `{}` for what changes and `{#}` where that is a number; the other language with
 * `{0}`, `{1}`, … in its own order.
 */
export type Sentence = readonly [english: string, other: string];

type Shape = { pattern: RegExp; words: string; literal: number };

/** Nested sentences of a sentence are said anew to this depth; nothing nests deeper. */
const DEPTH_MAX = 6;
/** Longer is a log, not a sentence. */
const SENTENCE_LENGTH_MAX = 1_000;
/** A page says few sentences again and again; the oldest go first. */
const REMEMBERED_MAX = 500;

/** What says each of these sentences, and those within and beside them, in the other language. */
export function sayerOf(sentences: readonly Sentence[]): (sentence: string) => string {
  const shapes = sentences
    .map(([english, words]) => ({ pattern: patternOf(english), words, literal: english.length }))
    // The one that says most in its own words is the one that was meant.
    .sort((one, other) => other.literal - one.literal);
  const remembered = new Map<string, string>();
  return (sentence) => {
    const known = remembered.get(sentence);
    if (known !== undefined || sentence.length > SENTENCE_LENGTH_MAX) return known ?? sentence;
    const words = sayAnew(shapes, sentence, 0);
    const [oldest] = remembered.keys();
    if (oldest !== undefined && remembered.size >= REMEMBERED_MAX) remembered.delete(oldest);
    remembered.set(sentence, words);
    return words;
  };
}

function sayAnew(shapes: readonly Shape[], sentence: string, depth: number): string {
  if (depth > DEPTH_MAX || !/[a-z]/i.test(sentence)) return sentence;
  for (const { pattern, words } of shapes) {
    const found = pattern.exec(sentence);
    if (found === null) continue;
    return words.replace(/\{(\d+)\}/g, (_, index: string) =>
      sayAnew(shapes, found[Number(index) + 1] ?? '', depth + 1),
    );
  }
  // Two witnesses, or a reason and its way out, stand side by side.
  const parts = sentence.split(/(?<=[.!?:]) (?=["A-Z])/);
  if (parts.length === 1) return sentence;
  return parts.map((part) => sayAnew(shapes, part, depth + 1)).join(' ');
}

function patternOf(english: string): RegExp {
  const parts = english.split(/(\{#?\})/).map((part) => {
    if (part === '{}') return '(.*?)';
    return part === '{#}' ? '(-?[\\d.,]+)' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}
