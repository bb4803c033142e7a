// The picture that lines and zones were drawn on, small: tells whether a camera that was lost looks
// there again. It must look there exactly: a picture that fits better one cell aside is another.

import { PICTURE } from '../vibrio/motion.ts';

/** Pixels of a cell's side. */
const CELL = 8;
const COLUMNS = PICTURE.width / CELL;
const ROWS = PICTURE.height / CELL;
/** Correlation from which on two pictures show the same. */
const SAME = 0.93;
/** Pictures in a row that must show it. */
const TIMES = 3;

export class View {
  #kept: Float32Array | null = null;
  #times = 0;

  isKept(): boolean {
    return this.#kept !== null;
  }

  keep(luma: Uint8Array): void {
    this.#kept = shrunk(luma);
  }

  /** Whether the last pictures showed what was kept, and not one cell aside. */
  isBack(luma: Uint8Array): boolean {
    const kept = this.#kept;
    if (!kept) return false;
    const now = shrunk(luma);
    const here = correlation(kept, now, 0, 0);
    const aside = [
      correlation(kept, now, 1, 0),
      correlation(kept, now, -1, 0),
      correlation(kept, now, 0, 1),
      correlation(kept, now, 0, -1),
    ];
    const isSame = here >= SAME && aside.every((other) => other < here);
    this.#times = isSame ? this.#times + 1 : 0;
    return this.#times >= TIMES;
  }
}

function shrunk(luma: Uint8Array): Float32Array {
  const cells = new Float32Array(COLUMNS * ROWS);
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      let sum = 0;
      for (let y = row * CELL; y < (row + 1) * CELL; y += 2) {
        for (let x = column * CELL; x < (column + 1) * CELL; x += 2) {
          sum += luma[y * PICTURE.width + x] ?? 0;
        }
      }
      cells[row * COLUMNS + column] = sum / ((CELL / 2) * (CELL / 2));
    }
  }
  return cells;
}

/** Normalised correlation of two small pictures, one moved by some cells. */
function correlation(a: Float32Array, b: Float32Array, dx: number, dy: number): number {
  let [count, sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0, 0];
  for (let row = 1; row < ROWS - 1; row++) {
    for (let column = 1; column < COLUMNS - 1; column++) {
      const one = a[row * COLUMNS + column] ?? 0;
      const other = b[(row + dy) * COLUMNS + column + dx] ?? 0;
      count++;
      sumA += one;
      sumB += other;
      sumAA += one * one;
      sumBB += other * other;
      sumAB += one * other;
    }
  }
  const spread = (sumAA - (sumA * sumA) / count) * (sumBB - (sumB * sumB) / count);
  return spread <= 0 ? 0 : (sumAB - (sumA * sumB) / count) / Math.sqrt(spread);
}
