// What part of the processor nobody used for a second, by the system's own counters. In a container
// they are those of the whole machine.

import { availableParallelism, cpus } from 'node:os';
import type { Timers } from '../../../core/base/clock.ts';
import type { Machine } from '../../../core/contract/firstRun.ts';

const WATCHED_MS = 1_000;

export type ProcessorTimes = () => { idle: number; all: number };

/** Of all cores since the machine was started, ms. */
export const processorTimes: ProcessorTimes = () => {
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, all };
};

/** Watches for a second. */
export async function measureProcessor(
  timers: Timers,
  times: ProcessorTimes = processorTimes,
): Promise<Machine['processor']> {
  const before = times();
  await new Promise<void>((done) => timers.after(WATCHED_MS, done));
  const now = times();
  const all = now.all - before.all;
  const share = all > 0 ? (100 * (now.idle - before.idle)) / all : null;
  return {
    name: (cpus()[0]?.model ?? '').trim().slice(0, 120),
    cores: availableParallelism(),
    idlePercent: share === null ? null : Math.round(Math.min(100, Math.max(0, share))),
  };
}
