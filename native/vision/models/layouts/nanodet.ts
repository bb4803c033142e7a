// NanoDet (RangiLyu/nanodet), one pair of outputs for each stride: probabilities of classes, and
// the distances to the four sides as distributions over 8 bins (Generalized Focal Loss, Li et al.
// 2020, arXiv 2006.04388); a distance is the distribution's mean times the stride.

import type { Detection } from '../../tracking/track.ts';
import { addBox, bestOf, type Decoder, takeOutput } from './layout.ts';

const STRIDES = [8, 16, 32] as const;
const BINS = 8;

export const decodeNanoDet: Decoder = (outputs, model) => {
  const { width, height } = model.input;
  const classes = model.labels.length;
  const detections: Detection[] = [];
  for (const stride of STRIDES) {
    const columns = Math.ceil(width / stride);
    const cells = columns * Math.ceil(height / stride);
    const scoreName = `cls_pred_stride_${stride}`;
    const scores = takeOutput('nanodet', outputs, scoreName, [1, cells, classes]);
    const sideName = `dis_pred_stride_${stride}`;
    const sides = takeOutput('nanodet', outputs, sideName, [1, cells, 4 * BINS]);
    for (let cell = 0; cell < cells; cell++) {
      const best = bestOf(scores, cell * classes, classes);
      const confidence = scores[cell * classes + best] as number;
      if (!(confidence >= model.minimumConfidence)) continue;
      const centreX = ((cell % columns) + 0.5) * stride;
      const centreY = (Math.floor(cell / columns) + 0.5) * stride;
      const at = cell * 4 * BINS;
      const [left, top, right, bottom] = [0, 1, 2, 3].map(
        (side) => meanBin(sides, at + side * BINS) * stride,
      ) as [number, number, number, number];
      const label = model.labels[best] ?? '';
      addBox(
        detections,
        label,
        confidence,
        centreX - left,
        centreY - top,
        left + right,
        top + bottom,
      );
    }
  }
  return detections;
};

/** The mean of softmax over the bins from `start` on. */
function meanBin(data: Float32Array, start: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let bin = 0; bin < BINS; bin++) highest = Math.max(highest, data[start + bin] as number);
  let sum = 0;
  let weighted = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const weight = Math.exp((data[start + bin] as number) - highest);
    sum += weight;
    weighted += weight * bin;
  }
  return weighted / sum;
}
