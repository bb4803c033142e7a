// The layout of YOLOv8 and YOLO11 exports (v5u, v9 too): one output of channel planes: centre x and
// y, width and height in input pixels, then one probability per class; no objectness. For files
// that their users exported themselves: those networks are AGPL, so none is named or shipped here.

import type { Detection } from '../../tracking/track.ts';
import { addBox, type Decoder, takeOutput } from './layout.ts';

const STRIDES = [8, 16, 32] as const;

export const decodeYolov8: Decoder = (outputs, model) => {
  const { width, height } = model.input;
  const cells = STRIDES.reduce((sum, side) => sum + (width / side) * (height / side), 0);
  const classes = model.labels.length;
  const data = takeOutput('yolov8', outputs, null, [1, 4 + classes, cells]);
  // Plane by plane, as they lie in memory: jumping between planes would cost four times as much.
  const best = new Float32Array(cells).fill(model.minimumConfidence);
  const bestClass = new Int16Array(cells).fill(-1);
  for (let index = 0; index < classes; index++) {
    const start = (4 + index) * cells;
    for (let cell = 0; cell < cells; cell++) {
      const score = data[start + cell] as number;
      if (score >= (best[cell] as number)) {
        best[cell] = score;
        bestClass[cell] = index;
      }
    }
  }
  const detections: Detection[] = [];
  for (let cell = 0; cell < cells; cell++) {
    const index = bestClass[cell] as number;
    if (index < 0) continue;
    const boxWidth = data[2 * cells + cell] as number;
    const boxHeight = data[3 * cells + cell] as number;
    const left = (data[cell] as number) - boxWidth / 2;
    const top = (data[cells + cell] as number) - boxHeight / 2;
    const label = model.labels[index] ?? '';
    addBox(detections, label, best[cell] as number, left, top, boxWidth, boxHeight);
  }
  return detections;
};
