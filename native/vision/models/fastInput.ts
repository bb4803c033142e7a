// Makes a model's input of a whole picture in WebAssembly SIMD: the same bilinear luma and nearest
// chroma as picture.ts, a few times as fast, with luma rounded to a step between the two blends.
// For shapes that its tables can hold; picture.ts does the others. A picture in the memory that
// all threads share is read there; another is copied first. The input lies in its own memory.

import { PictureMemory } from '../pictureMemory.ts';
import { pagesOf } from '../vibrio/wasm/assembler.ts';
import {
  CHROMA_BITS,
  CONSTANTS_BYTES,
  inputModule,
  LINE_STEP,
  STEP_AT,
  STEP_BYTES,
  WEIGHT_ONE,
} from './inputKernels.ts';
import { coloursOf, type InputShape, type Picture, type Scaling, scalingOf } from './picture.ts';

/** Kernels read a little beyond a row's end. */
const SLACK_BYTES = 32;
/** Values of luma and chroma together are carried in quarters of a step of luma. */
const QUARTERS = 4;
/** Furthest source byte of a step that `line` and `wideLine` reach. */
const REACH_MAX = { line: 15, wideLine: 31 } as const;

type Kernel = (...values: number[]) => void;
let compiled: WebAssembly.Module | null = null;

/** One direction: first source sample, weight of the next in 64ths, chroma sample. */
type Reach = { first: number[]; weight: number[]; chroma: number[] };

type Made = {
  picture: Picture;
  shape: InputShape;
  scaling: Scaling;
  pictures: WebAssembly.Memory | null;
  columns: Reach;
  rows: Reach;
};

export class FastInput {
  readonly key: string;
  /** The input: channel planes. */
  readonly values: Float32Array;
  readonly #picture: { width: number; height: number };
  readonly #shape: InputShape;
  readonly #scaling: Scaling;
  readonly #rows: Reach;
  readonly #kernels: Record<string, Kernel>;
  /** Where a picture without an address is put; null: all have one. */
  readonly #own: PictureMemory | null;
  readonly #factors: [number, number, number, number];
  readonly #at: Record<'luma' | 'chroma' | 'steps' | 'constants' | 'values', number>;
  readonly #chromaStride: number;
  readonly #stepsEnd: number;
  readonly #line: keyof typeof REACH_MAX;

  /**
   * @param pictures the memory in which pictures with an address lie; null: they have none
   * @returns null where the shape is not for it
   */
  static for(
    picture: Picture,
    shape: InputShape,
    pictures: WebAssembly.Memory | null = null,
  ): FastInput | null {
    const scaling = scalingOf(picture, shape);
    const usedWidth = Math.min(shape.width, Math.round(picture.width * scaling.x));
    const usedHeight = Math.min(shape.height, Math.round(picture.height * scaling.y));
    const isFit = usedWidth % LINE_STEP === 0 && usedHeight > 0 && picture.width % 32 === 0;
    if (!isFit) return null;
    const columns = reachOf(picture.width, usedWidth);
    if (reachOfSteps(columns) > REACH_MAX.wideLine) return null;
    const reach = { columns, rows: reachOf(picture.height, usedHeight) };
    return new FastInput({ picture, shape, scaling, pictures, ...reach });
  }

  /** What a picture must have in common with the one that this was made for. */
  static keyOf({ width, height, range, matrix }: Picture): string {
    return `${width}x${height} ${range} ${matrix}`;
  }

