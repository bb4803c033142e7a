// A detector that is open: pictures in, boxes out, in this thread. It makes the model's input of a
// picture, runs it, reads the outputs by the layout, and refuses an answer that is no answer.

import type { Detection } from '../tracking/track.ts';
import { decodeOutputs } from './decode.ts';
import { LayoutError, type Outputs } from './layouts/layout.ts';
import type { Model } from './manifest.ts';
import { ModelInput } from './modelInput.ts';
import type { Picture } from './picture.ts';
import { openTrusted, shapeOf, type Trial, type TrustOptions } from './providers.ts';
import type { Provider } from './runtime.ts';
import { suppress } from './suppression.ts';

export type DetectorSession = {
  provider: Provider;
  /** Inference at the start, ms. */
  medianMs: number;
  /** Why each better provider was not taken. */
  refusals: Trial[];
  /** Detections normalised to the picture, and how long the stages took, ms. */
  detect(picture: Picture): Promise<{ detections: Detection[]; inferMs: number; glueMs: number }>;
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
  const detect: DetectorSession['detect'] = async (picture) => {
    const startedAt = performance.now();
    const { values, scaling } = input.of(picture);
    const writtenAt = performance.now();
    const outputs = await open.run({ [model.input.name]: { dims, data: values } });
    const ranAt = performance.now();
    refuseNoNumbers(outputs);
    const detections = suppress(decodeOutputs(outputs, model), model.overlapMax).map((box) => ({
      label: box.label,
      confidence: box.confidence,
      x: box.x / scaling.x / picture.width,
      y: box.y / scaling.y / picture.height,
      width: box.width / scaling.x / picture.width,
      height: box.height / scaling.y / picture.height,
    }));
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
