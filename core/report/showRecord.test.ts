// Proves that a record of any show stays inside its bounds and its schema, that it can be written
// down and gone on with at any moment, and that its sums are those of what it was told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { percentileOf } from '../base/recentFigures.ts';
import { EVENT_CATALOGUE, type EventType } from '../contract/events.ts';
import {
  REPORT_EVENTS_MAX,
  REPORT_SAMPLES_MAX,
  REPORT_SUSPENSIONS_MAX,
  REPORT_WARNINGS_MAX,
  showReportSchema,
} from '../contract/report.ts';
import {
  addEvent,
  addSample,
  addSuspension,
  addWarning,
  newRecord,
  reportOf,
  SAMPLE_SECONDS,
  type ShowRecord,
  showRecordSchema,
} from './showRecord.ts';

const SECOND_US = 1_000_000;
const fresh = () => newRecord({ title: 'Cup', sinceUs: 5 * SECOND_US, startedMs: 1 });
const reported = (record: ShowRecord) =>
  showReportSchema.parse(
    reportOf(record, {
      ...{ state: 'ended', markets: [], hasMoreMarkets: false },
      ledger: { seq: 1, hash: '', notCopied: 0 },
    }),
  );

const measured = fc.record({
  viewers: fc.nat(20_000),
  delaysMs: fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 12 }),
  kilobits: fc.option(fc.nat(50_000), { nil: null }),
  roundTripMs: fc.option(fc.nat(2_000), { nil: null }),
  framesDropped: fc.nat(50),
});

test('sums, means and percentiles are those of the samples, over any interruption', () => {
  fc.assert(
    fc.property(fc.array(measured, { minLength: 1, maxLength: 60 }), fc.nat(59), (all, cut) => {
      let record = fresh();
      for (const [index, one] of all.entries()) {
        // An engine that was killed: the next one reads what was written.
        if (index === cut) record = showRecordSchema.parse(JSON.parse(JSON.stringify(record)));
        addSample(record, (5 + (index + 1) * SAMPLE_SECONDS) * SECOND_US, one);
      }
      const report = reported(record);
      const viewers = all.map((one) => one.viewers);
      const sum = viewers.reduce((total, one) => total + one, 0);
      assert.equal(report.viewersPeak, Math.max(...viewers));
      assert.ok(Math.abs(report.viewersMean - sum / all.length) <= 0.051);
      assert.equal(report.seconds, all.length * SAMPLE_SECONDS);
      const dropped = all.reduce((total, one) => total + one.framesDropped, 0);
      assert.equal(report.framesDropped, dropped);
      const inCurve = report.samples.reduce((total, one) => total + one.framesDropped, 0);
      assert.equal(inCurve, dropped);
      for (const [share, told] of [[0.5, report.delayP50Ms] as const, [0.95, report.delayP95Ms]]) {
        const real = percentileOf(
          all.flatMap((one) => one.delaysMs),
          Number(share),
        );
        if (real === null) assert.equal(told, null);
        else
          assert.ok(told !== null && Math.abs(told - real) <= 0.05 * real + 1, `${told} ${real}`);
      }
    }),
    { numRuns: 60 },
  );
});

test('a show of a day stays inside its bounds, and its curve goes from end to end', () => {
  const record = fresh();
  const count = (24 * 3600) / SAMPLE_SECONDS;
  for (let sample = 1; sample <= count; sample++) {
    addSample(record, (5 + sample * SAMPLE_SECONDS) * SECOND_US, {
      ...{ viewers: sample % 7, delaysMs: [40], kilobits: 2500, roundTripMs: 9, framesDropped: 1 },
    });
    assert.ok(record.samples.length < REPORT_SAMPLES_MAX);
    assert.ok(record.open.length < record.every);
  }
  const { samples, framesDropped, seconds } = reported(record);
  assert.ok(samples.length > REPORT_SAMPLES_MAX / 3, `${samples.length}`);
  assert.equal(samples.at(-1)?.atS, 24 * 3600);
  assert.equal(seconds, 24 * 3600);
  assert.equal(framesDropped, count);
  assert.ok(JSON.stringify(record).length < 65_536);
});

const types = Object.keys(EVENT_CATALOGUE) as EventType[];

test('of many events the highlights stay, and what is left out is counted', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...types), { maxLength: 500 }), (told) => {
      const record = fresh();
      for (const [index, type] of told.entries()) {
        const event = { id: `e${index}`, type, captureUs: index * SECOND_US, detectedUs: 1 };
        addEvent(record, {
          ...{ ...event, rtpTimestamp: 0, confidence: 1, why: '', subject: '', trackIds: [] },
        });
      }
      const { events, eventsMore } = reported(record);
      assert.equal(events.length + eventsMore, told.length);
      assert.ok(events.length <= REPORT_EVENTS_MAX);
      const highlights = told.filter((type) => type === 'highlight').length;
      const isRoom = told.filter((type) => /highlight|goal|obj|score|record/i.test(type)).length;
      const kept = events.filter(({ type }) => type === 'highlight').length;
      if (isRoom <= REPORT_EVENTS_MAX) assert.equal(kept, highlights);
    }),
    { numRuns: 40 },
  );
});

test('the same event, warning and reason are told once; lists end at their bounds', () => {
  const record = fresh();
  const at = { captureUs: 9, detectedUs: 9, rtpTimestamp: 0, trackIds: [], subject: 'left' };
  for (const id of ['a', 'b']) {
    addEvent(record, { ...at, id, type: 'goal', confidence: 1, why: 'seen' });
  }
  assert.equal(record.events.length, 1, 'vision was restarted and told it again');
  for (let index = 0; index < 100; index++) {
    addWarning(record, index, { severity: 'warn', text: `trouble ${index % 70}` });
    addSuspension(record, `reason ${index % 40}`, 1.5);
  }
  const { warnings, warningsMore, suspensions } = reported(record).health;
  assert.equal(warnings.length, REPORT_WARNINGS_MAX);
  assert.ok(warningsMore > 0);
  assert.equal(suspensions.length, REPORT_SUSPENSIONS_MAX);
  assert.equal(
    suspensions.reduce((sum, one) => sum + one.times, 0),
    100,
  );
  assert.equal(
    suspensions.reduce((sum, one) => sum + one.seconds, 0),
    150,
  );
});
