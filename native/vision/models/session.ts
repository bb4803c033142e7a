// The only file that touches ONNX Runtime: opens a model on the first execution provider that
// works and runs pictures through it. It blocks its thread for the whole inference, so it lives in
// a worker. Asking for a provider whose libraries are absent throws, hence one try per provider.

import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Detection } from '../tracking/track.ts';
import { decodeOutputs, type OutputTensor } from './decode.ts';
import type { Model } from './manifest.ts';
import { InputWriter, type Picture } from './picture.ts';
import { suppress } from './suppression.ts';

/** Order in which providers are tried, best first; `cpu` always stands last. */
export const PROVIDER_LADDER = ['cuda', 'dml', 'coreml', 'webgpu', 'cpu'] as const;
export type Provider = (typeof PROVIDER_LADDER)[number];

export type DetectorSession = {
  provider: Provider;
  /** Why each provider before it was not taken. */
  refusals: { provider: Provider; reason: string }[];
  /** Detections normalised to the picture, and how long the stages took, ms. */
  detect(picture: Picture): Promise<{ detections: Detection[]; inferMs: number; glueMs: number }>;
  /** Frees the model; nothing may be in work. */
  close(): Promise<void>;
};

/**
 * Opens a model. `allowed` are the providers that may really be tried.
 *
 * @throws Error with a sentence when no provider opens it or its input is not what it should be
 */
export async function openSession(
  model: Model,
  allowed: readonly Provider[],
): Promise<DetectorSession> {
  const runtime = await import('onnxruntime-node');
  const refusals: DetectorSession['refusals'] = [];
  for (const provider of PROVIDER_LADDER) {
    if (provider !== 'cpu' && !allowed.includes(provider)) {
      refusals.push({ provider, reason: 'not asked for' });
      continue;
    }
    try {
      const session = await runtime.InferenceSession.create(model.path, {
        executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        // Spinning threads would take the cores that the encoder needs.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      });
      const detector = await warmUp(session, runtime.Tensor, model);
      return { provider, refusals, detect: detector, close: () => session.release() };
    } catch (cause) {
      refusals.push({ provider, reason: cause instanceof Error ? cause.message : String(cause) });
    }
  }
  const last = refusals.at(-1)?.reason ?? 'unknown';
  throw new Error(`Model "${model.id}" does not open: ${last}`);
}

/** Runs one grey picture: the first run is slow, and wrong shapes show before the show. */
async function warmUp(
  session: InferenceSession,
  TensorClass: typeof Tensor,
  model: Model,
): Promise<DetectorSession['detect']> {
  const { width, height, name } = model.input;
  if (!session.inputNames.includes(name)) {
    const names = session.inputNames.join(', ');
    throw new Error(`input "${name}" expected by the manifest, the file has ${names}`);
  }
  const writer = new InputWriter(model.input);
  const values = new Float32Array(3 * width * height);
  const tensor = new TensorClass('float32', values, [1, 3, height, width]);
  const detect: DetectorSession['detect'] = async (picture) => {
    const startedAt = performance.now();
    const scaling = writer.write(picture, values);
    const writtenAt = performance.now();
    const results = await session.run({ [name]: tensor });
    const ranAt = performance.now();
    const candidates = decodeOutputs(readOutputs(results), model);
    const detections = suppress(candidates, model.overlapMax).map((box) => ({
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
  await detect({ width: 64, height: 64, bytes: grey, range: 'full', matrix: 'bt601' });
  return detect;
}

function readOutputs(results: InferenceSession.OnnxValueMapType): Record<string, OutputTensor> {
  const outputs: Record<string, OutputTensor> = {};
  for (const [name, value] of Object.entries(results)) {
    const tensor = value as Tensor;
    if (tensor.type !== 'float32') continue;
    outputs[name] = { dims: tensor.dims, data: tensor.data as Float32Array };
  }
  return outputs;
}
