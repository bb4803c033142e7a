// The masks that the loops of kernels.ts make of pictures, in a block of WebAssembly memory.
// Pictures are read where they lie, in the memory that all share; another is copied there
// first. What comes out are masks and thumbnails, read in place. Views of the memory are handed out
// and change with the next call: nobody keeps them.

import { PictureMemory } from '../../pictureMemory.ts';
import type { BitMask } from '../components.ts';
import { pagesOf } from './assembler.ts';
import {
  BACKGROUND_BITS,
  CELL,
  EDGE_ROWS,
  kernelModule,
  maskStride,
  SIDE_BYTES,
  type Size,
} from './kernels.ts';

/** Kernels read a little beyond the last row. */
const SLACK_BYTES = 64;

type Kernel = (...values: number[]) => void;

export class Pixels {
  readonly width: number;
  readonly height: number;
  /** Signed 16 bits per pixel, 128 units to a step of luma; see `learn`. */
  readonly background: Int16Array;
  /** Means of 8x8 pixels of the newest picture, after `shrink`. */
  readonly cells: Uint8Array;
  readonly #kernels: Record<string, Kernel>;
  readonly #sums: Uint32Array;
  readonly #at: {
    background: number;
    cells: number;
    sums: number;
    mask: number;
    scratch: number;
  };
  readonly #mask: BitMask;
  readonly #pictures: PictureMemory;
  #newestAt: number;
  #beforeAt: number;

  /**
   * @param pictures where pictures lie that are not to be copied; without it all are
   * @throws RangeError when width is no multiple of 128 or height none of 8
   */
  constructor(size: Size, pictures: PictureMemory | null = null) {
    const { width, height } = size;
    if (width % 128 !== 0 || height % CELL !== 0 || width * height === 0) {
      throw new RangeError(
        `A picture of ${width}x${height} cannot be compared: ` +
          'its width must be a multiple of 128 pixels and its height one of 8',
      );
    }
    this.width = width;
    this.height = height;
    const area = width * height;
    const stride = maskStride(size);
    const maskBytes = stride * (height + 2 * EDGE_ROWS) + SLACK_BYTES;
    const cellBytes = (area / CELL ** 2 + 15) & ~15;
    let end = 0;
    const take = (bytes: number) => {
      const start = end;
      end += (bytes + 15) & ~15;
      return start;
    };
    // A mask's address is that of its first pixel.
    const takeMask = () => take(maskBytes) + EDGE_ROWS * stride + SIDE_BYTES;
    this.#at = {
      background: take(area * 2),
      cells: take(cellBytes),
      sums: take(16),
      mask: takeMask(),
      scratch: takeMask(),
    };
    this.#pictures = pictures ?? new PictureMemory({ bytesEach: area, count: 2 });
    this.#newestAt = this.#pictures.take().byteOffset;
    this.#beforeAt = this.#newestAt;
    const pages = pagesOf(end);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(kernelModule(size)), {
      env: { memory, pictures: this.#pictures.memory },
    });
    this.#kernels = instance.exports as Record<string, Kernel>;
    this.#sums = new Uint32Array(memory.buffer, this.#at.sums, 4);
    this.background = new Int16Array(memory.buffer, this.#at.background, area);
    this.cells = new Uint8Array(memory.buffer, this.#at.cells, area / CELL ** 2);
    this.#mask = {
      ...{ width, height },
      words: new Uint32Array(memory.buffer, this.#at.mask, (stride * height) / 4),
      rowWords: stride / 4,
    };
  }

  /** Takes the next picture; the one before stays for `compare`. Longer buffers are fine. */
  put(luma: Uint8Array): void {
    const area = this.width * this.height;
    if (luma.length < area) {
      throw new RangeError(`A luma plane of ${luma.length} bytes; ${area} were expected`);
    }
    this.#beforeAt = this.#newestAt;
    this.#newestAt = this.#pictures.addressOf(luma) ?? this.#pictures.copyIn(luma);
  }

  /** The newest picture, in place. */
  newest(): Uint8Array {
    return this.#pictures.at(this.#newestAt, this.width * this.height);
  }

  /** The picture before it, in place. */
  before(): Uint8Array {
    return this.#pictures.at(this.#beforeAt, this.width * this.height);
  }

  /** Marks the pixels that changed by more than `threshold` since the picture before. */
  compare(threshold: number): void {
    this.#run('difference', this.#newestAt, this.#beforeAt, this.#at.mask, threshold);
  }

  /**
   * Marks the pixels that differ from the background by more than `threshold`, and moves the
   * background by 1/2^shift of the distance towards the picture where they do not; with
   * `isEverywhere` also where they do.
   */
  learn(threshold: number, shift: number, isEverywhere: boolean): void {
    const limit = threshold << BACKGROUND_BITS;
    const { background, mask } = this.#at;
    const all = isEverywhere ? -1 : 0;
    this.#run('background', this.#newestAt, background, mask, limit, shift, all);
  }

  /** Makes the whole background brighter by `steps` of luma; darker when negative. */
  lift(steps: number): void {
    this.#run('lift', this.#at.background, Math.round(steps * 2 ** BACKGROUND_BITS));
  }

  /** The newest picture becomes the background. */
  adopt(): void {
    const newest = this.newest();
    for (let at = 0; at < newest.length; at++) {
      this.background[at] = (newest[at] as number) << BACKGROUND_BITS;
    }
  }

  /** Pixels that are marked, before `clean`. */
  markedCount(): number {
    // Until `clean` the mask holds the complement.
    this.#run('count', this.#at.mask, this.#at.sums);
    const unmarked = this.#sums.reduce((sum, one) => sum + one, 0);
    return this.width * this.height - unmarked;
  }

  /** Opens the marks by 3x3, closes them by 5x5 and dilates them twice by 3x3. */
  clean(): BitMask {
    this.#spread(1, 'vertical1Not');
    // The dilations of opening and closing in one: 3x3, then 5x5, is 7x7.
    this.#spread(3, 'vertical3Not');
    this.#spread(2, 'vertical2Not');
    this.#spread(2, 'vertical2');
    return this.#mask;
  }

  /** Fills `cells` from the newest picture. */
  shrink(): void {
    this.#run('thumbnail', this.#newestAt, this.#at.cells);
  }

  #spread(radius: number, vertical: string): void {
    const { mask, scratch } = this.#at;
    this.#run(`horizontal${radius}`, mask, scratch);
    this.#run(vertical, scratch, mask);
  }

  #run(name: string, ...values: number[]): void {
    this.#kernels[name]?.(...values);
  }
}
