// The decode table: which file reads which layout of outputs. A new layout is one file in `layouts`
// and one line here.

import { decodeCentreNet } from './layouts/centerNet.ts';
import { decodeFastestDet } from './layouts/fastestDet.ts';
import type { Decoder } from './layouts/layout.ts';
import { decodeNanoDet } from './layouts/nanodet.ts';
import { decodeYolov8 } from './layouts/yolov8.ts';
import { decodeYolox } from './layouts/yolox.ts';

/** Layouts of detectors by the name that manifests give them. */
export const DECODERS = {
  yolox: decodeYolox,
  nanodet: decodeNanoDet,
  fastestdet: decodeFastestDet,
  yolov8: decodeYolov8,
  centernet: decodeCentreNet,
} as const satisfies Record<string, Decoder>;

/** Boxes in input pixels (not normalised), before suppression. Throws LayoutError. */
export const decodeOutputs: Decoder = (outputs, model) => {
  const decoder = (DECODERS as Record<string, Decoder>)[model.layout];
  if (!decoder) throw new Error(`Layout ${model.layout} is no detector's.`);
  return decoder(outputs, model);
};
