// Proves what the stats dock remembers and saves: the ring tells the rows that a plain list would
// keep, whatever came in and however late; holes and another clock make no false curve; a file is
// read back to the same numbers; a figure turns where its limits say and its zones agree; and who
// corrected what is counted once. Random rows (the seed is printed on failure).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sampleReadings, sampleState } from '../../../tests/studio/sampleStudio.ts';
import { correctedPercentOf } from './correctedShare.ts';
import { PointRing, type Series, summaryOf, valueAt } from './pointRing.ts';
import { STATS, type StatsLimits, statsText, toneOf, topOf, zonesOf } from './statsFigures.ts';
import { csvOf } from './statsFile.ts';
import { rememberReadings, statsSeries } from './statsHistory.ts';

const BOUNDS = { columns: 2, rowsMax: 8, windowS: 20, gapS: 3 };
const value = fc.option(
  fc.oneof(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), fc.constant(Number.NaN)),
);
const row = fc.tuple(fc.integer({ min: -3, max: 30 }), value, value);

type Row = [atS: number, one: number | null, other: number | null];

/** What a list does that forgets nothing it may keep. */
function listOf(pushed: readonly Row[]): Row[] {
  let rows: Row[] = [];
  const clean = (of: number | null) => (of === null || Number.isNaN(of) ? null : of);
  for (const [atS, one, other] of pushed) {
    const newestS = rows.at(-1)?.[0];
    if (newestS === atS) continue;
    if (newestS !== undefined && atS < newestS) rows = [];
    else if (newestS !== undefined && atS - newestS > BOUNDS.gapS) {
      rows.push([(newestS + atS) / 2, null, null]);
    }
    rows.push([atS, clean(one), clean(other)]);
    rows = rows.slice(-BOUNDS.rowsMax);
  }
  const newestS = rows.at(-1)?.[0] ?? 0;
  return rows.filter(([atS]) => atS >= newestS - BOUNDS.windowS);
}

test('the ring tells what a list would: bounded, with holes, begun anew by another clock', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), (steps) => {
      const ring = new PointRing(BOUNDS);
      let atS = 1_000;
      const pushed = steps.map(([stepS, one, other]): Row => {
        atS += stepS / 4;
        return [atS, one, other];
      });
      for (const [at, one, other] of pushed) ring.push(at, [one, other]);
      const kept = listOf(pushed);
      const timesS = kept.map(([at]) => at);
      assert.deepEqual(ring.series(0), { timesS, values: kept.map(([, one]) => one) });
      assert.deepEqual(ring.series(1), { timesS, values: kept.map(([, , other]) => other) });
      assert.equal(ring.newestS(), timesS.at(-1) ?? null);
      const measured = kept.flatMap(([, one]) => (one === null ? [] : [one]));
      const { latest, least, most } = summaryOf(ring.series(0));
      assert.equal(latest, kept.at(-1)?.[1] ?? null);
      assert.equal(least, measured.length === 0 ? null : Math.min(...measured));
      assert.equal(most, measured.length === 0 ? null : Math.max(...measured));
      for (const [at, one] of kept) assert.equal(valueAt(ring.series(0), at), one);
    }),
    { numRuns: 300 },
  );
});

test('a file is read back to the same numbers, and what was not measured is an empty cell', () => {
  const points = fc.array(value, { maxLength: 30 });
  fc.assert(
    fc.property(points, points, (one, other) => {
      const timesS = one.map((_, index) => index / 2);
      const clean = (values: readonly (number | null)[]): Series => ({
        timesS,
        values: timesS.map((_, index) => {
          const of = values[index] ?? null;
          return of === null || Number.isNaN(of) ? null : of;
        }),
      });
      const columns = [
        { name: 'one_ms', series: clean(one) },
        { name: 'other_percent', series: clean(other) },
      ];
      const lines = csvOf(columns).split('\r\n');
      assert.equal(lines.pop(), '', 'the last line ends as every line does');
      assert.equal(lines.shift(), 'media_time_seconds,one_ms,other_percent');
      const read = lines.map((line) =>
        line.split(',').map((cell) => (cell === '' ? null : Number(cell))),
      );
      const wanted = timesS.map((atS, at) => [
        atS,
        ...columns.map(({ series }) => series.values[at] ?? null),
      ]);
      // A file knows no zero below zero.
      assert.deepEqual(
        read,
        wanted.map((cells) => cells.map((cell) => (cell === 0 ? 0 : cell))),
      );
    }),
    { numRuns: 200 },
  );
});

