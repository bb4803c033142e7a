// A stroke alphabet for scoreboard and boards: no font file, no text engine, any size.
// It must never be asked for a letter it lacks in silence: an unknown letter throws.
import { type Canvas, type Colour, paintCapsule } from './paint.ts';

// Strokes on a grid 4 wide and 6 high, y down: "x,y x,y ..." and "|" lifts the pen.
const GLYPHS: Readonly<Record<string, string>> = {
  A: '0,6 2,0 4,6|0.8,4 3.2,4',
  B: '0,0 0,6 3,6 4,5.2 4,3.8 3,3 0,3|0,0 2.8,0 3.7,0.8 3.7,2.2 2.8,3',
  C: '4,1 3,0 1,0 0,1.2 0,4.8 1,6 3,6 4,5',
  D: '0,0 0,6 2.2,6 3.6,5 4,3 3.6,1 2.2,0 0,0',
  E: '4,0 0,0 0,6 4,6|0,3 3.2,3',
  F: '4,0 0,0 0,6|0,3 3.2,3',
  G: '4,1 3,0 1,0 0,1.2 0,4.8 1,6 3,6 4,5 4,3.2 2.4,3.2',
  H: '0,0 0,6|4,0 4,6|0,3 4,3',
  I: '2,0 2,6',
  J: '4,0 4,4.8 3,6 1,6 0,4.8',
  K: '0,0 0,6|4,0 0,3.4|1.4,2.4 4,6',
  L: '0,0 0,6 4,6',
  M: '0,6 0,0 2,3.4 4,0 4,6',
  N: '0,6 0,0 4,6 4,0',
  O: '1,0 3,0 4,1.2 4,4.8 3,6 1,6 0,4.8 0,1.2 1,0',
  P: '0,6 0,0 3,0 4,0.9 4,2.4 3,3.3 0,3.3',
  Q: '1,0 3,0 4,1.2 4,4.8 3,6 1,6 0,4.8 0,1.2 1,0|2.6,4.4 4.2,6.2',
  R: '0,6 0,0 3,0 4,0.9 4,2.4 3,3.3 0,3.3|2,3.3 4,6',
  S: '4,0.9 3,0 1,0 0,0.9 0,2.1 1,2.9 3,3.1 4,3.9 4,5.1 3,6 1,6 0,5.1',
  T: '0,0 4,0|2,0 2,6',
  U: '0,0 0,4.8 1,6 3,6 4,4.8 4,0',
  V: '0,0 2,6 4,0',
  W: '0,0 1,6 2,2.4 3,6 4,0',
  X: '0,0 4,6|4,0 0,6',
  Y: '0,0 2,3 4,0|2,3 2,6',
  Z: '0,0 4,0 0,6 4,6',
  '0': '1,0 3,0 4,1.2 4,4.8 3,6 1,6 0,4.8 0,1.2 1,0',
  '1': '0.8,1.2 2.2,0 2.2,6',
  '2': '0,1.2 1,0 3,0 4,1.1 4,2.3 0,6 4,6',
  '3': '0,0.8 1,0 3,0 4,0.9 4,2.1 3,2.9 1.6,2.9|3,2.9 4,3.8 4,5.1 3,6 1,6 0,5.2',
  '4': '3,6 3,0 0,4.2 4,4.2',
  '5': '4,0 0.4,0 0,2.8 1.2,2.3 3,2.4 4,3.4 4,4.9 3,6 1,6 0,5.2',
  '6': '3.6,0.4 2.6,0 1.2,0.3 0,2.4 0,4.8 1,6 3,6 4,4.9 4,3.6 3,2.6 1,2.6 0,3.6',
  '7': '0,0 4,0 1.6,6',
  '8': '1,2.9 0,2 0,0.9 1,0 3,0 4,0.9 4,2 3,2.9 1,2.9 0,3.8 0,5.1 1,6 3,6 4,5.1 4,3.8 3,2.9',
  '9': '0.4,5.6 1.4,6 2.8,5.7 4,3.6 4,1.2 3,0 1,0 0,1.1 0,2.4 1,3.4 3,3.4 4,2.4',
  ':': '2,1.8 2,2|2,4.3 2,4.5',
  '!': '2,0 2,4|2,5.8 2,6',
  '-': '0.8,3 3.2,3',
  '.': '2,5.8 2,6',
  _: '0,6 4,6',
  '/': '0,6 4,0',
  '(': '2.8,0 1.6,1.6 1.6,4.4 2.8,6',
  ')': '1.2,0 2.4,1.6 2.4,4.4 1.2,6',
  ' ': '',
};

const ADVANCE = 5.6;
type Strokes = readonly (readonly [number, number])[][];

const parsed = new Map<string, Strokes>();

function strokesOf(letter: string): Strokes {
  const known = parsed.get(letter);
  if (known !== undefined) return known;
  const glyph = GLYPHS[letter];
  if (glyph === undefined) throw new RangeError(`The demo's lettering has no "${letter}".`);
  const strokes = glyph.split('|').map((stroke) =>
    stroke
      .split(' ')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [x, y] = pair.split(',').map(Number);
        return [x ?? 0, y ?? 0] as const;
      }),
  );
  parsed.set(letter, strokes);
  return strokes;
}

/** Whether the alphabet has this letter. */
export function hasLetter(letter: string): boolean {
  return Object.hasOwn(GLYPHS, letter);
}

/** Width in pixels of a text whose letters are `height` pixels high. */
export function textWidth(text: string, height: number): number {
  return ((text.length * ADVANCE - (ADVANCE - 4)) * height) / 6;
}

export interface Pen {
  readonly tint: Colour;
  /** Height of a letter in pixels. */
  readonly height: number;
  /** Stroke width in pixels. */
  readonly weight: number;
  readonly alpha?: number;
}

/** Writes text with its top-left corner at (x, y) pixels. */
export function write(canvas: Canvas, text: string, x: number, y: number, pen: Pen): void {
  const unit = pen.height / 6;
  const radius = pen.weight / 2;
  for (let index = 0; index < text.length; index += 1) {
    const left = x + index * ADVANCE * unit;
    for (const stroke of strokesOf(text[index] ?? ' ')) {
      for (let i = 1; i < stroke.length; i += 1) {
        const a = stroke[i - 1] ?? [0, 0];
        const b = stroke[i] ?? [0, 0];
        paintCapsule(
          canvas,
          [left + a[0] * unit, y + a[1] * unit, radius],
          [left + b[0] * unit, y + b[1] * unit, radius],
          pen.tint,
          pen.alpha ?? 1,
        );
      }
    }
  }
}
