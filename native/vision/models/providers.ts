// Which execution provider a model runs on: each one is tried alone, warmed up with the real shapes
// and compared with the CPU's answer on the same noise before it is trusted; one that is wrong or
// slower than the CPU is refused. Every refusal keeps its reason for the status.
// Surprising: a driver can end the whole process, so a trial leaves a mark on disk while it runs;
// a mark that is found at the start is the reason not to try that provider again.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Outputs } from './layouts/layout.ts';
import type { Model } from './manifest.ts';
import { type OpenModel, openModelFile, PROVIDER_LADDER, type Provider } from './runtime.ts';

/** How one provider did; `medianMs` is null where it never ran. */
export type Trial = { provider: Provider; reason: string; medianMs: number | null };

export type Trusted = {
  open: OpenModel;
  /** Providers that were not taken, in the order of the ladder, with the reason. */
  refusals: Trial[];
  /** Inference of one picture's tensor at the start, ms. */
  medianMs: number;
};

export type TrustOptions = {
  /** GPU providers that may be tried. */
  allowed: readonly Provider[];
  /** Providers that must not be tried again, with the reason. */
  distrusted?: Readonly<Partial<Record<Provider, string>>>;
  /** Mark of a trial that is under way; null keeps none. */
  markFile?: string | null;
  /** Replaced in tests only. */
  openFile?: typeof openModelFile;
  /** Takes a provider that is slower than the CPU: only to compare answers. */
  mayBeSlower?: boolean;
};

/** Largest difference to the CPU, as a share of the largest value: half precision stays below. */
const DIFFERENCE_MAX = 0.02;
const TIMED_RUNS = 3;

/**
 * Opens a model on the best provider that can be trusted.
 *
 * @throws Error with a sentence when not even the CPU opens and runs it
 */
export async function openTrusted(model: Model, options: TrustOptions): Promise<Trusted> {
  const openFile = options.openFile ?? openModelFile;
  const cpu = await openOnCpu(model, openFile);
  const refusals: Trial[] = [];
  for (const provider of PROVIDER_LADDER) {
    if (provider === 'cpu') break;
    const known = reasonNotToTry(provider, model, options);
    if (known !== null) {
      refusals.push({ provider, reason: known, medianMs: null });
      continue;
    }
    const tried = await tryProvider(provider, model, cpu, options);
    if ('open' in tried) {
      await cpu.open.close();
      return { ...tried, refusals };
    }
    refusals.push(tried);
  }
  return { open: cpu.open, refusals, medianMs: cpu.medianMs };
}

type Golden = { open: OpenModel; outputs: Outputs; medianMs: number };

async function openOnCpu(model: Model, openFile: typeof openModelFile): Promise<Golden> {
  let open: OpenModel;
  try {
    open = await openFile(model.path, 'cpu');
  } catch (cause) {
    throw new Error(
      `file: expected an ONNX model that ONNX Runtime opens, and it says: ${messageOf(cause)}`,
    );
  }
  checkInput(open, model);
  try {
    return { open, ...(await runNoise(open, model)) };
  } catch (cause) {
    await open.close();
    throw new Error(
      `input: a picture of ${shapeOf(model).join('x')} does not run: ${messageOf(cause)}`,
    );
  }
}

async function tryProvider(
  provider: Provider,
  model: Model,
  cpu: Golden,
  options: TrustOptions,
): Promise<Trial | { open: OpenModel; medianMs: number }> {
  const openFile = options.openFile ?? openModelFile;
  let open: OpenModel | null = null;
  let medianMs: number | null = null;
  markTrial(options.markFile, { provider, model: model.id });
  try {
    open = await openFile(model.path, provider);
    const answer = await runNoise(open, model);
    medianMs = answer.medianMs;
    const wrong = differenceOf(answer.outputs, cpu.outputs);
    const isSlower = answer.medianMs > cpu.medianMs && !options.mayBeSlower;
    if (wrong === null && !isSlower) return { open, medianMs };
    await open.close();
    const reason = wrong ?? `slower than the CPU: ${ms(medianMs)} instead of ${ms(cpu.medianMs)}`;
    return { provider, reason, medianMs };
  } catch (cause) {
    await open?.close().catch(() => {});
    return { provider, reason: messageOf(cause), medianMs };
  } finally {
    markTrial(options.markFile, null);
  }
}

