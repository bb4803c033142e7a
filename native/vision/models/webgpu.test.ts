// Proves that WebGPU really runs and gives the CPU's answer: a small convolution network on
// Chromium's software Vulkan driver, through the same trial that a GPU has to pass. Skipped with the
// reason where that driver or the Vulkan loader is not; it says nothing about speed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Model } from './manifest.ts';
import { openTrusted } from './providers.ts';
import { onnxBytes } from './testing/onnxWriter.ts';

const DRIVERS = [
  process.env.VK_DRIVER_FILES ?? '',
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
];
const driver = DRIVERS.find((path) => path !== '' && existsSync(path));

function reasonToSkip(): string | false {
  if (process.platform !== 'linux') return 'the software driver is looked for on Linux only';
  if (!driver) return `no software Vulkan driver (${DRIVERS.slice(1).join(', ')})`;
  const libraries = execFileSync('ldconfig', ['-p'], { encoding: 'utf8' });
  return libraries.includes('libvulkan.so.1') ? false : 'no Vulkan loader (libvulkan1)';
}
const skip = reasonToSkip();

const SIDE = 32;

/** Two convolutions, a pooling and a sigmoid with weights from a fixed sequence. */
function network(): Buffer {
  let seed = 7;
  const values = (count: number, scale: number) =>
    Float32Array.from({ length: count }, () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return ((seed >>> 8) / 16777216 - 0.5) * scale;
    });
  const pads = { name: 'pads', ints: [1, 1, 1, 1] };
  return onnxBytes({
    inputs: [{ name: 'picture', dims: [1, 3, SIDE, SIDE] }],
    outputs: [{ name: 'heat', dims: [1, 2, SIDE / 2, SIDE / 2] }],
    constants: [
      { name: 'first', dims: [8, 3, 3, 3], values: values(216, 1) },
      { name: 'firstBias', dims: [8], values: values(8, 0.2) },
      { name: 'second', dims: [2, 8, 3, 3], values: values(144, 1) },
    ],
    nodes: [
      {
        ...{ type: 'Conv', inputs: ['picture', 'first', 'firstBias'], outputs: ['a'] },
        attributes: [pads],
      },
      { type: 'Relu', inputs: ['a'], outputs: ['b'] },
      {
        ...{ type: 'MaxPool', inputs: ['b'], outputs: ['c'] },
        attributes: [
          { name: 'kernel_shape', ints: [2, 2] },
          { name: 'strides', ints: [2, 2] },
        ],
      },
      { type: 'Conv', inputs: ['c', 'second'], outputs: ['d'], attributes: [pads] },
      { type: 'Sigmoid', inputs: ['d'], outputs: ['heat'] },
    ],
  });
}

test('WebGPU gives the CPU’s answer and is trusted', { skip, timeout: 120_000 }, async (t) => {
  if (driver) process.env.VK_DRIVER_FILES = driver;
  const path = join(mkdtempSync(join(tmpdir(), 'webgpu-')), 'small.onnx');
  writeFileSync(path, network());
  const model = {
    ...{ id: 'small', path, layout: 'centernet', labels: ['a', 'b'] },
    input: { name: 'picture', width: SIDE, height: SIDE },
  } as Model;
  // It is slower than the CPU, being software; here only its answer counts.
  const trusted = await openTrusted(model, { allowed: ['webgpu'], mayBeSlower: true });
  t.diagnostic(`${trusted.open.provider}: ${trusted.medianMs.toFixed(1)} ms`);
  const refusal = trusted.refusals.find(({ provider }) => provider === 'webgpu');
  assert.equal(trusted.open.provider, 'webgpu', refusal?.reason);
  await trusted.open.close();
  const honest = await openTrusted(model, { allowed: ['webgpu'] });
  assert.equal(honest.open.provider, 'cpu', 'a provider that is slower than the CPU is not taken');
  const reason = honest.refusals.find(({ provider }) => provider === 'webgpu')?.reason;
  assert.match(reason ?? '', /slower than the CPU: .* ms instead of .* ms/);
  await honest.open.close();
});