test('zones lie where the figure turns, within the canvas, which reaches all that was', () => {
  const limits = fc
    .tuple(fc.constantFrom('floor', 'ceiling'), fc.nat(900), fc.option(fc.nat(900)))
    .map(([side, warn, stop]): StatsLimits => {
      const far = side === 'floor' ? warn - Math.min(warn, stop ?? 0) : warn + (stop ?? 0);
      return { side, warn, stop: stop === null ? null : far };
    });
  fc.assert(
    fc.property(
      limits,
      fc.nat(5_000),
      fc.double({ noNaN: true, min: 0, max: 1 }),
      (of, most, at) => {
        const top = topOf(most, of);
        assert.ok(top >= most);
        const zones = zonesOf(of, most, top);
        for (const { from, to } of zones) assert.ok(from >= 0 && from < to && to <= top);
        const looked = at * most;
        const isEdge = zones.some(({ from, to }) => looked === from || looked === to);
        if (isEdge) return;
        const inZone = zones.find(({ from, to }) => looked > from && looked < to);
        assert.equal(inZone?.tone ?? 'calm', toneOf(looked, of));
      },
    ),
    { numRuns: 300 },
  );
  assert.deepEqual(zonesOf({ side: 'ceiling', warn: 0, stop: null }, 0, 1), []);
  assert.equal(toneOf(null, { side: 'floor', warn: 10, stop: 5 }), 'calm');
});

test('each figure is taken from the readings; what they lack is not measured', () => {
  const indexOf = (id: string) => STATS.findIndex((figure) => figure.id === id);
  const latest = (id: string) => summaryOf(statsSeries(indexOf(id))).latest;
  const at = (seconds: number, changes: Parameters<typeof sampleReadings>[0] = {}) =>
    rememberReadings(sampleReadings({ mediaUs: seconds * 1_000_000, ...changes }), 3);
  at(100, { betsConfirmed: 7 });
  assert.deepEqual(['kilobits', 'drops', 'memory', 'bets'].map(latest), [2510, 3, 310, 0]);
  assert.deepEqual(['roundTrip', 'gpu', 'corrected'].map(latest), [null, null, null]);
  at(130, { betsConfirmed: 12, roundTripMs: 18.5, gpuPercent: 40 });
  assert.deepEqual(['bets', 'roundTrip', 'gpu'].map(latest), [5, 18.5, 40]);
  at(161, { betsConfirmed: 20 });
  assert.equal(latest('bets'), 8, 'what is older than a minute does not count');
  at(162, { betsConfirmed: 2 });
  assert.equal(latest('bets'), 0, 'an engine that began anew counts from zero');
  const state = sampleState();
  const calm = { ...state, source: { ...state.source, state: 'live' as const } };
  for (const figure of STATS) {
    const limits = figure.limits(calm);
    if (limits === null || limits.stop === null) continue;
    const isOrdered =
      limits.side === 'floor' ? limits.stop < limits.warn : limits.stop > limits.warn;
    assert.ok(isOrdered, figure.id);
  }
  assert.equal(new Set(STATS.map(({ column }) => column)).size, STATS.length);
  assert.match(
    STATS.map((figure) => statsText(1234.56, figure)).join('|'),
    /^1.235 kb\/s\|1234.6 fps/,
  );
});

test('of what the picture settled, the share that was corrected counts each market once', () => {
  const act = (name: string, role: 'vision' | 'owner', target: string) => ({
    ...{ act: `market.${name}`, role, target },
  });
  assert.equal(correctedPercentOf([]), null);
  assert.equal(correctedPercentOf([act('resolved', 'owner', 'a')]), null);
  const acts = [
    act('corrected', 'owner', 'a'),
    act('corrected', 'owner', 'a'),
    act('corrected', 'owner', 'd'),
    act('resolved', 'owner', 'd'),
    act('locked', 'vision', 'e'),
    ...['a', 'b', 'c', 'e'].map((market) => act('resolved', 'vision', market)),
  ];
  assert.equal(correctedPercentOf(acts), 25);
});
