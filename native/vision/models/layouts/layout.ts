// What every layout of outputs shares: the tensors it is given, the error it answers with, and the
// one place where a box is taken or left out. Values come from files of strangers: what is no
// number, or a box without area, is skipped.

import type { Detection } from '../../tracking/track.ts';
import type { Model } from '../manifest.ts';

export type OutputTensor = { dims: readonly number[]; data: Float32Array };
export type Outputs = Readonly<Record<string, OutputTensor>>;

/** Outputs that are not what the layout says; the message names what was expected. */
export class LayoutError extends Error {
  override name = 'LayoutError';
}

/** Boxes in input pixels (not normalised), before suppression. Throws LayoutError. */
export type Decoder = (outputs: Outputs, model: Model) => Detection[];

/** The output with this name, or the only one when `name` is null, of exactly these dimensions. */
export function takeOutput(
  layout: string,
  outputs: Outputs,
  name: string | null,
  dims: readonly number[],
): Float32Array {
  const output = name === null ? Object.values(outputs)[0] : outputs[name];
  const expected = dims.join('x');
  const shape = output?.dims.join('x');
  if (output && shape === expected) return output.data;
  const which = name === null ? 'an output' : `an output "${name}"`;
  const names = Object.keys(outputs).join(', ') || 'none';
  const found = shape ?? `nothing; the model's outputs are ${names}`;
  throw new LayoutError(`Layout ${layout} expects ${which} of ${expected}, got ${found}.`);
}

/** Index of the largest of `count` values from `start` on, relative to `start`. */
export function bestOf(data: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let index = 1; index < count; index++) {
    if ((data[start + index] as number) > (data[start + best] as number)) best = index;
  }
  return best;
}

/** Adds a box unless a value of it is no number or it has no area. */
export function addBox(
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
