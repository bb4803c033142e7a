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
    const line = new Float32Array(usedWidth * 3);
    const redAt = shape.channels === 'RGB' ? 0 : 2;
    for (let y = 0; y < usedHeight; y++) {
      convertRow(picture, columns, rows, y, line);
      const start = y * shape.width;
      for (let channel = 0; channel < 3; channel++) {
        const [multiply, add] = factors[channel] ?? [1, 0];
        const from = (channel === 1 ? 1 : channel === 0 ? redAt : 2 - redAt) * usedWidth;
        const to = channel * plane + start;
        for (let x = 0; x < usedWidth; x++) {
          out[to + x] = (line[from + x] as number) * multiply + add;
        }
      }
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

/** One target row as R, G, B after each other. */
function convertRow(picture: Picture, columns: Axes, rows: Axes, y: number, line: Float32Array) {
  const { width, height, bytes } = picture;
  const count = line.length / 3;
  const chromaWidth = width >> 1;
  const blueStart = width * height;
  const redStart = blueStart + chromaWidth * (height >> 1);
  const isVideo = picture.range === 'video';
  const lumaGain = isVideo ? 255 / 219 : 1;
  const lumaBase = isVideo ? 16 : 0;
  const chromaGain = isVideo ? 255 / 224 : 1;
  const is709 = picture.matrix === 'bt709';
  // ITU-R BT.709-6 section 3, ITU-R BT.601-7 section 2.5.
  const redGain = chromaGain * (is709 ? 1.5748 : 1.402);
  const greenFromBlue = chromaGain * (is709 ? 0.187324 : 0.344136);
  const greenFromRed = chromaGain * (is709 ? 0.468124 : 0.714136);
  const blueGain = chromaGain * (is709 ? 1.8556 : 1.772);
  const lumaTop = (rows.luma.first[y] as number) * width;
  const lumaBottom = (rows.luma.second[y] as number) * width;
  const lumaWeight = rows.luma.weight[y] as number;
  const chromaTop = (rows.chroma.first[y] as number) * chromaWidth;
  const chromaBottom = (rows.chroma.second[y] as number) * chromaWidth;
  const chromaWeight = rows.chroma.weight[y] as number;
  const { luma, chroma } = columns;
  for (let x = 0; x < count; x++) {
    const left = luma.first[x] as number;
    const right = luma.second[x] as number;
    const across = luma.weight[x] as number;
    const value = mix4(bytes, lumaTop, lumaBottom, left, right, across, lumaWeight);
    const cLeft = chroma.first[x] as number;
    const cRight = chroma.second[x] as number;
    const cAcross = chroma.weight[x] as number;
    const blueTop = blueStart + chromaTop;
    const blueBottom = blueStart + chromaBottom;
    const cb = mix4(bytes, blueTop, blueBottom, cLeft, cRight, cAcross, chromaWeight) - 128;
    const redTop = redStart + chromaTop;
    const redBottom = redStart + chromaBottom;
    const cr = mix4(bytes, redTop, redBottom, cLeft, cRight, cAcross, chromaWeight) - 128;
    const grey = (value - lumaBase) * lumaGain;
    line[x] = clamp(grey + redGain * cr);
    line[count + x] = clamp(grey - greenFromBlue * cb - greenFromRed * cr);
    line[2 * count + x] = clamp(grey + blueGain * cb);
  }
}

function mix4(
  bytes: Uint8Array,
  top: number,
  bottom: number,
  left: number,
  right: number,
  across: number,
  down: number,
): number {
  const a = bytes[top + left] as number;
  const b = bytes[top + right] as number;
  const c = bytes[bottom + left] as number;
  const d = bytes[bottom + right] as number;
  const upper = a + (b - a) * across;
  return upper + (c + (d - c) * across - upper) * down;
}

function clamp(value: number): number {
  return Math.min(255, Math.max(0, value));
}