function reasonNotToTry(provider: Provider, model: Model, options: TrustOptions): string | null {
  const distrust = options.distrusted?.[provider];
  if (distrust !== undefined) return distrust;
  if (!options.allowed.includes(provider)) return 'not asked for';
  const mark = readMark(options.markFile);
  if (mark === null || mark.provider !== provider) return null;
  return (
    `its trial with the model "${mark.model}" ended the program; ` +
    `remove ${options.markFile} to have it tried with "${model.id}"`
  );
}

/** The noise of a linear congruential generator, the same everywhere, in the model's own shape. */
export function noiseFor(model: Model): Float32Array {
  const values = new Float32Array(shapeOf(model).reduce((product, side) => product * side, 1));
  let seed = 12345;
  for (let index = 0; index < values.length; index++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    values[index] = (seed >>> 8) / 16777216;
  }
  return values;
}

/** Dimensions of one picture's tensor. */
export function shapeOf(model: Model): [number, number, number, number] {
  return [1, 3, model.input.height, model.input.width];
}

async function runNoise(open: OpenModel, model: Model) {
  const inputs = { [model.input.name]: { dims: shapeOf(model), data: noiseFor(model) } };
  // The first run compiles and allocates; it is not a time.
  let outputs = await open.run(inputs);
  const times: number[] = [];
  for (let run = 0; run < TIMED_RUNS; run++) {
    const startedMs = performance.now();
    outputs = await open.run(inputs);
    times.push(performance.now() - startedMs);
  }
  times.sort((a, b) => a - b);
  return { outputs, medianMs: times[TIMED_RUNS >> 1] ?? 0 };
}

function checkInput(open: OpenModel, model: Model): void {
  const { name, width, height } = model.input;
  const input = open.inputs.find((one) => one.name === name);
  if (!input) {
    const names = open.inputs.map((one) => one.name).join(', ') || 'no input';
    throw new Error(`input.name: expected one of the file's inputs (${names}), got "${name}"`);
  }
  if (input.type !== 'float32') {
    throw new Error(`input.name: expected "${name}" to be float32, the file has ${input.type}`);
  }
  const [batch, channels, rows, columns] = input.shape;
  const isFree = (side: number | string | undefined) => typeof side !== 'number' || side < 1;
  const fits =
    input.shape.length === 0 ||
    (input.shape.length === 4 &&
      (isFree(batch) || batch === 1) &&
      (isFree(channels) || channels === 3) &&
      (isFree(rows) || rows === height) &&
      (isFree(columns) || columns === width));
  if (!fits) {
    throw new Error(
      `input.width and input.height: the manifest says 1x3x${height}x${width}, ` +
        `the file expects ${input.shape.join('x')}`,
    );
  }
}

/** What differs between two answers to the same tensor; null when nothing of weight does. */
export function differenceOf(answer: Outputs, golden: Outputs): string | null {
  for (const [name, expected] of Object.entries(golden)) {
    const found = answer[name];
    if (!found || found.data.length !== expected.data.length) {
      return `its answer lacks the output "${name}" of ${expected.dims.join('x')}`;
    }
    let largest = 0;
    let difference = 0;
    for (let index = 0; index < expected.data.length; index++) {
      const value = expected.data[index] as number;
      const apart = Math.abs((found.data[index] as number) - value);
      // No number at all compares as false: it is the largest difference there is.
      if (!(apart <= difference))
        difference = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
      largest = Math.max(largest, Math.abs(value));
    }
    if (difference > largest * DIFFERENCE_MAX) {
      const share = largest > 0 ? ((difference / largest) * 100).toFixed(0) : 'infinite';
      return `wrong: its "${name}" differs from the CPU's by ${share} % of the largest value`;
    }
  }
  return null;
}

function markTrial(
  file: string | null | undefined,
  mark: { provider: string; model: string } | null,
) {
  if (!file) return;
  try {
    if (mark) writeFileSync(file, JSON.stringify(mark));
    else rmSync(file, { force: true });
  } catch {
    // A folder that cannot be written costs the mark, not the trial.
  }
}

function readMark(file: string | null | undefined): { provider: string; model: string } | null {
  if (!file || !existsSync(file)) return null;
  try {
    const mark = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return { provider: String(mark.provider), model: String(mark.model) };
  } catch {
    return null;
  }
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
