// Proves on files and programs made here that the use of a graphics processor is told where the
// platform tells it, that the busiest one counts, and that nothing is made up where nobody does.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Timers } from '../../core/base/clock.ts';
import { type RunProgram, watchGpuUse } from './gpuUse.ts';

async function open(cards: Record<string, string>, run: RunProgram) {
  const drmFolder = await mkdtemp(join(tmpdir(), 'drm-'));
  const write = async (card: string, text: string) => {
    await mkdir(join(drmFolder, card, 'device'), { recursive: true });
    await writeFile(join(drmFolder, card, 'device/gpu_busy_percent'), text);
  };
  for (const [card, text] of Object.entries(cards)) await write(card, text);
  const ticks: (() => void)[] = [];
  const timers = {
    after: () => () => {},
    every: (_: number, tick: () => void) => {
      ticks.push(tick);
      return () => ticks.splice(0);
    },
  } as unknown as Timers;
  const use = watchGpuUse({ timers, drmFolder, run });
  const told = async (isSo: () => boolean) => {
    while (!isSo()) await new Promise((done) => setImmediate(done));
  };
  const tick = () => {
    for (const one of ticks) one();
  };
  return { use, write, told, tick, drmFolder, ticks };
}

const nobody: RunProgram = async () => null;

test('a driver’s file is read, the busiest card counts, and it is read again', async () => {
  const { use, write, told, tick, drmFolder, ticks } = await open(
    { card0: '7\n', card1: '63\n', 'card1-HDMI-A-1': '99\n' },
    async () => assert.fail('nobody is asked where a file tells'),
  );
  await told(() => use.percent() !== null);
  assert.deepEqual([use.percent(), use.source()], [63, 'amdgpu']);
  await write('card1', '5\n');
  tick();
  await told(() => use.percent() === 7);
  use.close();
  assert.equal(ticks.length, 0);
  await rm(drmFolder, { recursive: true });
});

test('the program is asked where no file tells; what it says is checked', async () => {
  const asked: string[] = [];
  let says = '12\n 41\n';
  const { use, told, tick, drmFolder } = await open({}, async (name, parameters) => {
    asked.push([name, ...parameters].join(' '));
    return says;
  });
  await told(() => use.percent() === 41);
  assert.deepEqual(asked, ['nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits']);
  assert.equal(use.source(), 'nvidia-smi');
  says = '[Not Supported]\n400\n';
  tick();
  await told(() => use.percent() === null);
  assert.equal(use.source(), '');
  await rm(drmFolder, { recursive: true });
});

test('where nobody tells it is not told, and a missing program is not started again', async () => {
  let asked = 0;
  const { use, told, tick, drmFolder } = await open({ card0: 'busy\n' }, (...call) => {
    asked++;
    return nobody(...call);
  });
  await told(() => asked === 1);
  tick();
  tick();
  for (let turn = 0; turn < 200; turn++) await new Promise((done) => setImmediate(done));
  assert.equal(asked, 1);
  assert.deepEqual([use.percent(), use.source()], [null, '']);
  await rm(drmFolder, { recursive: true });
});
