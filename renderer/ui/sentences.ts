// Sentences that were made elsewhere (the engine's reasons, what vision saw) in the language of
// a page. The wire speaks English, because a log, a row of the journal and a page must say the
// same; a page knows the shape of each sentence and says it anew. What it does not know stays as
// it came: a person's own words, a name, a message of a driver.

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

let shapes: readonly Shape[] = [];
const remembered = new Map<string, string>();

/** Sentences of all later calls of `translated`; none: everything stays English. */
export function chooseSentences(sentences: readonly Sentence[]): void {
  remembered.clear();
  shapes = sentences
    .map(([english, words]) => ({ pattern: patternOf(english), words, literal: english.length }))
    // The one that says most in its own words is the one that was meant.
    .sort((one, other) => other.literal - one.literal);
}

/** A sentence of the engine in the language of the page; as it came when its shape is unknown. */
export function translated(sentence: string): string {
  if (shapes.length === 0 || sentence.length > SENTENCE_LENGTH_MAX) return sentence;
  const known = remembered.get(sentence);
  if (known !== undefined) return known;
  const words = sayAnew(sentence, 0);
  if (remembered.size >= REMEMBERED_MAX) {
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest);
      break;
    }
  }
  remembered.set(sentence, words);
  return words;
}

function sayAnew(sentence: string, depth: number): string {
  if (depth > DEPTH_MAX || !/[a-z]/i.test(sentence)) return sentence;
  for (const { pattern, words } of shapes) {
    const found = pattern.exec(sentence);
    if (found === null) continue;
    return words.replace(/\{(\d+)\}/g, (_, index: string) =>
      sayAnew(found[Number(index) + 1] ?? '', depth + 1),
    );
  }
  // Two witnesses, or a reason and its way out, stand side by side.
  const parts = sentence.split(/(?<=[.!?:]) (?=["A-Z])/);
  if (parts.length === 1) return sentence;
  return parts.map((part) => sayAnew(part, depth + 1)).join(' ');
}

function patternOf(english: string): RegExp {
  const parts = english.split(/(\{#?\})/).map((part) => {
    if (part === '{}') return '(.*?)';
    return part === '{#}' ? '(-?[\\d.,]+)' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}
