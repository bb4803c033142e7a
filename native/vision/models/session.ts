// A detector that is open: pictures in, boxes out, in this thread. It makes the model's input of a
// picture, runs it, reads the outputs by the layout, and refuses an answer that is no answer.

import type { Box, Detection } from '../tracking/track.ts';
import { decodeOutputs } from './decode.ts';
import { LayoutError, type Outputs } from './layouts/layout.ts';
import type { Model } from './manifest.ts';
import { ModelInput } from './modelInput.ts';
import type { Picture, Region, Scaling } from './picture.ts';
import { openTrusted, shapeOf, type Trial, type TrustOptions } from './providers.ts';
import type { Provider } from './runtime.ts';
import { suppress } from './suppression.ts';

export type DetectorSession = {
  provider: Provider;
  /** Inference at the start, ms. */
  medianMs: number;
  /** Why each better provider was not taken. */
  refusals: Trial[];
  /** Detections of it or of a part, normalised to the whole, and how long the stages took, ms. */
  detect(
    picture: Picture,
    region?: Region | null,
  ): Promise<{ detections: Detection[]; inferMs: number; glueMs: number }>;
  /** Frees the model; nothing may be in work. */
  close(): Promise<void>;
};

/**
 * Opens a detector and shows it one grey picture: wrong outputs show before the show.
 *
 * @param pictures the memory in which pictures with an address lie
 * @throws Error with a sentence that names the manifest's field and what was expected
 */
export async function openSession(
  model: Model,
  options: TrustOptions,
  pictures: WebAssembly.Memory | null = null,
): Promise<DetectorSession> {
  const { open, refusals, medianMs } = await openTrusted(model, options);
  const input = new ModelInput(model.input, pictures);
  const dims = shapeOf(model);
  const detect: DetectorSession['detect'] = async (picture, region) => {
    const startedAt = performance.now();
    const { values, scaling } = input.of(picture, region);
    const writtenAt = performance.now();
    const outputs = await open.run({ [model.input.name]: { dims, data: values } });
    const ranAt = performance.now();
    refuseNoNumbers(outputs);
    const boxes = suppress(decodeOutputs(outputs, model), model.overlapMax);
    const found = boxes.map((box) => placedIn(box, scaling, picture, region));
    const detections = region ? found.filter((box) => isWhole(box, region, picture)) : found;
    const glueMs = writtenAt - startedAt + (performance.now() - ranAt);
    return { detections, inferMs: ranAt - writtenAt, glueMs };
  };
  const grey = new Uint8Array((64 * 64 * 3) / 2).fill(128);
  try {
    await detect({ width: 64, height: 64, bytes: grey, range: 'full', matrix: 'bt601' });
  } catch (cause) {
    await open.close();
    if (cause instanceof LayoutError) throw new Error(`layout or labels: ${cause.message}`);
    throw cause;
  }
  return { provider: open.provider, refusals, medianMs, detect, close: open.close };
}

/** Nearer than this to where a part was cut out, a box may be half of a thing, pixels. */
const CUT_PIXELS = 3;

/** A box of the input, normalised to the whole picture: the letterbox turned back. */
export function placedIn(
  box: Detection,
  scaling: Scaling,
  picture: { width: number; height: number },
  region?: Region | null,
): Detection {
  return {
    ...{ label: box.label, confidence: box.confidence },
    x: (box.x / scaling.x + (region?.x ?? 0)) / picture.width,
    y: (box.y / scaling.y + (region?.y ?? 0)) / picture.height,
    width: box.width / scaling.x / picture.width,
    height: box.height / scaling.y / picture.height,
  };
}

/** Whether a box lies off the cuts of its part; the picture's own edge is no cut. */
function isWhole(box: Box, region: Region, picture: { width: number; height: number }): boolean {
  const [left, top] = [box.x * picture.width, box.y * picture.height];
  const right = left + box.width * picture.width;
  const bottom = top + box.height * picture.height;
  const { x, y, width, height } = region;
  return (
    (x <= 0 || left > x + CUT_PIXELS) &&
    (y <= 0 || top > y + CUT_PIXELS) &&
    (x + width >= picture.width || right < x + width - CUT_PIXELS) &&
    (y + height >= picture.height || bottom < y + height - CUT_PIXELS)
  );
}

/** Values looked at in each output: a broken network fills whole planes with what is no number. */
const LOOKED_AT = 2048;

/** @throws Error when an output holds values that are no numbers */
export function refuseNoNumbers(outputs: Outputs): void {
  for (const [name, { data }] of Object.entries(outputs)) {
    const step = Math.max(1, Math.floor(data.length / LOOKED_AT));
    for (let index = 0; index < data.length; index += step) {
      if (Number.isNaN(data[index])) throw new Error(`its output "${name}" holds no numbers (NaN)`);
    }
  }
}
