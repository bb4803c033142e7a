// FastestDet (dog-qiuqiu/FastestDet): one output of channel planes over one grid: objectness, box
// (centre offsets through tanh, size through a sigmoid, both as shares of the picture), classes.

import type { Detection } from '../../tracking/track.ts';
import { addBox, type Decoder, takeOutput } from './layout.ts';

const STRIDE = 16;

export const decodeFastestDet: Decoder = (outputs, model) => {
  const { width, height } = model.input;
  const columns = width / STRIDE;
  const rows = height / STRIDE;
  const plane = columns * rows;
  const channels = 5 + model.labels.length;
  const data = takeOutput('fastestdet', outputs, null, [1, channels, rows, columns]);
  const at = (channel: number, cell: number) => data[channel * plane + cell] as number;
  const detections: Detection[] = [];
  for (let cell = 0; cell < plane; cell++) {
    const objectness = at(0, cell);
    // The score is obj^0.6 * class^0.4, and no class is surer than 1.
    if (!(objectness ** 0.6 >= model.minimumConfidence)) continue;
    let best = 0;
    for (let index = 1; index < model.labels.length; index++) {
      if (at(5 + index, cell) > at(5 + best, cell)) best = index;
    }
    const confidence = objectness ** 0.6 * at(5 + best, cell) ** 0.4;
    if (!(confidence >= model.minimumConfidence)) continue;
    const centreX = ((cell % columns) + Math.tanh(at(1, cell))) * STRIDE;
    const centreY = (Math.floor(cell / columns) + Math.tanh(at(2, cell))) * STRIDE;
    const boxWidth = sigmoid(at(3, cell)) * width;
    const boxHeight = sigmoid(at(4, cell)) * height;
    const left = centreX - boxWidth / 2;
    const label = model.labels[best] ?? '';
    addBox(detections, label, confidence, left, centreY - boxHeight / 2, boxWidth, boxHeight);
  }
  return detections;
};

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
