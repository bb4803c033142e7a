// Proves that the exported trace is one that Perfetto takes, whatever was measured: the shape by a
// schema of the Trace Event Format, every frame and stage in it, slices of a track never negative
// and never over one another, arrows that begin, go on and end in the order of time on slices that
// exist, every process and track named. And that a stage nobody measured is nowhere.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import type { FrameTimes } from '../../../core/contract/frames.ts';
import type { Presented } from './presentedFrames.ts';
import { traceOf } from './trace.ts';
import { merged, newestWhole, STAGES, stageShares, xrayFrame } from './xrayFrames.ts';

const place = { pid: z.number().int(), tid: z.number().int() };
const timed = { ...place, name: z.string().min(1), cat: z.string(), ts: z.number().nonnegative() };
const named = z.record(z.string(), z.unknown());
/** The Trace Event Format as far as the file uses it. */
const traceSchema = z.strictObject({
  displayTimeUnit: z.literal('ms'),
  otherData: named,
  traceEvents: z.array(
    z.discriminatedUnion('ph', [
      z.strictObject({
        ...{ ph: z.literal('M'), ...place },
        name: z.enum(['process_name', 'thread_name', 'thread_sort_index']),
        args: z.union([
          z.strictObject({ name: z.string().min(1) }),
          z.strictObject({ sort_index: z.number().int() }),
        ]),
      }),
      z.strictObject({ ph: z.literal('X'), ...timed, dur: z.number().nonnegative(), args: named }),
      z.strictObject({ ph: z.literal('s'), ...timed, id: z.string() }),
      z.strictObject({ ph: z.literal('t'), ...timed, id: z.string() }),
      z.strictObject({ ph: z.literal('f'), ...timed, id: z.string(), bp: z.literal('e') }),
      z.strictObject({ ph: z.literal('i'), ...timed, s: z.literal('g'), args: named }),
    ]),
  ),
});
type Trace = z.infer<typeof traceSchema>;
type Slice = Extract<Trace['traceEvents'][number], { ph: 'X' }>;

const BASE_US = 1_795_000_000_000_000;
const step = fc.integer({ min: 0, max: 90_000 });

/** Times as they are told: mostly in order, those of other processes off by their uncertainty. */
const frames = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1_000, max: 50_000 }),
      encoding: fc.option(step),
      steps: fc.tuple(step, step, step, step, step, step, step),
      sent: fc.boolean(),
      sight: fc.boolean(),
      relay: fc.option(fc.tuple(fc.integer({ min: -500, max: 90_000 }), step)),
      page: fc.option(fc.tuple(fc.integer({ min: -2_000, max: 90_000 }), step, step, step)),
      isReceiptTold: fc.boolean(),
      isKeyFrame: fc.boolean(),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((drawn) => {
    let captureUs = BASE_US;
    return drawn.map((one, index) => {
      captureUs += one.gap;
      return { told: toldOf(one, captureUs, index), page: pageOf(one, captureUs, index) };
    });
  });

type Drawn = {
  encoding: number | null;
  steps: number[];
  sent: boolean;
  sight: boolean;
  relay: [number, number] | null;
  page: [number, number, number, number] | null;
  isReceiptTold: boolean;
  isKeyFrame: boolean;
};

function toldOf(one: Drawn, captureUs: number, index: number): FrameTimes {
  const { encoding, steps, sent, sight, relay, isKeyFrame } = one;
  const at = (count: number) =>
    captureUs + (encoding ?? 0) + steps.slice(0, count).reduce((sum, each) => sum + each, 0);
  const [fedUs, firstUs] = [at(1), at(2) + (relay?.[0] ?? 0)];
  return {
    ...{ captureUs, rtpTimestamp: index, bytes: 1 + index, isKeyFrame, fedUs },
    encodingUs: encoding === null ? null : captureUs + encoding,
    sentUs: sent ? at(2) : null,
    sight: sight
      ? {
          ...{ receivedUs: at(2), decodedUs: at(3), begunUs: at(4), seenUs: at(5) },
          ...{ knownUs: at(6), heardUs: at(7), motionUs: 1, inferUs: 2, trackUs: 3, eventUs: 4 },
        }
      : null,
    relay: relay && { firstUs, lastUs: firstUs + relay[1] },
  };
}

function pageOf({ page, isReceiptTold }: Drawn, captureUs: number, index: number) {
  if (page === null) return undefined;
  const [received, wait, present, paint] = page.map((us) => us / 1000) as typeof page;
  const receivedMs = (captureUs - BASE_US) / 1000 + received;
  const presentedMs = receivedMs + wait;
  const paintFromMs = presentedMs + paint / 2;
  return {
    rtpTimestamp: index,
    receivedMs: isReceiptTold ? receivedMs : null,
    decoderMs: isReceiptTold ? wait / 2 : null,
    ...{ presentedMs, displayMs: presentedMs + present, paintFromMs, paintToMs: paintFromMs + 0.1 },
  } satisfies Presented;
}

const toMediaUs = (pageMs: number) => Math.round(BASE_US + pageMs * 1000);
const uncertaintyUs = { page: 300, relay: null };

function eventAt(captureUs: number) {
  const rest = { rtpTimestamp: 1, detectedUs: captureUs + 30_000, confidence: 0.9, subject: '' };
  return { id: `goal-${captureUs}`, type: 'goal', captureUs, why: 'it did', trackIds: [], ...rest };
}

