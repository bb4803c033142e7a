// Proves that whole access units come out of a fan-out as they went in, whatever the order of their
// packets and over the wrap of their numbers; that after a loss nothing comes until a key frame;
// and that each unit knows when its sender made it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { joinAnnexB } from '../../core/media/h264.ts';
import { packetizeAccessUnit } from '../../core/media/h264Rtp.ts';
import { ntpOf } from '../../core/media/rtcp.ts';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../../core/media/rtp.ts';
import { createFanOut, type FanOut } from './fanOut.ts';
import { type ReadUnit, UnitReader } from './unitReader.ts';

const sps = Uint8Array.of(0x67, 0x42, 0xe0, 0x1f, 1, 2, 3);
const pps = Uint8Array.of(0x68, 9, 9);

/** An access unit whose last slice has so many bytes; its content tells it apart. */
function accessUnit(isKeyFrame: boolean, number: number, bytes: number): Uint8Array {
  const slice = new Uint8Array(Math.max(3, bytes)).fill((number % 250) + 1);
  slice[0] = isKeyFrame ? 0x65 : 0x41;
  return joinAnnexB(isKeyFrame ? [sps, pps, slice] : [slice]);
}

function fanOutOf(requests: { count: number }): FanOut {
  return createFanOut({
    owner: 'test',
    clock: { nowUs: () => 0 },
    timers: realTimers,
    random: (length) => new Uint8Array(length).fill(7),
    logger: silentLogger,
    onKeyFrameRequest: () => requests.count++,
  });
}

const sizes = fc.array(fc.integer({ min: 3, max: 5000 }), { minLength: 2, maxLength: 25 });

/** A packet may be so many places late. */
function shuffled<T>(list: readonly T[], lateness: readonly number[]): T[] {
  const places = list.map((item, at) => ({ item, at: at + (lateness[at % lateness.length] ?? 0) }));
  return places.sort((one, other) => one.at - other.at).map(({ item }) => item);
}

test('units come out whole and in order, whatever the order of packets', () => {
  const lateness = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sizes, lateness, fc.integer({ min: 0, max: 65_535 }), (list, late, start) => {
      const fanOut = fanOutOf({ count: 0 });
      const taken: ReadUnit[] = [];
      new UnitReader(fanOut, { take: (unit) => taken.push(unit), analytics: () => {} });
      const input = fanOut.openInput();
      const units = list.map((size, number) => accessUnit(number % 7 === 0, number, size));
      let sequence = start;
      const packets: Uint8Array[] = [];
      for (const [number, unit] of units.entries()) {
        const timestamp = (0xffff_0000 + number * 3000) >>> 0;
        const stream = { payloadType: 96, ssrc: 5, sequence: sequence & 0xffff, timestamp };
        const made = packetizeAccessUnit(unit, stream);
        sequence += made.length;
        packets.push(...made);
      }
      // The first ones stay first: what comes before the first key frame is never seen.
      const [head = [], tail = []] = [packets.slice(0, 8), packets.slice(8)];
      for (const packet of [...head, ...shuffled(tail, late)]) input.push('video', packet);
      assert.deepEqual(
        taken.map(({ bytes, isKeyFrame }) => ({ bytes: [...bytes], isKeyFrame })),
        units.map((unit, number) => ({ bytes: [...unit], isKeyFrame: number % 7 === 0 })),
      );
      fanOut.close();
    }),
    { numRuns: 40 },
  );
});

test('after a loss nothing comes until the next key frame, which is asked for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), (lostAt) => {
      const requests = { count: 0 };
      const fanOut = fanOutOf(requests);
      const taken: ReadUnit[] = [];
      const reader = new UnitReader(fanOut, {
        take: (unit) => taken.push(unit),
        analytics: () => {},
      });
      const input = fanOut.openInput();
      const bytesOf = new Map<number, string>();
      let sequence = 100;
      for (let number = 0; number < 200; number++) {
        const unit = accessUnit(number % 20 === 0, number, 3000);
        const timestamp = number * 3000;
        bytesOf.set(timestamp, String(unit));
        const stream = { payloadType: 96, ssrc: 5, sequence, timestamp };
        for (const packet of packetizeAccessUnit(unit, stream)) {
          if (sequence - 100 !== lostAt) input.push('video', packet);
          sequence++;
        }
      }
      assert.equal(reader.counters.packetsLost, 1);
      assert.ok(requests.count > 0);
      let before = -3000;
      for (const { rtpTimestamp, bytes, isKeyFrame } of taken) {
        assert.equal(String(bytes), bytesOf.get(rtpTimestamp), 'never a torn picture');
        assert.ok(rtpTimestamp === before + 3000 || isKeyFrame, 'never a hole before a delta');
        before = rtpTimestamp;
      }
      assert.ok(taken.length >= 200 - 21 - 64 && taken.length < 200, `${taken.length}`);
      fanOut.close();
    }),
    { numRuns: 30 },
  );
});

test('a reader that comes later begins with the cached key frame; time is the sender’s', () => {
  const fanOut = fanOutOf({ count: 0 });
  const input = fanOut.openInput();
  input.senderReport('video', { ...ntpOf(1_000_000), rtpTimestamp: 9000 });
  input.senderReport('audio', { ...ntpOf(1_000_000), rtpTimestamp: 0 });
  const stream = { payloadType: 96, ssrc: 5 };
  const key = packetizeAccessUnit(accessUnit(true, 0, 500), {
    ...stream,
    sequence: 1,
    timestamp: 0,
  });
  for (const packet of key) input.push('video', packet);
  const sequence = 1 + key.length;
  const delta = { ...stream, sequence, timestamp: 18_000 };
  for (const packet of packetizeAccessUnit(accessUnit(false, 1, 10), delta)) {
    input.push('video', packet);
  }
  const taken: ReadUnit[] = [];
  new UnitReader(fanOut, { take: (unit) => taken.push(unit), analytics: () => {} });
  const sound = new Uint8Array(RTP_HEADER_LENGTH + 3);
  const header = { payloadType: 111, ssrc: 6, timestamp: 960, sequence: 1, marker: false };
  writeRtpHeader(sound, 0, header);
  sound.set([1, 2, 3], RTP_HEADER_LENGTH);
  input.push('audio', sound);
  const { ntpSeconds, ntpFraction } = ntpOf(1_000_000);
  const reportedUs = Math.round(ntpSeconds * 1_000_000 + (ntpFraction * 1_000_000) / 2 ** 32);
  assert.deepEqual(
    taken.map(({ track, isKeyFrame, senderUs }) => [
      track,
      isKeyFrame,
      (senderUs ?? 0) - reportedUs,
    ]),
    [
      ['video', true, -100_000],
      ['video', false, 100_000],
      ['audio', true, 20_000],
    ],
  );
  assert.deepEqual([...(taken[2]?.bytes ?? [])], [1, 2, 3]);
  fanOut.close();
});
