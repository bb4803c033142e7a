// Proves where events stand: each one that can be seen belongs to exactly one mark, however many
// there are and however wide it is; marks keep apart; zooming keeps the time under the pointer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GameEvent } from '../../../core/contract/events.ts';
import { EVENT_CATALOGUE, type EventType } from '../../../core/contract/events.ts';
import {
  firstFrom,
  followedView,
  inRows,
  layoutMarks,
  MARKS_MAX,
  SPAN_US_MAX,
  SPAN_US_MIN,
  showing,
  TICKS_MAX,
  ticksOf,
  xOf,
  zoomed,
} from './timelineLayout.ts';

const TYPES = Object.keys(EVENT_CATALOGUE) as EventType[];
const some = (seed: number) => ({ seed, numRuns: 200, verbose: true });

function eventsAt(times: readonly number[]): GameEvent[] {
  return [...times]
    .sort((one, other) => one - other)
    .map((captureUs, at) => ({
      ...{ id: `e${at}`, type: TYPES[at % TYPES.length] ?? 'pass', captureUs, rtpTimestamp: 0 },
      ...{ detectedUs: captureUs, confidence: 0.5, why: '', subject: '', trackIds: [] },
    }));
}

const times = fc.array(fc.integer({ min: 0, max: 4_000_000_000 }), { maxLength: 400 });
const views = fc
  .tuple(fc.integer({ min: 0, max: 3_000_000_000 }), fc.integer({ min: SPAN_US_MIN, max: 4e9 }))
  .map(([fromUs, spanUs]) => ({ fromUs, toUs: fromUs + spanUs }));
const widths = fc.integer({ min: 120, max: 3_840 });

test('each visible event belongs to one mark, and marks keep apart', () => {
  fc.assert(
    fc.property(times, views, widths, (captured, view, width) => {
      const events = eventsAt(captured);
      const marks = layoutMarks(events, view, width);
      assert.ok(marks.length <= MARKS_MAX);
      const seen = events.flatMap(({ captureUs }, at) =>
        captureUs >= view.fromUs && captureUs <= view.toUs ? [at] : [],
      );
      const marked = marks.flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, at) => first + at),
      );
      assert.deepEqual(marked, seen);
      for (const [at, { lead, xPx, first, last }] of marks.entries()) {
        const index = events.indexOf(lead);
        assert.ok(index >= first && index <= last, 'a mark shows one of its own');
        assert.ok(Math.abs(xPx - xOf(lead.captureUs, view, width)) < 1e-6);
        const before = marks[at - 1];
        if (before) assert.ok(before.roomPx >= 0 && before.xPx <= xPx);
      }
    }),
    some(4901),
  );
});

test('ten thousand events are a few marks, the goal among them shows', () => {
  const events = eventsAt(Array.from({ length: 10_000 }, (_, at) => at * 400_000)).map((event) => ({
    ...event,
    type: 'pass' as EventType,
  }));
  const goal = events[5_000];
  assert.ok(goal);
  goal.type = 'goal';
  const marks = layoutMarks(events, { fromUs: 0, toUs: 4_000_000_000 }, 1440);
  assert.ok(marks.length > 10 && marks.length <= MARKS_MAX);
  assert.ok(marks.some(({ lead }) => lead === goal));
});

test('ticks lie in view, evenly, and are few', () => {
  fc.assert(
    fc.property(views, widths, fc.integer({ min: 0, max: 4e9 }), (view, width, zeroUs) => {
      const ticks = ticksOf(view, zeroUs, width);
      assert.ok(ticks.length <= TICKS_MAX);
      for (const at of ticks) {
        assert.ok(at >= view.fromUs && at <= view.toUs);
        assert.equal(Math.abs((at - zeroUs) % 1_000_000), 0);
      }
    }),
    some(4902),
  );
});

test('zooming keeps the time under the pointer and stays in its bounds', () => {
  const factor = fc.double({ min: 0.01, max: 100, noNaN: true });
  fc.assert(
    fc.property(views, factor, fc.double({ min: 0, max: 1, noNaN: true }), (view, by, share) => {
      const atUs = view.fromUs + share * (view.toUs - view.fromUs);
      const next = zoomed(view, by, atUs);
      const spanUs = next.toUs - next.fromUs;
      assert.ok(spanUs >= SPAN_US_MIN - 1 && spanUs <= SPAN_US_MAX + 1);
      assert.ok(Math.abs((atUs - next.fromUs) / spanUs - share) < 1e-6);
    }),
    some(4903),
  );
});

test('a time that is to be seen is seen; one that is seen moves nothing', () => {
  fc.assert(
    fc.property(views, fc.integer({ min: 0, max: 4e9 }), (view, atUs) => {
      const next = showing(view, atUs);
      assert.ok(next.fromUs <= atUs && atUs <= next.toUs);
      assert.equal(Math.round(next.toUs - next.fromUs), Math.round(view.toUs - view.fromUs));
      assert.deepEqual(showing(next, (next.fromUs + next.toUs) / 2), next);
    }),
    some(4904),
  );
  const view = followedView(1_000_000_000, 60_000_000, 1440);
  assert.equal(Math.round(xOf(1_000_000_000, view, 1440)), 1220);
  const events = eventsAt([10, 20, 20, 30]);
  assert.deepEqual([firstFrom(events, 20), firstFrom(events, 31)], [1, 4]);
});

test('no market lies over another one: the newest is whole, older ones give way', () => {
  const bar = fc.record({ leftPx: fc.nat(600), widthPx: fc.integer({ min: 1, max: 400 }) });
  fc.assert(
    fc.property(fc.array(bar, { maxLength: 8 }), (bars) => {
      const shown = inRows(bars.map((one, id) => ({ ...one, id })));
      const [newest] = bars;
      if (newest) assert.deepEqual(shown[0], { ...newest, id: 0, row: 0 });
      for (const [at, one] of shown.entries()) {
        assert.equal(one.leftPx, bars[one.id]?.leftPx);
        assert.ok(one.widthPx <= (bars[one.id]?.widthPx ?? 0));
        for (const other of shown.slice(at + 1)) {
          const isApart =
            one.row !== other.row ||
            one.leftPx + one.widthPx <= other.leftPx ||
            other.leftPx + other.widthPx <= one.leftPx;
          assert.ok(isApart, JSON.stringify([one, other]));
        }
      }
    }),
    some(20261121),
  );
});
