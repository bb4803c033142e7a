// A decoded picture (YUV 4:2:0 planar) becomes a model's input: luma scaled bilinearly with
// half-pixel centres, letterboxed, RGB or BGR planes. Runs in the worker, on every picture, so it
// reckons in whole numbers and looks the last step up in tables.
// Surprising: chroma is taken from the nearest sample and turned into colour offsets once for each
// row of chroma. It has half the size anyway, no golden answer leaves its tolerance, and the step
// takes two thirds of the time (4.3 -> 3.0 ms for 640x360 to 512x288).

/** Planar YUV 4:2:0; width and height are even. */
export type Picture = {
  width: number;
  height: number;
  bytes: Uint8Array;
  /** Luma 16..235 (video) or 0..255 (photos). */
  range: 'video' | 'full';
  /** Colour matrix: photos are BT.601, video of our feeds is BT.709. */
  matrix: 'bt601' | 'bt709';
  /** Where it lies in the memory that all threads share; absent: elsewhere. */
  address?: number;
};

export type InputShape = {
  width: number;
  height: number;
  channels: 'RGB' | 'BGR';
  scale: number;
  mean: readonly [number, number, number];
  deviation: readonly [number, number, number];
  fit: 'letterbox' | 'stretch';
  pad: number;
};

/** Input pixels per picture pixel. */
export type Scaling = { x: number; y: number };

/** A part of a picture in its pixels; it may stick out, and what does is filled with `pad`. */
export type Region = { x: number; y: number; width: number; height: number };

/** How a picture, or a region of it, lies in the input: top left, so there is no offset. */
export function scalingOf(picture: { width: number; height: number }, shape: InputShape): Scaling {
  const x = shape.width / picture.width;
  const y = shape.height / picture.height;
  if (shape.fit === 'stretch') return { x, y };
  const both = Math.min(x, y);
  return { x: both, y: both };
}

export class InputWriter {
  readonly #shape: InputShape;
  #columns: Axes | null = null;
  #rows: Axes | null = null;
  #colours: Colours | null = null;
  #luma = new Int32Array(0);

  constructor(shape: InputShape) {
    this.#shape = shape;
  }

