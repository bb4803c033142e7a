// A decoded picture (YUV 4:2:0 planar) becomes a model's input: luma scaled bilinearly with
// half-pixel centres, letterboxed, RGB or BGR planes. Runs in the worker, on every picture.
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
    const plane = shape.width * shape.height;
    const factors = [0, 1, 2].map((channel) => {
      const deviation = shape.deviation[channel] ?? 1;
      return [shape.scale / deviation, -(shape.mean[channel] ?? 0) / deviation] as const;
    });
    const isFilled =
      columns.from === 0 &&
      columns.to === shape.width &&
      rows.from === 0 &&
      rows.to === shape.height;
    if (!isFilled) {
      for (let channel = 0; channel < 3; channel++) {
        const [multiply, add] = factors[channel] ?? [1, 0];
        out.fill(shape.pad * multiply + add, channel * plane, (channel + 1) * plane);
      }
    }
    const order = shape.channels === 'RGB' ? [0, 1, 2] : [2, 1, 0];
    const target = {
      out,
      starts: order.map((channel) => channel * plane),
      gains: order.map((channel) => factors[channel]?.[0] ?? 1),
      bases: order.map((channel) => factors[channel]?.[1] ?? 0),
    };
    const luma = new Float32Array(picture.width);
    const offsets = new ColourOffsets(picture);
    for (let line = rows.from; line < rows.to; line++) {
      blendLuma(picture, rows.luma, line, luma, columns);
      offsets.choose(rows.chroma[line] ?? 0);
      writeRow(luma, columns, offsets, target, line * shape.width);
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
}

function wholeOf(picture: Picture): Region {
  return { x: 0, y: 0, width: picture.width, height: picture.height };
}

/** For each target sample: the two source samples and the weight of the second. */
type Axis = { first: Int32Array; second: Int32Array; weight: Float32Array };
/** A stretch of the source, in its samples. */
type Part = { start: number; length: number };
/**
 * How one direction is scaled; `chroma` holds the nearest chroma sample of each target sample.
 * Target samples before `from` and from `to` on lie outside the source.
 */
type Axes = { key: string; luma: Axis; chroma: Int32Array; from: number; to: number };

function axesOf(source: number, part: Part, target: number): Omit<Axes, 'key'> {
  const first = new Int32Array(target);
  const second = new Int32Array(target);
  const weight = new Float32Array(target);
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
    const low = Math.min(source - 1, Math.floor(clamped));
    first[index] = low;
    second[index] = Math.min(source - 1, low + 1);
    weight[index] = clamped - low;
    chroma[index] = Math.min(chromaCount - 1, Math.max(0, Math.floor(centre / 2)));
  }
  return { luma: { first, second, weight }, chroma, from: Math.min(from, to), to };
}

/** Target row `y` of luma at the width of the source, as far as it is looked at: two rows mixed. */
function blendLuma(
  picture: Picture,
  rows: Axis,
  y: number,
  out: Float32Array,
  { luma: { first, second }, from, to }: Axes,
): void {
  const { width, bytes } = picture;
  const start = first[from] ?? 0;
  const end = (second[to - 1] ?? -1) + 1;
  const top = (rows.first[y] ?? 0) * width;
  const bottom = (rows.second[y] ?? 0) * width;
  const weight = rows.weight[y] ?? 0;
  for (let x = start; x < end; x++) {
    const a = bytes[top + x] as number;
    out[x] = a + ((bytes[bottom + x] as number) - a) * weight;
  }
}

/** What chroma adds to grey, for each sample of one row of chroma. */
class ColourOffsets {
  readonly red: Float32Array;
  readonly green: Float32Array;
  readonly blue: Float32Array;
  readonly colours: ReturnType<typeof coloursOf>;
  readonly #picture: Picture;
  #row = -1;

  constructor(picture: Picture) {
    const width = picture.width >> 1;
    this.#picture = picture;
    this.colours = coloursOf(picture);
    this.red = new Float32Array(width);
    this.green = new Float32Array(width);
    this.blue = new Float32Array(width);
  }

  /** Makes the offsets those of chroma row `row`; nothing to do when they are already. */
  choose(row: number): void {
    if (row === this.#row) return;
    this.#row = row;
    const { width, height, bytes } = this.#picture;
    const chromaWidth = width >> 1;
    const blueStart = width * height + row * chromaWidth;
    const redStart = blueStart + chromaWidth * (height >> 1);
    const { red, green, blue } = this;
    const { red: redOf, blue: blueOf, greenFromBlue, greenFromRed } = this.colours;
    for (let x = 0; x < chromaWidth; x++) {
      const cb = (bytes[blueStart + x] as number) - 128;
      const cr = (bytes[redStart + x] as number) - 128;
      red[x] = redOf * cr;
      green[x] = -greenFromBlue * cb - greenFromRed * cr;
      blue[x] = blueOf * cb;
    }
  }
}

/** ITU-R BT.709-6 section 3, ITU-R BT.601-7 section 2.5, with the range's gains folded in. */
function coloursOf(picture: Picture) {
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

type Target = { out: Float32Array; starts: number[]; gains: number[]; bases: number[] };

/** Mixes columns, adds colour to grey, and writes red, green and blue to their planes. */
function writeRow(
  lumaRow: Float32Array,
  columns: Axes,
  offsets: ColourOffsets,
  target: Target,
  offset: number,
): void {
  const { first: left, second: right, weight } = columns.luma;
  const chromaAt = columns.chroma;
  const { out, starts, gains, bases } = target;
  const [redStart = 0, greenStart = 0, blueStart = 0] = starts.map((start) => start + offset);
  const [redGain = 1, greenGain = 1, blueGain = 1] = gains;
  const [redBase = 0, greenBase = 0, blueBase = 0] = bases;
  // Locals: fields of objects would be read again for every pixel.
  const { red: redOf, green: greenOf, blue: blueOf, colours } = offsets;
  const { luma: lumaGain, base } = colours;
  for (let x = columns.from; x < columns.to; x++) {
    const a = lumaRow[left[x] as number] as number;
    const value = a + ((lumaRow[right[x] as number] as number) - a) * (weight[x] as number);
    const grey = (value - base) * lumaGain;
    const at = chromaAt[x] as number;
    out[redStart + x] = clamp(grey + (redOf[at] as number)) * redGain + redBase;
    out[greenStart + x] = clamp(grey + (greenOf[at] as number)) * greenGain + greenBase;
    out[blueStart + x] = clamp(grey + (blueOf[at] as number)) * blueGain + blueBase;
  }
}

function clamp(value: number): number {
  return Math.min(255, Math.max(0, value));
}
