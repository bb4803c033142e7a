// The decode table: how each layout's output tensors become boxes in input pixels. Outputs come
// from files of strangers, so shapes are checked and values that are no numbers are skipped.

import type { Detection } from '../tracking/track.ts';
import type { Model } from './manifest.ts';

export type OutputTensor = { dims: readonly number[]; data: Float32Array };
export type Outputs = Readonly<Record<string, OutputTensor>>;

/** Outputs that are not what the layout says; the message names what was expected. */
export class LayoutError extends Error {
  override name = 'LayoutError';
}

type Decoder = (outputs: Outputs, model: Model) => Detection[];

const DECODERS: Record<Model['layout'], Decoder> = {
  yolox: decodeYolox,
  centernet: decodeCentreNet,
};

/** Boxes in input pixels (not normalised), before suppression. Throws LayoutError. */
export function decodeOutputs(outputs: Outputs, model: Model): Detection[] {
  return DECODERS[model.layout](outputs, model);
}

const YOLOX_STRIDES = [8, 16, 32] as const;

/** YOLOX (Ge et al. 2021): rows of x, y, w, h, objectness, classes on three grids. */
function decodeYolox(outputs: Outputs, model: Model): Detection[] {
  const output = Object.values(outputs)[0];
  const { width, height } = model.input;
  const columns = 5 + model.labels.length;
  const cells = YOLOX_STRIDES.reduce((sum, side) => sum + (width / side) * (height / side), 0);
  const [batch, rows, found] = output?.dims ?? [];
  if (!output || batch !== 1 || rows !== cells || found !== columns) {
    const shape = output?.dims.join('x') ?? 'nothing';
    throw new LayoutError(`Layout yolox expects an output of 1x${cells}x${columns}, got ${shape}.`);
  }
  const detections: Detection[] = [];
  const { data } = output;
  let row = 0;
  for (const stride of YOLOX_STRIDES) {
    for (let y = 0; y < height / stride; y++) {
      for (let x = 0; x < width / stride; x++, row++) {
        const at = row * columns;
        const objectness = data[at + 4] as number;
        if (!(objectness >= model.minimumConfidence)) continue;
        const best = bestClass(data, at + 5, model.labels.length);
        const confidence = objectness * (data[at + 5 + best] as number);
        if (!(confidence >= model.minimumConfidence)) continue;
        const boxWidth = Math.exp(data[at + 2] as number) * stride;
        const boxHeight = Math.exp(data[at + 3] as number) * stride;
        const left = ((data[at] as number) + x) * stride - boxWidth / 2;
        const top = ((data[at + 1] as number) + y) * stride - boxHeight / 2;
        addBox(detections, model.labels[best] ?? '', confidence, left, top, boxWidth, boxHeight);
      }
    }
  }
  return detections;
}

function bestClass(data: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let index = 1; index < count; index++) {
    if ((data[start + index] as number) > (data[start + best] as number)) best = index;
  }
  return best;
}

function addBox(
  detections: Detection[],
  label: string,
  confidence: number,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  if (!Number.isFinite(x + y + width + height) || width <= 0 || height <= 0) return;
  detections.push({ label, confidence: Math.min(1, confidence), x, y, width, height });
}

/**
 * CenterNet (Zhou et al. 2019): `heat` 1xCxHxW of probabilities, `size` 1x2xHxW and `offset`
 * 1x2xHxW in cells. A peak is a cell that none of its eight neighbours exceeds.
 */
function decodeCentreNet(outputs: Outputs, model: Model): Detection[] {
  const columns = model.input.width / model.stride;
  const rows = model.input.height / model.stride;
  const heat = planes(outputs, 'heat', model.labels.length, rows, columns);
  const size = planes(outputs, 'size', 2, rows, columns);
  const offset = planes(outputs, 'offset', 2, rows, columns);
  const plane = rows * columns;
  const detections: Detection[] = [];
  model.labels.forEach((label, channel) => {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const cell = y * columns + x;
        const confidence = heat[channel * plane + cell] as number;
        if (!(confidence >= model.minimumConfidence)) continue;
        if (!isPeak(heat, channel * plane, x, y, columns, rows)) continue;
        const width = (size[cell] as number) * model.stride;
        const height = (size[plane + cell] as number) * model.stride;
        const centreX = (x + (offset[cell] as number)) * model.stride;
        const centreY = (y + (offset[plane + cell] as number)) * model.stride;
        const left = centreX - width / 2;
        addBox(detections, label, confidence, left, centreY - height / 2, width, height);
      }
    }
  });
  return detections;
}

function planes(outputs: Outputs, name: string, count: number, rows: number, columns: number) {
  const output = outputs[name];
  const expected = `1x${count}x${rows}x${columns}`;
  const shape = output?.dims.join('x') ?? 'nothing';
  if (!output || shape !== expected) {
    throw new LayoutError(`Layout centernet expects "${name}" of ${expected}, got ${shape}.`);
  }
  return output.data;
}

function isPeak(
  data: Float32Array,
  start: number,
  x: number,
  y: number,
  columns: number,
  rows: number,
): boolean {
  const value = data[start + y * columns + x] as number;
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const nx = x + dx;
      const ny = y + dy;
      if (nx < 0 || ny < 0 || nx >= columns || ny >= rows) continue;
      const other = data[start + ny * columns + nx] as number;
      // Of two equal neighbours the first in reading order is the peak.
      const isBefore = dy < 0 || (dy === 0 && dx < 0);
      if (other > value || (other === value && isBefore)) return false;
    }
  }
  return true;
}
