// The only file that touches ONNX Runtime: opens a model file on one execution provider and runs
// tensors through it. `run` blocks its thread for the whole inference, so it lives in a worker (or
// in a command that waits). Asking for a provider whose libraries are absent throws.

import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Outputs, OutputTensor } from './layouts/layout.ts';

/** Order in which providers are tried, best first; `cpu` always stands last. */
export const PROVIDER_LADDER = ['cuda', 'dml', 'coreml', 'webgpu', 'cpu'] as const;
export type Provider = (typeof PROVIDER_LADDER)[number];

export type InputTensor = { dims: readonly number[]; data: Float32Array };

/** A model file that is open on one provider. */
export type OpenModel = {
  provider: Provider;
  inputs: readonly { name: string; type: string; shape: readonly (number | string)[] }[];
  outputNames: readonly string[];
  /** Throws what ONNX Runtime throws; outputs that are no float32 are left out. */
  run(inputs: Readonly<Record<string, InputTensor>>): Promise<Outputs>;
  /** Frees the model; nothing may be in work. */
  close(): Promise<void>;
};

/**
 * ONNX Runtime gathers usage data on disk and may send it; nobody asked for that. Its library reads
 * the environment when it is loaded, and only the main thread's, so processes say this at their
 * start.
 */
export function keepRuntimeQuiet(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}

/** Opens a file. Throws ONNX Runtime's own error, first line only. */
export async function openModelFile(path: string, provider: Provider): Promise<OpenModel> {
  keepRuntimeQuiet();
  const runtime = await import('onnxruntime-node');
  // Its warnings about models of others would fill the log; errors are thrown as well.
  runtime.env.logLevel = 'error';
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(path, {
      executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      // Spinning threads would take the cores that the encoder needs.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
  } catch (cause) {
    throw new Error(firstLine(cause));
  }
  return {
    provider,
    inputs: session.inputMetadata.map((input) => ({
      name: input.name,
      type: input.isTensor ? input.type : 'no tensor',
      shape: input.isTensor ? input.shape : [],
    })),
    outputNames: session.outputNames,
    async run(inputs) {
      const feeds: Record<string, Tensor> = {};
      for (const [name, { dims, data }] of Object.entries(inputs)) {
        feeds[name] = new runtime.Tensor('float32', data, dims);
      }
      return readOutputs(await session.run(feeds));
    },
    close: () => session.release(),
  };
}

function readOutputs(results: InferenceSession.OnnxValueMapType): Outputs {
  const outputs: Record<string, OutputTensor> = {};
  for (const [name, value] of Object.entries(results)) {
    const tensor = value as Tensor;
    if (tensor.type !== 'float32') continue;
    outputs[name] = { dims: tensor.dims, data: tensor.data as Float32Array };
  }
  return outputs;
}

function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  // What stands before it are places in ONNX Runtime's own source.
  const said = text.replace(/^[^\n]*? was false\. /, '');
  return said.split('\n')[0]?.slice(0, 300) ?? '';
}
