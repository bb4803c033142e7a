// Proves the rewriting of packets for viewers against a model, over the wrap-around of sequence
// numbers (2^16) and of timestamps (2^32), with reordering, loss, doubled packets and changes of the
// publisher: what a viewer gets has the distances that the publisher's packets had, a change adds no
// hole and no jump, and every viewer sees the same. Seeds are printed; SEED repeats a run.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import {
  parseRtp,
  RTP_HEADER_LENGTH,
  sequenceDistance,
  timestampDistance,
  write32,
  writeRtpHeader,
} from '../../core/media/rtp.ts';
import { createFanOut } from './fanOut.ts';

const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
console.log(`seed ${seed}`);

const SPS = 0x67;
const SLICE = 0x41;
const FRAME_TICKS = 3000;

type Sent = { id: number; publisher: number; sequence: number; timestamp: number };
type Got = { id: number; sequence: number; timestamp: number; ssrc: number };

function setUp(viewerCount: number) {
  const time = new ManualTime();
  const fanOut = createFanOut({
    ...{ owner: 'test', clock: time, timers: time, logger: silentLogger },
    random: (length) => randomBytes(length),
    onKeyFrameRequest: () => {},
  });
  const join = (index: number) => {
    const got: Got[] = [];
    const send = (bytes: Buffer) => {
      const header = parseRtp(bytes);
      if (header) got.push({ ...header, id: bytes.readUInt32BE(header.payloadStart + 1) });
      return true;
    };
    const playoutDelayId = index % 2 === 0 ? 5 : 0;
    const viewer = fanOut.addViewer(
      { video: { payloadType: 102, ssrc: 70 + index, playoutDelayId, send } },
      () => {},
    );
    viewer.opened('video');
    return got;
  };
  return { time, fanOut, viewers: Array.from({ length: viewerCount }, (_, index) => join(index)) };
}

function packetOf(sent: Sent, nal: number, ssrc: number): Uint8Array {
  const bytes = new Uint8Array(RTP_HEADER_LENGTH + 5);
  const { sequence, timestamp } = sent;
  writeRtpHeader(bytes, 0, { payloadType: 96, marker: true, sequence, timestamp, ssrc });
  bytes[RTP_HEADER_LENGTH] = nal;
  write32(bytes, RTP_HEADER_LENGTH + 1, sent.id);
  return bytes;
}

/** Holds what a viewer got against what was sent. */
function judge(sent: ReadonlyMap<number, Sent>, got: readonly Got[]): void {
  let highest: Got | undefined;
  for (let i = 1; i < got.length; i++) {
    const [before, now] = [got[i - 1], got[i]];
    const [a, b] = [sent.get(before?.id ?? -1), sent.get(now?.id ?? -1)];
    assert.ok(before && now && a && b);
    assert.equal(now.ssrc, before.ssrc);
    const step = sequenceDistance(before.sequence, now.sequence);
    const ticks = timestampDistance(before.timestamp, now.timestamp);
    if (a.publisher === b.publisher) {
      assert.equal(step, sequenceDistance(a.sequence, b.sequence), `packet ${i}`);
      assert.equal(ticks, timestampDistance(a.timestamp, b.timestamp), `packet ${i}`);
    } else {
      highest = got.slice(0, i).reduce((most, each) => later(most, each));
      assert.equal(sequenceDistance(highest.sequence, now.sequence), 1, 'no hole at a change');
      assert.ok(Math.abs(ticks) < 11 * 90_000, `a change moved the clock by ${ticks} ticks`);
    }
  }
}

const later = (a: Got, b: Got) => (sequenceDistance(a.sequence, b.sequence) > 0 ? b : a);

/** Swaps some neighbours, drops some, doubles some; the first, a key frame, stays. */
function disturbed(packets: readonly Sent[], next: (below: number) => number): Sent[] {
  const out: Sent[] = [];
  for (const [index, packet] of packets.entries()) {
    const fate = index === 0 ? 99 : next(100);
    if (fate < 5) continue;
    if (fate < 10 && out.length > 8) out.splice(out.length - 1 - next(6), 0, packet);
    else out.push(packet);
    if (fate >= 10 && fate < 13) out.push(packet);
  }
  return out;
}

function generator(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function play(
  stage: ReturnType<typeof setUp>,
  publishers: readonly { ssrc: number; sequence: number; timestamp: number; count: number }[],
  next: (below: number) => number,
): Map<number, Sent> {
  const sent = new Map<number, Sent>();
  for (const [publisher, { ssrc, sequence, timestamp, count }] of publishers.entries()) {
    const input = stage.fanOut.openInput();
    const packets = Array.from({ length: count }, (_, i): Sent => {
      const frames = i >> 2;
      return {
        ...{ id: sent.size + i, publisher, sequence: (sequence + i) & 0xffff },
        timestamp: (timestamp + frames * FRAME_TICKS) >>> 0,
      };
    });
    for (const packet of packets) sent.set(packet.id, packet);
    for (const [index, packet] of disturbed(packets, next).entries()) {
      input.push('video', packetOf(packet, index === 0 ? SPS : SLICE, ssrc));
      if (index % 4 === 3) stage.time.advance(1000 / 30);
    }
  }
  return sent;
}

test('publishers at the edges of both circles, disturbed: distances stay, changes show nothing', () => {
  const edge16 = fc.oneof(fc.integer({ min: 65_400, max: 65_535 }), fc.nat(65_535));
  const edge32 = fc.oneof(
    fc.integer({ min: 2 ** 32 - 200_000, max: 2 ** 32 - 1 }),
    fc.nat(2 ** 32 - 1),
  );
  const publisher = fc.record({
    ssrc: fc.integer({ min: 1, max: 3 }),
    sequence: edge16,
    timestamp: edge32,
    count: fc.integer({ min: 1, max: 400 }),
  });
  const many = fc.array(publisher, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(many, fc.nat(), (publishers, chance) => {
      const stage = setUp(3);
      const sent = play(stage, publishers, generator(chance));
      const [first = [], ...others] = stage.viewers;
      assert.ok(first.length > 0);
      judge(sent, first);
      for (const other of others) {
        assert.deepEqual(
          other.map(({ id, timestamp }) => [id, timestamp]),
          first.map(({ id, timestamp }) => [id, timestamp]),
        );
        judge(sent, other);
      }
      stage.fanOut.close();
    }),
    { seed, numRuns: 100 },
  );
});

test('two hundred thousand packets of ten publishers: both circles are gone round', () => {
  const stage = setUp(1);
  const next = generator(seed);
  const publishers = Array.from({ length: 10 }, (_, index) => ({
    ssrc: 1 + (index % 3),
    sequence: next(65_536),
    timestamp: next(2 ** 32),
    count: 20_000,
  }));
  const sent = play(stage, publishers, next);
  const [got = []] = stage.viewers;
  assert.ok(got.length > 180_000, `${got.length} packets`);
  judge(sent, got);
  const wraps = got.filter(({ sequence }, i) => sequence < (got[i - 1]?.sequence ?? 0) - 60_000);
  assert.ok(wraps.length >= 2, `the viewer's numbers went round ${wraps.length} times`);
  assert.equal(new Set(got.map(({ ssrc }) => ssrc)).size, 1);
});
