// Proves that a trace is read by act: only the main thread with our marks counts, the longest task
// is by processor time, and a trace without such times is refused instead of reading as zero.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tasksByAct } from './traceTasks.ts';

const mark = (name: string, ts: number) => ({
  ...{ name: `bench ${name}`, cat: 'blink.user_timing', pid: 1, tid: 1, ts },
});
const task = (ts: number, dur: number, tdur?: number, tid = 1) => ({
  ...{ name: 'ThreadControllerImpl::RunTask', cat: 'toplevel', pid: 1, tid, ts, dur },
  ...(tdur === undefined ? {} : { tdur }),
});
const read = (...traceEvents: object[]) => tasksByAct(JSON.stringify({ traceEvents }));

test('tasks belong to the act before them, by the processor time of our thread', () => {
  const acts = read(
    ...[task(5, 900_000, 900_000), mark('b', 2_000), mark('a', 1_000)],
    ...[task(1_100, 60_000, 12_000), task(1_200, 20_000, 15_000), task(1_300, 90_000, 90_000, 2)],
    task(2_500, 3_000, 2_500),
  );
  assert.deepEqual(acts, [
    { act: 'a', processorMs: 15, wallMs: 60, wallLongTasks: 1 },
    { act: 'b', processorMs: 2.5, wallMs: 3, wallLongTasks: 0 },
  ]);
});

test('a trace that cannot tell is refused', () => {
  assert.throws(() => read(task(1, 1, 1)), /none of our marks/);
  assert.throws(() => read(mark('a', 1), task(2, 2_000)), /no processor times/);
});