function assertTracks(slices: readonly Slice[]): void {
  const ends = new Map<number, number>();
  for (const { tid, ts, dur } of slices) {
    assert.ok(ts >= (ends.get(tid) ?? 0), `track ${tid} has two slices at ${ts}`);
    ends.set(tid, ts + dur);
  }
}

function assertArrows({ traceEvents }: Trace, slices: readonly Slice[]): void {
  const open = new Map<string, number>();
  for (const one of traceEvents) {
    if (one.ph !== 's' && one.ph !== 't' && one.ph !== 'f') continue;
    const isOn = slices.some(
      ({ tid, ts, pid }) => tid === one.tid && pid === one.pid && ts === one.ts,
    );
    assert.ok(isOn, `arrow ${one.id} touches no slice`);
    const lastTs = open.get(one.id);
    if (one.ph === 's') assert.equal(lastTs, undefined);
    else assert.ok(lastTs !== undefined && lastTs <= one.ts, `arrow ${one.id} goes back`);
    if (one.ph === 'f') open.delete(one.id);
    else open.set(one.id, one.ts);
  }
  assert.deepEqual([...open.keys()], [], 'every arrow ends');
}

test('whatever was measured becomes a trace that tools take', () => {
  fc.assert(
    fc.property(frames, (drawn) => {
      const all = drawn.map(({ told, page }) => xrayFrame(told, page, toMediaUs));
      const first = drawn[0]?.told.captureUs ?? 0;
      const events = [eventAt(first), eventAt(first - 1)] as Parameters<
        typeof traceOf
      >[0]['events'];
      const text = JSON.stringify(traceOf({ frames: all, events, uncertaintyUs }));
      const trace = traceSchema.parse(JSON.parse(text));
      const slices = trace.traceEvents.filter((one) => one.ph === 'X');
      const measured = all.flatMap(({ spans }) => Object.values(spans));
      assert.equal(slices.length, measured.length, 'a slice for each measured stage, and no other');
      const told = new Set(slices.map(({ args }) => args.captureUs));
      assert.deepEqual(told, new Set(all.map(({ captureUs }) => captureUs)));
      assertTracks(slices);
      assertArrows(trace, slices);
      const timedOnes = trace.traceEvents.flatMap((one) => (one.ph === 'M' ? [] : [one.ts]));
      assert.deepEqual(
        timedOnes,
        [...timedOnes].sort((a, b) => a - b),
      );
      const instants = trace.traceEvents.filter((one) => one.ph === 'i');
      assert.deepEqual(
        instants.map(({ args }) => args.id),
        [`goal-${first}`],
        'only of its time',
      );
      const names = trace.traceEvents.filter((one) => one.ph === 'M');
      for (const { pid, tid } of [...slices, ...instants]) {
        assert.ok(names.some((one) => one.name === 'process_name' && one.pid === pid));
        assert.ok(names.some((one) => one.name === 'thread_name' && one.tid === tid));
      }
    }),
    { numRuns: 150 },
  );
});

test('what nobody measured is absent, and no stage ends before it began', () => {
  fc.assert(
    fc.property(frames, (drawn) => {
      for (const { told, page } of drawn) {
        const { spans } = xrayFrame(told, page, toMediaUs);
        assert.equal('capture' in spans, told.encodingUs !== null);
        assert.equal('relay' in spans, told.relay !== null);
        assert.equal('infer' in spans, told.sight !== null);
        assert.equal('present' in spans, page !== undefined);
        const receivedUs = page?.receivedMs == null ? -1 : toMediaUs(page.receivedMs);
        const isSentFirst = told.sentUs !== null && told.sentUs <= receivedUs;
        assert.equal('network' in spans, isSentFirst, 'never a negative one, and no zero for it');
        assert.equal('present' in xrayFrame(told, page, null).spans, false, 'no clock, no times');
        for (const { fromUs, toUs } of Object.values(spans)) assert.ok(toUs >= fromUs);
      }
    }),
    { numRuns: 150 },
  );
});

test('answers of the engine are put over what was known, and the newest stay', () => {
  const frame = (captureUs: number, bytes: number) =>
    toldOf(
      {
        ...{ encoding: null, steps: [1, 1, 1, 1, 1, 1, 1], sent: false, sight: false, relay: null },
        ...{ page: null, isReceiptTold: false, isKeyFrame: false },
      },
      captureUs,
      bytes,
    );
  const known = [frame(1, 1), frame(2, 2), frame(3, 3)];
  const newest = { ...frame(2, 9), sentUs: 12 };
  const all = merged(known, [newest, frame(4, 4)], 3);
  assert.deepEqual(
    all.map(({ captureUs }) => captureUs),
    [2, 3, 4],
  );
  const shown = all.map((one) => xrayFrame(one, undefined, null));
  assert.equal(shown[0]?.spans.send?.toUs, 12);
  assert.equal(newestWhole(shown), 0, 'of the others less is known');
  assert.equal(newestWhole([]), -1);
  const shares = stageShares(shown);
  assert.deepEqual(shares.send, { count: 1, p50Us: 9, p95Us: 9 });
  assert.deepEqual(shares.present, { count: 0, p50Us: null, p95Us: null });
  assert.equal(Object.keys(shares).length, STAGES.length);
});
