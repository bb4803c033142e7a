// CenterNet, the layout of our own models: probabilities on a grid whose peaks are things, and what
// lies beside them in two more outputs.

import type { Detection } from '../../tracking/track.ts';
import { addBox, type Decoder, takeOutput } from './layout.ts';

/**
 * CenterNet (Zhou et al. 2019): `heat` 1xCxHxW of probabilities, `size` 1x2xHxW and `offset`
 * 1x2xHxW in cells. A peak is a cell that none of its eight neighbours exceeds.
 */
export const decodeCentreNet: Decoder = (outputs, model) => {
  const columns = model.input.width / model.stride;
  const rows = model.input.height / model.stride;
  const take = (name: string, count: number) =>
    takeOutput('centernet', outputs, name, [1, count, rows, columns]);
  const heat = take('heat', model.labels.length);
  const size = take('size', 2);
  const offset = take('offset', 2);
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
};

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
