// Proves that a provider is taken only when it opens, gives the CPU's answer and is faster, that
// each refusal keeps its reason, and that one whose driver ended the program is not tried again.
// Providers are played here; the real WebGPU has a test of its own.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Outputs } from './layouts/layout.ts';
import type { Model } from './manifest.ts';
import { differenceOf, openTrusted } from './providers.ts';
import { providersHere } from './providersHere.ts';
import type { OpenModel, openModelFile, Provider } from './runtime.ts';

const model = {
  ...{ id: 'test', path: '/nowhere.onnx', layout: 'yolox', labels: ['person'] },
  input: { name: 'images', width: 32, height: 32 },
} as Model;
const ANSWER = [0.5, -2, 0.25, 1];

type Played = { answer?: number[]; slowMs?: number; throws?: string; dies?: string };

/** Opens providers as they are played, and notes who is open. */
function stage(played: Partial<Record<Provider, Played>>) {
  const open = new Set<Provider>();
  const openFile: typeof openModelFile = async (_path, provider) => {
    const { answer = ANSWER, slowMs = 0, throws, dies } = played[provider] ?? {};
    if (throws) throw new Error(throws);
    open.add(provider);
    const opened: OpenModel = {
      provider,
      inputs: [{ name: 'images', type: 'float32', shape: [1, 3, 32, 32] }],
      outputNames: ['output'],
      async run(): Promise<Outputs> {
        if (dies) throw new Error(dies);
        const until = performance.now() + slowMs;
        while (performance.now() < until);
        return { output: { dims: [1, answer.length], data: Float32Array.from(answer) } };
      },
      close: async () => void open.delete(provider),
    };
    return opened;
  };
  return { open, openFile };
}

test('the best provider that is right and faster is taken, and the CPU let go', async () => {
  const near = ANSWER.map((value) => value * 1.004);
  const { open, openFile } = stage({ cpu: { slowMs: 3 }, webgpu: { answer: near } });
  const trusted = await openTrusted(model, { allowed: ['webgpu'], openFile });
  assert.equal(trusted.open.provider, 'webgpu');
  assert.deepEqual([...open], ['webgpu']);
  assert.deepEqual(
    trusted.refusals.map(({ provider }) => provider),
    ['cuda', 'dml', 'coreml'],
  );
});

test('each refusal says why, and the CPU stands in', async () => {
  const { open, openFile } = stage({
    cuda: { throws: 'libcudnn.so.9 is not there' },
    dml: { answer: [0.5, -2, 0.9, 1] },
    coreml: { answer: [0.5, -2, Number.NaN, 1] },
    webgpu: { slowMs: 8 },
  });
  const allowed: Provider[] = ['cuda', 'dml', 'coreml', 'webgpu'];
  const trusted = await openTrusted(model, { allowed, openFile });
  assert.equal(trusted.open.provider, 'cpu');
  assert.deepEqual([...open], ['cpu'], 'nothing else stays open');
  const reasons = Object.fromEntries(trusted.refusals.map((one) => [one.provider, one.reason]));
  assert.match(reasons.cuda ?? '', /libcudnn/);
  assert.match(reasons.dml ?? '', /wrong: its "output" differs from the CPU's by 3\d %/);
  assert.match(reasons.coreml ?? '', /wrong: .* by Infinity %/);
  assert.match(reasons.webgpu ?? '', /slower than the CPU: \d+\.\d ms instead of \d/);
});

test('a provider that dies at its trial, and one that is distrusted, are not taken', async () => {
  const { openFile, open } = stage({ cuda: { dies: 'device lost' } });
  const trusted = await openTrusted(model, {
    ...{ allowed: ['cuda', 'webgpu'] as Provider[], openFile },
    distrusted: { webgpu: 'it failed while in use: device lost' },
  });
  assert.deepEqual([...open], ['cpu']);
  const reasons = trusted.refusals.map(({ reason }) => reason);
  assert.deepEqual(reasons, [
    'device lost',
    'not asked for',
    'not asked for',
    'it failed while in use: device lost',
  ]);
});

test('a trial that ended the program is not made again', async () => {
  const markFile = join(mkdtempSync(join(tmpdir(), 'mark-')), 'provider-trial.json');
  const { openFile } = stage({ cpu: { slowMs: 1 } });
  let during = '';
  const spying: typeof openModelFile = (path, provider) => {
    if (provider !== 'cpu') during = readFileSync(markFile, 'utf8');
    return openFile(path, provider);
  };
  const options = { allowed: ['cuda'] as Provider[], markFile };
  const first = await openTrusted(model, { ...options, openFile: spying });
  assert.equal(first.open.provider, 'cuda');
  assert.deepEqual(JSON.parse(during), { provider: 'cuda', model: 'test' });
  assert.equal(existsSync(markFile), false, 'a trial that ends takes its mark away');
  writeFileSync(markFile, during);
  const second = await openTrusted(model, { ...options, openFile: spying });
  assert.equal(second.open.provider, 'cpu');
  assert.match(
    second.refusals[0]?.reason ?? '',
    /its trial with the model "test" ended the program/,
  );
});

test('answers are compared by value, shape and name', () => {
  const of = (values: number[], name = 'a'): Outputs => ({
    [name]: { dims: [values.length], data: Float32Array.from(values) },
  });
  assert.equal(differenceOf(of([1, 2]), of([1, 2])), null);
  assert.equal(differenceOf(of([0, 0]), of([0, 0])), null);
  assert.match(differenceOf(of([1]), of([1, 2])) ?? '', /lacks the output "a" of 2/);
  assert.match(differenceOf(of([1, 2], 'b'), of([1, 2])) ?? '', /lacks the output "a"/);
  assert.match(differenceOf(of([0.1, 0]), of([0, 0])) ?? '', /by infinite %/);
});

test('only what this system may have is tried; the rest says why', () => {
  const mac = providersHere('darwin', 'arm64', {});
  assert.deepEqual(mac.allowed, ['coreml', 'webgpu']);
  assert.match(mac.refused.cuda ?? '', /other systems/);
  const windows = providersHere('win32', 'x64', {});
  assert.deepEqual(windows.allowed, ['dml', 'webgpu']);
  const linux = providersHere('linux', 'x64', { VK_DRIVER_FILES: '/x.json' });
  assert.ok(linux.allowed.includes('webgpu'));
});