  private constructor({ picture, shape, scaling, pictures, columns, rows }: Made) {
    const { width, height } = picture;
    this.key = FastInput.keyOf(picture);
    this.#picture = { width, height };
    this.#shape = shape;
    this.#scaling = scaling;
    this.#rows = rows;
    this.#line = reachOfSteps(columns) > REACH_MAX.line ? 'wideLine' : 'line';
    this.#chromaStride = width + SLACK_BYTES;
    const stepsBytes = (columns.first.length / LINE_STEP) * STEP_BYTES;
    let end = 0;
    const take = (bytes: number) => {
      const start = end;
      end += (bytes + SLACK_BYTES + 15) & ~15;
      return start;
    };
    this.#at = {
      luma: take(width),
      chroma: take(this.#chromaStride * 3),
      steps: take(stepsBytes),
      constants: take(CONSTANTS_BYTES),
      values: take(3 * shape.width * shape.height * 4),
    };
    this.#stepsEnd = this.#at.steps + stepsBytes;
    const pages = pagesOf(end);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    compiled ??= new WebAssembly.Module(inputModule());
    const bytesEach = (width * height * 3) / 2;
    this.#own = pictures ? null : new PictureMemory({ bytesEach, count: 1 });
    const env = { memory, pictures: pictures ?? (this.#own as PictureMemory).memory };
    const { exports } = new WebAssembly.Instance(compiled, { env });
    this.#kernels = exports as Record<string, Kernel>;
    const count = 3 * shape.width * shape.height;
    this.values = new Float32Array(memory.buffer, this.#at.values, count);
    const view = new DataView(memory.buffer);
    this.#writeSteps(view, columns);
    this.#factors = this.#writeConstants(view, picture);
  }

  /** Fills `values` with the picture. */
  write({ bytes, address }: Picture): Scaling {
    const { width, height } = this.#picture;
    const { luma, chroma, constants, steps } = this.#at;
    const stride = this.#chromaStride;
    const { blend, offsets } = this.#kernels as Record<'blend' | 'offsets', Kernel>;
    const line = this.#kernels[this.#line] as Kernel;
    const picture = this.#own ? this.#own.copyIn(bytes) : (address ?? 0);
    const blueStart = picture + width * height;
    const redStart = blueStart + (width >> 1) * (height >> 1);
    const planeBytes = this.#shape.width * this.#shape.height * 4;
    const isRgb = this.#shape.channels === 'RGB';
    let chromaRow = -1;
    for (let y = 0; y < this.#rows.first.length; y++) {
      const first = this.#rows.first[y] ?? 0;
      const weight = this.#rows.weight[y] ?? 0;
      const top = picture + first * width;
      blend(top, weight === 0 ? top : top + width, luma, luma + width, weight);
      const row = this.#rows.chroma[y] ?? 0;
      if (row !== chromaRow) {
        chromaRow = row;
        const at = row * (width >> 1);
        offsets(blueStart + at, redStart + at, chroma, chroma + width, stride, ...this.#factors);
      }
      const out = this.#at.values + y * this.#shape.width * 4;
      const far = out + 2 * planeBytes;
      const [red, blue] = isRgb ? [out, far] : [far, out];
      line(steps, this.#stepsEnd, luma, chroma, stride, constants, red, out + planeBytes, blue);
    }
    return this.#scaling;
  }

  #writeSteps(view: DataView, { first, weight, chroma }: Reach): void {
    for (let x = 0; x < first.length; x += LINE_STEP) {
      const at = this.#at.steps + (x / LINE_STEP) * STEP_BYTES;
      const base = first[x] ?? 0;
      const chromaBase = chroma[x] ?? 0;
      view.setInt32(at + STEP_AT.luma, base, true);
      view.setInt32(at + STEP_AT.chroma, chromaBase * 2, true);
      for (let lane = 0; lane < LINE_STEP; lane++) {
        const left = (first[x + lane] ?? 0) - base;
        view.setUint8(at + STEP_AT.left + lane, left);
        view.setUint8(at + STEP_AT.right + lane, left + 1);
        view.setInt16(at + STEP_AT.weight + lane * 2, weight[x + lane] ?? 0, true);
        const colour = ((chroma[x + lane] ?? 0) - chromaBase) * 2;
        view.setUint8(at + STEP_AT.colour + lane * 2, colour);
        view.setUint8(at + STEP_AT.colour + lane * 2 + 1, colour + 1);
      }
    }
  }

  /** Writes limits, gains and bases, and what lies outside the picture; tells chroma's factors. */
  #writeConstants(view: DataView, picture: Picture): [number, number, number, number] {
    const { luma, base, red, greenFromBlue, greenFromRed, blue } = coloursOf(picture);
    const { scale, mean, deviation, pad, channels, width, height } = this.#shape;
    const start = this.#at.constants;
    for (let lane = 0; lane < 8; lane++) {
      view.setInt16(start + lane * 2, Math.round(base * QUARTERS), true);
      view.setInt16(start + 16 + lane * 2, Math.round((base + 255 / luma) * QUARTERS), true);
    }
    const order = channels === 'RGB' ? [0, 1, 2] : [2, 1, 0];
    order.forEach((plane, channel) => {
      const gain = scale / (deviation[plane] ?? 1);
      const add = -(mean[plane] ?? 0) / (deviation[plane] ?? 1);
      const at = start + 32 + channel * 32;
      for (let lane = 0; lane < 4; lane++) {
        view.setFloat32(at + lane * 4, (luma / QUARTERS) * gain, true);
        view.setFloat32(at + 16 + lane * 4, add - base * luma * gain, true);
      }
      this.values.fill(pad * gain + add, plane * width * height, (plane + 1) * width * height);
    });
    const factor = (gain: number) => Math.round((gain / luma) * QUARTERS * 2 ** CHROMA_BITS);
    return [factor(red), factor(blue), factor(greenFromBlue), factor(greenFromRed)];
  }
}

/** The furthest source byte that a step looks at, from its first one. */
function reachOfSteps({ first, chroma }: Reach): number {
  let furthest = 0;
  for (let x = 0; x < first.length; x += LINE_STEP) {
    const last = x + LINE_STEP - 1;
    const luma = (first[last] ?? 0) + 1 - (first[x] ?? 0);
    const colour = ((chroma[last] ?? 0) - (chroma[x] ?? 0)) * 2 + 1;
    furthest = Math.max(furthest, luma, colour);
  }
  return furthest;
}

function reachOf(source: number, target: number): Reach {
  const reach: Reach = { first: [], weight: [], chroma: [] };
  for (let index = 0; index < target; index++) {
    const centre = ((index + 0.5) * source) / target;
    const clamped = Math.min(source - 1, Math.max(0, centre - 0.5));
    const low = Math.floor(clamped);
    reach.first.push(low);
    const weight = Math.round((clamped - low) * WEIGHT_ONE);
    reach.weight.push(low === source - 1 ? 0 : weight);
    reach.chroma.push(Math.min(source / 2 - 1, Math.floor(centre / 2)));
  }
  return reach;
}
