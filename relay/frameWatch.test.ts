// Proves that the relay tells when it passed on a frame's first and last packet, on the studio's
// clock and by the studio's own timestamps, for the newest 300 and for none while it does not know
// that clock.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../core/base/clock.ts';
import type { FanOutReader } from '../native/webrtc/unitReader.ts';
import { FrameWatch } from './frameWatch.ts';
import { StudioClock } from './studioClock.ts';

const SHIFT = 4_000;
const AHEAD_US = 5_000_000;

function stage() {
  const time = new ManualTime();
  const readers = new Set<FanOutReader>();
  const watch = new FrameWatch(time);
  const fanOut = {
    timestampShift: () => SHIFT,
    openReader(reader: FanOutReader) {
      readers.add(reader);
      return { close: () => readers.delete(reader) } as never;
    },
  };
  let sequence = 0;
  const packet = (rtpTimestamp: number, at = ++sequence) => {
    const stored = { sequence: at, timestamp: (rtpTimestamp + SHIFT) >>> 0 } as never;
    for (const reader of readers) reader.packet('video', stored);
  };
  const clock = new StudioClock();
  const known = () => clock.add(time.nowUs(), time.nowUs() + AHEAD_US, 300);
  return { time, watch, fanOut, packet, clock, known, readers };
}

test('first and last packet, on the studio’s clock, as the studio numbered the frame', () => {
  const { time, watch, fanOut, packet, clock, known, readers } = stage();
  watch.follow(fanOut);
  watch.follow(fanOut);
  assert.equal(readers.size, 1, 'followed once');
  const startUs = time.nowUs();
  packet(0xffff_ffff);
  time.advance(2);
  packet(0xffff_ffff);
  time.advance(31);
  packet(2_969);
  // Lost, and sent again after the next frame began.
  packet(0xffff_ffff, 1);
  assert.deepEqual(watch.since(0, clock).frames, [], 'the clock is not known yet');
  known();
  const { frames, uncertaintyUs } = watch.since(0, clock);
  const at = (ms: number) => BigInt(startUs + AHEAD_US + ms * 1000);
  assert.deepEqual(
    frames.map(({ rtpTimestamp, firstUs, lastUs }) => [rtpTimestamp, firstUs, lastUs]),
    [
      [0xffff_ffff, at(0), at(33)],
      [2_969, at(33), at(33)],
    ],
  );
  assert.equal(uncertaintyUs, 150);
  assert.deepEqual(watch.since(Number(at(33)), clock).frames, []);
  watch.close();
  assert.equal(readers.size, 0);
});

test('the oldest are forgotten', () => {
  const { time, watch, fanOut, packet, clock, known } = stage();
  watch.follow(fanOut);
  for (let frame = 0; frame < 700; frame++) {
    packet(frame);
    time.advance(33);
  }
  known();
  const told = watch.since(0, clock).frames.map(({ rtpTimestamp }) => rtpTimestamp);
  assert.deepEqual([told.length, told[0], told.at(-1)], [300, 400, 699]);
});
