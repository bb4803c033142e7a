// A top-down pose network that is open: a picture and the boxes of people in, 17 keypoints of each
// out, in this thread, one person after the other (batches gain nothing on a CPU).
// Method: the peak of each heatmap, moved to the top of the parabola through its neighbours'
// logarithms (a heatmap is a Gaussian; Zhang et al. 2020, "DARK", arXiv 1910.06278).

import type { Box } from '../tracking/track.ts';
import { LayoutError, type OutputTensor } from './layouts/layout.ts';
import type { Model } from './manifest.ts';
import { InputWriter, type Picture, type Region } from './picture.ts';
import { openTrusted, shapeOf, type Trial, type TrustOptions } from './providers.ts';
import type { Provider } from './runtime.ts';
import { refuseNoNumbers } from './session.ts';

/** A place on a person, normalised to the picture; the confidence is the heatmap's peak, 0..1. */
export type Keypoint = { x: number; y: number; confidence: number };

export type PoseSession = {
  provider: Provider;
  medianMs: number;
  refusals: Trial[];
  /** Keypoints of each box, in the order of the model's labels; boxes are normalised. */
  look(
    picture: Picture,
    boxes: readonly Box[],
  ): Promise<{ poses: Keypoint[][]; inferMs: number; glueMs: number }>;
  close(): Promise<void>;
};

/**
 * Opens a pose model and shows it one grey picture.
 *
 * @throws Error with a sentence that names the manifest's field and what was expected
 */
export async function openPoseSession(model: Model, options: TrustOptions): Promise<PoseSession> {
  const { open, refusals, medianMs } = await openTrusted(model, options);
  const writer = new InputWriter({ ...model.input, fit: 'stretch' });
  const dims = shapeOf(model);
  const values = new Float32Array(dims[1] * dims[2] * dims[3]);
  const look: PoseSession['look'] = async (picture, boxes) => {
    let inferMs = 0;
    const startedAt = performance.now();
    const poses: Keypoint[][] = [];
    for (const box of boxes) {
      const region = cropOf(box, picture, model);
      writer.write(picture, values, alignedTo(region, model));
      const writtenAt = performance.now();
      const outputs = await open.run({ [model.input.name]: { dims, data: values } });
      inferMs += performance.now() - writtenAt;
      refuseNoNumbers(outputs);
      poses.push(readHeatmaps(Object.values(outputs)[0], model, region, picture));
    }
    return { poses, inferMs, glueMs: performance.now() - startedAt - inferMs };
  };
  const grey = new Uint8Array((64 * 64 * 3) / 2).fill(128);
  const whole = { x: 0, y: 0, width: 1, height: 1 };
  try {
    await look({ width: 64, height: 64, bytes: grey, range: 'full', matrix: 'bt601' }, [whole]);
  } catch (cause) {
    await open.close();
    if (cause instanceof LayoutError) throw new Error(`layout or labels: ${cause.message}`);
    throw cause;
  }
  return { provider: open.provider, refusals, medianMs, look, close: open.close };
}

/** The box grown to the input's shape around its centre, in picture pixels. */
export function cropOf(box: Box, picture: { width: number; height: number }, model: Model): Region {
  const aspect = model.input.width / model.input.height;
  let width = box.width * picture.width;
  let height = box.height * picture.height;
  if (width > height * aspect) height = width / aspect;
  else width = height * aspect;
  width *= model.cropScale;
  height *= model.cropScale;
  const centreX = (box.x + box.width / 2) * picture.width;
  const centreY = (box.y + box.height / 2) * picture.height;
  return { x: centreX - width / 2, y: centreY - height / 2, width, height };
}

/**
 * The same region with its first input pixel exactly on its corner: the network was trained with
 * a warp that maps corners to corners, where scaling maps centres to centres.
 */
function alignedTo(region: Region, model: Model): Region {
  const x = region.x + 0.5 - (region.width / model.input.width) * 0.5;
  const y = region.y + 0.5 - (region.height / model.input.height) * 0.5;
  return { ...region, x, y };
}

function readHeatmaps(
  output: OutputTensor | undefined,
  model: Model,
  region: Region,
  picture: { width: number; height: number },
): Keypoint[] {
  const [batch, count, rows = 0, columns = 0] = output?.dims ?? [];
  const isFine = output?.dims.length === 4 && batch === 1 && count === model.labels.length;
  if (!output || !isFine || rows < 2 || columns < 2) {
    const shape = output?.dims.join('x') ?? 'nothing';
    const expected = `1x${model.labels.length}xHxW`;
    throw new LayoutError(`Layout heatmaps expects an output of ${expected}, got ${shape}.`);
  }
  const { data } = output;
  const plane = rows * columns;
  return model.labels.map((_, index) => {
    const peak = peakOf(data, index * plane, columns, rows);
    return {
      x: (region.x + (peak.x * region.width) / columns) / picture.width,
      y: (region.y + (peak.y * region.height) / rows) / picture.height,
      confidence: Math.min(1, Math.max(0, peak.value)),
    };
  });
}

function peakOf(data: Float32Array, start: number, columns: number, rows: number) {
  let best = start;
  const end = start + columns * rows;
  for (let at = start; at < end; at++) if ((data[at] as number) > (data[best] as number)) best = at;
  const x = (best - start) % columns;
  const y = Math.floor((best - start) / columns);
  const value = data[best] as number;
  const towards = (before: number, after: number) =>
    vertexOf(data[before] as number, value, data[after] as number);
  const shiftX = x > 0 && x < columns - 1 ? towards(best - 1, best + 1) : 0;
  const shiftY = y > 0 && y < rows - 1 ? towards(best - columns, best + columns) : 0;
  return { x: x + shiftX, y: y + shiftY, value };
}

/** Where the parabola through the logarithms of three neighbouring cells has its top, in cells. */
function vertexOf(before: number, at: number, after: number): number {
  const [left, middle, right] = [before, at, after].map((value) =>
    Math.log(Math.max(value, 1e-6)),
  ) as [number, number, number];
  const curve = left - 2 * middle + right;
  return curve < 0 ? Math.min(0.5, Math.max(-0.5, (left - right) / (2 * curve))) : 0;
}
