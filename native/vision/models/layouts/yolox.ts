// YOLOX (Ge et al. 2021, arXiv 2107.08430): one output whose rows are x, y, w, h, objectness and
// classes, over the three grids of strides 8, 16 and 32, row by row.

import type { Detection } from '../../tracking/track.ts';
import { addBox, bestOf, type Decoder, takeOutput } from './layout.ts';

const STRIDES = [8, 16, 32] as const;

export const decodeYolox: Decoder = (outputs, model) => {
  const { width, height } = model.input;
  const columns = 5 + model.labels.length;
  const cells = STRIDES.reduce((sum, side) => sum + (width / side) * (height / side), 0);
  const data = takeOutput('yolox', outputs, null, [1, cells, columns]);
  const detections: Detection[] = [];
  let row = 0;
  for (const stride of STRIDES) {
    for (let y = 0; y < height / stride; y++) {
      for (let x = 0; x < width / stride; x++, row++) {
        const at = row * columns;
        const objectness = data[at + 4] as number;
        if (!(objectness >= model.minimumConfidence)) continue;
        const best = bestOf(data, at + 5, model.labels.length);
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
};
