// Proves what the table says: floors are added to the limits that are made of them, a missed target
// and a missing peer are said in words, and every goal of goals.json has a figure that can be run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measured } from './figure.ts';
import { notMeasured } from './figure.ts';
import { parseGoals, readGoals } from './goals.ts';
import type { Machine } from './machine.ts';
import { type BenchResult, floorSpreads, resultOf, tableOf } from './table.ts';

const machine: Machine = {
  processor: 'A processor',
  cores: 2,
  memoryGigabytes: 4,
  system: 'Linux 6',
  node: '24.0.0',
  browser: 'Chromium 1',
  busyBeforePercent: 1,
};

function goalOf(figure: string) {
  const goal = readGoals().find((one) => one.figure === figure);
  assert.ok(goal, figure);
  return goal;
}

function tableWith(measured: Measured): string {
  const result: BenchResult = {
    version: 1,
    dateUtc: '2026-01-02T03:04:05.000Z',
    form: 'short',
    machine,
    durationSeconds: 7,
    floors: [floorSpreads({ timer: [0.5], echo: [0.4], fdatasync: [2] })],
    figures: [resultOf(goalOf(measured.figure), measured, 'short')],
  };
  return tableOf(result);
}

test('limits of bets grow with the floors taken beside the same round', () => {
  const floors = { timer: [1], echo: [2], fdatasync: [3] };
  const result = resultOf(
    goalOf('bets'),
    { figure: 'bets', rounds: [[15], [15.1]], floors: [floors, floors], remarks: [] },
    'short',
  );
  assert.deepEqual(result.limits, [{ p99: 15 }, { p99: 15 }]);
  assert.deepEqual(result.verdict, { held: 'in part', heldRounds: 1, rounds: 2 });
});

test('a missed target, its best and worst round and the peer stand in the row', () => {
  const table = tableWith({
    figure: 'delay',
    rounds: [[40], [80], [60]],
    remarks: ['a remark'],
    peer: { rounds: [[100], [120], [160]], remarks: ['from its page'] },
  });
  assert.match(table, /\| p50 ≤ 18\.0, p95 ≤ 35\.0 \| 40\.0 \| 80\.0 \| \*\*no\*\* \| Janus 160; /);
  assert.match(table, /ours ÷ Janus: p50 0\.50, p95 0\.50/);
  assert.match(table, /short form/);
  assert.match(table, /- `delay`: a remark/);
  assert.match(table, /- `delay` peer: from its page/);
});

test('a figure that was not taken and a peer that is not there say so', () => {
  assert.match(tableWith(notMeasured('join', 'no browser')), /not measured: no browser/);
  const alone = { figure: 'join', rounds: [[1], [2], [3]], remarks: [] };
  const table = tableWith({ ...alone, peer: { rounds: [], remarks: ['not installed'] } });
  assert.match(table, /\| yes \| not installed \|/);
});

test('a goal with an unknown field or percentile is refused by name', () => {
  const goal = { figure: 'x', title: 'x', unit: 'ms', limits: { p97: 1 }, sentence: 'x' };
  assert.throws(() => parseGoals({ version: 1, goals: [goal] }), /p97/);
});
