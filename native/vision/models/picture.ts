// A decoded picture (YUV 4:2:0 planar) becomes a model's input:
// scaled bilinearly with half-pixel centres, letterboxed, RGB or BGR planes. Runs in the worker.
// Surprising: scaling happens in YUV, where chroma has half the size, and colour is converted
// afterwards; both are linear, so the result is the same and four times fewer samples are read.

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

/** How a picture lies in the input: top left, so there is no offset. */
export function scalingOf(picture: { width: number; height: number }, shape: InputShape): Scaling {
  const x = shape.width / picture.width;
  const y = shape.height / picture.height;
  if (shape.fit === 'stretch') return { x, y };
  const both = Math.min(x, y);
  return { x: both, y: both };
}

export class InputWriter {
  readonly #shape: InputShape;
  #columns: { key: string; luma: Axis; chroma: Axis } | null = null;
  #rows: { key: string; luma: Axis; chroma: Axis } | null = null;

  constructor(shape: InputShape) {
    this.#shape = shape;
  }

  /** Fills `out` (3 * height * width, channel planes) and tells the scaling. */
  write(picture: Picture, out: Float32Array): Scaling {
    const shape = this.#shape;
    const scaling = scalingOf(picture, shape);
    const usedWidth = Math.min(shape.width, Math.round(picture.width * scaling.x));
    const usedHeight = Math.min(shape.height, Math.round(picture.height * scaling.y));
    const columns = this.#axes('columns', picture.width, usedWidth);
    const rows = this.#axes('rows', picture.height, usedHeight);
    const plane = shape.width * shape.height;
    const factors = [0, 1, 2].map((channel) => {
      const deviation = shape.deviation[channel] ?? 1;
      return [shape.scale / deviation, -(shape.mean[channel] ?? 0) / deviation] as const;
    });
    if (usedWidth < shape.width || usedHeight < shape.height) {
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
    const blend = {
      luma: new Float32Array(picture.width),
      blue: new Float32Array(picture.width >> 1),
      red: new Float32Array(picture.width >> 1),
    };
    const colours = coloursOf(picture);
    for (let y = 0; y < usedHeight; y++) {
      blendRows(picture, rows, y, blend);
      writeRow(blend, columns, colours, target, y * shape.width, usedWidth);
    }
    return scaling;
  }

  #axes(which: 'columns' | 'rows', source: number, target: number): { luma: Axis; chroma: Axis } {
    const key = `${source} ${target}`;
    const known = which === 'columns' ? this.#columns : this.#rows;
    if (known?.key === key) return known;
    const made = { key, luma: axisOf(source, target), chroma: axisOf(source / 2, target) };
    if (which === 'columns') this.#columns = made;
    else this.#rows = made;
    return made;
  }
}

/** For each target sample: the two source samples and the weight of the second. */
type Axis = { first: Int32Array; second: Int32Array; weight: Float32Array };

function axisOf(source: number, target: number): Axis {
  const first = new Int32Array(target);
  const second = new Int32Array(target);
  const weight = new Float32Array(target);
  for (let index = 0; index < target; index++) {
    const at = ((index + 0.5) * source) / target - 0.5;
    const clamped = Math.min(source - 1, Math.max(0, at));
    const low = Math.min(source - 1, Math.floor(clamped));
    first[index] = low;
    second[index] = Math.min(source - 1, low + 1);
    weight[index] = clamped - low;
  }
  return { first, second, weight };
}

type Axes = { luma: Axis; chroma: Axis };
type Blend = { luma: Float32Array; blue: Float32Array; red: Float32Array };

/** Target row `y` at the width of the source: each plane's two source rows mixed. */
function blendRows(picture: Picture, rows: Axes, y: number, blend: Blend): void {
  const { width, height, bytes } = picture;
  const chromaWidth = width >> 1;
  const blueStart = width * height;
  const redStart = blueStart + chromaWidth * (height >> 1);
  const lumaRows = [(rows.luma.first[y] ?? 0) * width, (rows.luma.second[y] ?? 0) * width] as const;
  mixRows(bytes, lumaRows[0], lumaRows[1], rows.luma.weight[y] ?? 0, blend.luma);
  const top = (rows.chroma.first[y] ?? 0) * chromaWidth;
  const bottom = (rows.chroma.second[y] ?? 0) * chromaWidth;
  const weight = rows.chroma.weight[y] ?? 0;
  mixRows(bytes, blueStart + top, blueStart + bottom, weight, blend.blue);
  mixRows(bytes, redStart + top, redStart + bottom, weight, blend.red);
}

function mixRows(
  bytes: Uint8Array,
  top: number,
  bottom: number,
  weight: number,
  out: Float32Array,
): void {
  for (let x = 0; x < out.length; x++) {
    const a = bytes[top + x] as number;
    out[x] = a + ((bytes[bottom + x] as number) - a) * weight;
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

/** Mixes columns, converts to red, green and blue, and writes each to its plane. */
function writeRow(
  blend: Blend,
  columns: Axes,
  colours: ReturnType<typeof coloursOf>,
  target: Target,
  offset: number,
  count: number,
): void {
  const { luma: lumaRow, blue: blueRow, red: redRow } = blend;
  const { first: left, second: right, weight } = columns.luma;
  const { first: chromaLeft, second: chromaRight, weight: chromaWeight } = columns.chroma;
  const { out, starts, gains, bases } = target;
  const [redStart = 0, greenStart = 0, blueStart = 0] = starts.map((start) => start + offset);
  const [redGain = 1, greenGain = 1, blueGain = 1] = gains;
  const [redBase = 0, greenBase = 0, blueBase = 0] = bases;
  // Locals: fields of objects would be read again for every pixel.
  const { luma: lumaGain, base, red: redOf, blue: blueOf, greenFromBlue, greenFromRed } = colours;
  for (let x = 0; x < count; x++) {
    const a = lumaRow[left[x] as number] as number;
    const value = a + ((lumaRow[right[x] as number] as number) - a) * (weight[x] as number);
    const at = chromaLeft[x] as number;
    const next = chromaRight[x] as number;
    const share = chromaWeight[x] as number;
    const b = blueRow[at] as number;
    const cb = b + ((blueRow[next] as number) - b) * share - 128;
    const r = redRow[at] as number;
    const cr = r + ((redRow[next] as number) - r) * share - 128;
    const grey = (value - base) * lumaGain;
    const red = clamp(grey + redOf * cr);
    const green = clamp(grey - greenFromBlue * cb - greenFromRed * cr);
    const blue = clamp(grey + blueOf * cb);
    out[redStart + x] = red * redGain + redBase;
    out[greenStart + x] = green * greenGain + greenBase;
    out[blueStart + x] = blue * blueGain + blueBase;
  }
}

function clamp(value: number): number {
  return Math.min(255, Math.max(0, value));
}
