// Makes what people type safe to show: one line, nothing that turns the direction of other text or
// hides, no towers of accents. Names from a log-in are cleaned the same way and shortened. Pure.

/** Marks over one letter beyond three: more than any language writes. */
const MORE_MARKS = /(\p{M}{3})\p{M}+/gu;
const NAME_LENGTH_MAX = 25;

/** The text as it may be shown; empty when nothing is left. */
export function cleanText(text: string): string {
  return (
    text
      .normalize('NFC')
      // Controls, and what embeds or overrides direction (Unicode TR9), become a space.
      .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
      .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu, '')
      .replace(MORE_MARKS, '$1')
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '')
  );
}

/** A name as it may be shown; empty when nothing is left. */
export function cleanName(name: string): string {
  return [...cleanText(name).replace(/[@<>]/g, '')].slice(0, NAME_LENGTH_MAX).join('').trim();
}

/** What stands for a name where it is mentioned: "Anna Lee" is called by @AnnaLee. */
export function handleOf(name: string): string {
  return name.replace(/[^\p{L}\p{N}_-]/gu, '').toLowerCase();
}

/** Handles that a text calls, each once. */
export function handlesIn(text: string): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(/@([\p{L}\p{N}_-]{2,40})/gu)) {
    found.add((match[1] ?? '').toLowerCase());
  }
  return [...found].slice(0, 8);
}
