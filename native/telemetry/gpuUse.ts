// How busy the graphics processor is, where the platform tells: AMD's driver writes it to a file,
// NVIDIA's comes with a program that says it. Read seldom, never waited for, and not guessed: where
// nobody tells it is null. It is the whole machine's use, not only ours.

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timers } from '../../core/base/clock.ts';

/** The program takes some 50 ms of a core. */
const EVERY_MS = 10_000;
const WAIT_MS = 3_000;
const NVIDIA = ['--query-gpu=utilization.gpu', '--format=csv,noheader,nounits'];

export type GpuUse = {
  /** The busiest one's share of its time, percent; null: not told. */
  percent(): number | null;
  /** Who tells it: "amdgpu", "nvidia-smi", or "" for nobody. */
  source(): string;
  close(): void;
};

/** Answers what a program says, or null when it does not start or fails. */
export type RunProgram = (name: string, parameters: readonly string[]) => Promise<string | null>;

/** @param drmFolder `/sys/class/drm` of Linux; elsewhere it is not there and says nothing */
export function watchGpuUse(options: {
  timers: Timers;
  drmFolder?: string;
  run?: RunProgram;
}): GpuUse {
  const { timers, drmFolder = '/sys/class/drm', run = runProgram } = options;
  let told: { percent: number; source: string } | null = null;
  let isReading = false;
  let hasProgram = true;
  async function read(): Promise<void> {
    if (isReading) return;
    isReading = true;
    const busy = await busyOf(drmFolder);
    const said = busy === null && hasProgram ? await run('nvidia-smi', NVIDIA) : null;
    // Who has no such program will not get one while we run.
    if (busy === null && said === null) hasProgram = false;
    const percent = busy ?? largest(said ?? '');
    told = percent === null ? null : { percent, source: busy === null ? 'nvidia-smi' : 'amdgpu' };
    isReading = false;
  }
  void read();
  return {
    percent: () => told?.percent ?? null,
    source: () => told?.source ?? '',
    close: timers.every(EVERY_MS, () => void read()),
  };
}

/** Null where no card's driver tells. */
async function busyOf(drmFolder: string): Promise<number | null> {
  const names = await readdir(drmFolder).catch(() => []);
  const cards = names.filter((name) => /^card\d+$/.test(name));
  const texts = await Promise.all(
    cards.map((card) =>
      readFile(join(drmFolder, card, 'device/gpu_busy_percent'), 'utf8').catch(() => ''),
    ),
  );
  return largest(texts.join('\n'));
}

/** The largest number of 0..100 that stands on a line of its own; null where none does. */
function largest(lines: string): number | null {
  const numbers = lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\d{1,3}$/.test(line))
    .map(Number)
    .filter((value) => value <= 100);
  return numbers.length > 0 ? Math.max(...numbers) : null;
}

const runProgram: RunProgram = (name, parameters) =>
  new Promise((resolve) => {
    const settings = { timeout: WAIT_MS, windowsHide: true };
    execFile(name, [...parameters], settings, (error, said) => resolve(error ? null : said));
  });