  /**
   * Fills `out` (3 * height * width, channel planes) with the picture, or with a region of it, and
   * tells the scaling.
   */
  write(picture: Picture, out: Float32Array, region: Region = wholeOf(picture)): Scaling {
    const shape = this.#shape;
    const scaling = scalingOf(region, shape);
    const usedWidth = Math.min(shape.width, Math.round(region.width * scaling.x));
    const usedHeight = Math.min(shape.height, Math.round(region.height * scaling.y));
    const { x, y, width, height } = region;
    const columns = this.#axes('columns', picture.width, { start: x, length: width }, usedWidth);
    const rows = this.#axes('rows', picture.height, { start: y, length: height }, usedHeight);
    const colours = this.#coloursFor(picture);
    colours.begin();
    const plane = shape.width * shape.height;
    const isFilled =
      columns.from === 0 &&
      columns.to === shape.width &&
      rows.from === 0 &&
      rows.to === shape.height;
    if (!isFilled) {
      colours.pads.forEach((pad, channel) => {
        out.fill(pad, channel * plane, (channel + 1) * plane);
      });
    }
    if (this.#luma.length !== picture.width + 1) this.#luma = new Int32Array(picture.width + 1);
    const planes = colours.planes.map((at) => out.subarray(at * plane, (at + 1) * plane));
    for (let line = rows.from; line < rows.to; line++) {
      blendLuma(picture, rows, line, this.#luma, columns);
      colours.choose(picture, rows.chroma[line] ?? 0);
      writeRow(this.#luma, columns, colours, planes, line * shape.width);
    }
    return scaling;
  }

  #axes(which: 'columns' | 'rows', source: number, part: Part, target: number): Axes {
    const key = `${source} ${part.start} ${part.length} ${target}`;
    const known = which === 'columns' ? this.#columns : this.#rows;
    if (known?.key === key) return known;
    const made = { key, ...axesOf(source, part, target) };
    if (which === 'columns') this.#columns = made;
    else this.#rows = made;
    return made;
  }

  #coloursFor(picture: Picture): Colours {
    const { range, matrix, width } = picture;
    const key = `${range} ${matrix} ${width}`;
    if (this.#colours?.key !== key) this.#colours = new Colours(key, picture, this.#shape);
    return this.#colours;
  }
}

function wholeOf(picture: Picture): Region {
  return { x: 0, y: 0, width: picture.width, height: picture.height };
}

/** A stretch of the source, in its samples. */
type Part = { start: number; length: number };
/** Weights are counted in these parts: finer than a step of 8-bit luma ever shows. */
const WEIGHT_BITS = 6;
const WEIGHT_ONE = 1 << WEIGHT_BITS;
/** Luma is carried in quarters of a step from the blends to the tables. */
const LUMA_SHIFT = 2 * WEIGHT_BITS - 2;
const LUMA_STEPS = 4;
/** Room in the tables for what chroma takes away and adds, in quarters. */
const TABLE_OFFSET = 1024;
const TABLE_LENGTH = 3 * 1024;

/**
 * How one direction is scaled. For each target sample: the first of two source samples, the weight
 * of the one after it, and the nearest chroma sample. Target samples before `from` and from `to` on
 * lie outside the source.
 */
type Axes = {
  key: string;
  first: Int32Array;
  weight: Int32Array;
  chroma: Int32Array;
  from: number;
  to: number;
};

function axesOf(source: number, part: Part, target: number): Omit<Axes, 'key'> {
  const first = new Int32Array(target);
  const weight = new Int32Array(target);
  const chroma = new Int32Array(target);
  const chromaCount = source / 2;
  let from = target;
  let to = 0;
  for (let index = 0; index < target; index++) {
    const centre = part.start + ((index + 0.5) * part.length) / target;
    if (centre >= 0 && centre < source) {
      from = Math.min(from, index);
      to = index + 1;
    }
    const clamped = Math.min(source - 1, Math.max(0, centre - 0.5));
    const low = Math.floor(clamped);
    first[index] = low;
    // The last sample has none after it: its own weight must be whole.
    weight[index] = low === source - 1 ? 0 : Math.round((clamped - low) * WEIGHT_ONE);
    chroma[index] = Math.min(chromaCount - 1, Math.max(0, Math.floor(centre / 2)));
  }
  return { first, weight, chroma, from: Math.min(from, to), to };
}

/** Target row `y` of luma at the width of the source, as far as it is looked at: two rows mixed. */
function blendLuma(
  { width, bytes }: Picture,
  rows: Axes,
  y: number,
  out: Int32Array,
  columns: Axes,
): void {
  const weight = rows.weight[y] as number;
  const top = (rows.first[y] as number) * width;
  const bottom = weight === 0 ? top : top + width;
  const start = columns.first[columns.from] ?? 0;
  const end = Math.min(width, (columns.first[columns.to - 1] ?? -1) + 2);
  const rest = WEIGHT_ONE - weight;
  for (let x = start; x < end; x++) {
    out[x] = (bytes[top + x] as number) * rest + (bytes[bottom + x] as number) * weight;
  }
}

/** What becomes of luma and chroma: offsets of one row of chroma, and tables to the final value. */
class Colours {
  readonly key: string;
  /** Value of what lies outside the picture, for each plane of the input. */
  readonly pads: number[];
  /** Which plane red, green and blue go to. */
  readonly planes: number[];
  /** Final values of red, green and blue by luma and chroma together, in quarters. */
  readonly tables: [Float32Array, Float32Array, Float32Array];
  readonly red: Int32Array;
  readonly green: Int32Array;
  readonly blue: Int32Array;
  readonly #byChroma: { redOf: Int32Array; blueOf: Int32Array; greenB: number; greenR: number };
  #row = -1;

  constructor(key: string, picture: Picture, shape: InputShape) {
    const { luma, base, red, greenFromBlue, greenFromRed, blue } = coloursOf(picture);
    const width = picture.width >> 1;
    this.key = key;
    this.red = new Int32Array(width);
    this.green = new Int32Array(width);
    this.blue = new Int32Array(width);
    const steps = (gain: number) => (gain / luma) * LUMA_STEPS;
    const chromaTable = (gain: number) =>
      Int32Array.from({ length: 256 }, (_, value) => Math.round(steps(gain) * (value - 128)));
    this.#byChroma = {
      ...{ redOf: chromaTable(red), blueOf: chromaTable(blue) },
      ...{ greenB: steps(greenFromBlue), greenR: steps(greenFromRed) },
    };
    this.planes = shape.channels === 'RGB' ? [0, 1, 2] : [2, 1, 0];
    const finals = [0, 1, 2].map((plane) => {
      const gain = shape.scale / (shape.deviation[plane] ?? 1);
      const add = -(shape.mean[plane] ?? 0) / (shape.deviation[plane] ?? 1);
      return (value: number) => value * gain + add;
    });
    this.pads = finals.map((final) => final(shape.pad));
    const tableOf = (plane = 0) =>
      Float32Array.from({ length: TABLE_LENGTH }, (_, index) => {
        const grey = ((index - TABLE_OFFSET) / LUMA_STEPS - base) * luma;
        return finals[plane]?.(Math.min(255, Math.max(0, grey))) ?? 0;
      });
    const [toRed, toGreen, toBlue] = this.planes;
    this.tables = [tableOf(toRed), tableOf(toGreen), tableOf(toBlue)];
  }

  /** What follows is another picture. */
  begin(): void {
    this.#row = -1;
  }

  /** Makes the offsets those of chroma row `row`; nothing to do when they are already. */
  choose({ width, height, bytes }: Picture, row: number): void {
    if (row === this.#row) return;
    this.#row = row;
    const chromaWidth = width >> 1;
    const blueStart = width * height + row * chromaWidth;
    const redStart = blueStart + chromaWidth * (height >> 1);
    const { red, green, blue } = this;
    const { redOf, blueOf, greenB, greenR } = this.#byChroma;
    for (let x = 0; x < chromaWidth; x++) {
      const cb = bytes[blueStart + x] as number;
      const cr = bytes[redStart + x] as number;
      red[x] = (redOf[cr] as number) + TABLE_OFFSET;
      green[x] = (-greenB * (cb - 128) - greenR * (cr - 128) + TABLE_OFFSET) | 0;
      blue[x] = (blueOf[cb] as number) + TABLE_OFFSET;
    }
  }
}

/** ITU-R BT.709-6 section 3, ITU-R BT.601-7 section 2.5, with the range's gains folded in. */
export function coloursOf(picture: Picture) {
  const isVideo = picture.range === 'video';
  const is709 = picture.matrix === 'bt709';
  const gain = isVideo ? 255 / 224 : 1;
  return {
    luma: isVideo ? 255 / 219 : 1,
    base: isVideo ? 16 : 0,
    red: gain * (is709 ? 1.5748 : 1.402),
    greenFromBlue: gain * (is709 ? 0.187324 : 0.344136),
    greenFromRed: gain * (is709 ? 0.468124 : 0.714136),
    blue: gain * (is709 ? 1.8556 : 1.772),
  };
}

/** Mixes columns, adds colour to grey, and writes red, green and blue to their planes. */
function writeRow(
  luma: Int32Array,
  columns: Axes,
  colours: Colours,
  planes: readonly Float32Array[],
  offset: number,
): void {
  // Locals: fields of objects would be read again for every pixel.
  const { first, weight, chroma, from, to } = columns;
  const { red, green, blue } = colours;
  const [redTable, greenTable, blueTable] = colours.tables;
  const [redOut, greenOut, blueOut] = planes as [Float32Array, Float32Array, Float32Array];
  for (let x = from; x < to; x++) {
    const left = first[x] as number;
    const a = luma[left] as number;
    const mixed = (a << WEIGHT_BITS) + ((luma[left + 1] as number) - a) * (weight[x] as number);
    const grey = mixed >> LUMA_SHIFT;
    const at = chroma[x] as number;
    redOut[offset + x] = redTable[grey + (red[at] as number)] as number;
    greenOut[offset + x] = greenTable[grey + (green[at] as number)] as number;
    blueOut[offset + x] = blueTable[grey + (blue[at] as number)] as number;
  }
}
