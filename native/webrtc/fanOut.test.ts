// Proves the fan-out's rules on bytes alone, with time that moves only when told: numbers and clock
// go on over publishers, joiners start at a key frame, NACKs and key frame requests are bounded,
// dead viewers go. Random publishers come from a printed seed.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import {
  ntpMiddle,
  parseRtcp,
  type SenderClock,
  writeKeyFrameRequest,
  writeNack,
  writeReceiverReport,
} from '../../core/media/rtcp.ts';
import {
  isRtcp,
  parseRtp,
  RTP_HEADER_LENGTH,
  sequenceDistance,
  writeRtpHeader,
} from '../../core/media/rtp.ts';
import { createFanOut, type FanOutOptions } from './fanOut.ts';

const SPS = [0x67, 0x42, 0xe0, 0x1f];
const SLICE = [0x41, 0x9a, 0x02, 0x03];
const VIEWER = { payloadType: 102, ssrc: 77, playoutDelayId: 0 };

function packet(sequence: number, timestamp: number, payload: number[], ssrc = 1): Uint8Array {
  const bytes = new Uint8Array(RTP_HEADER_LENGTH + payload.length);
  writeRtpHeader(bytes, 0, { payloadType: 96, marker: true, sequence, timestamp, ssrc });
  bytes.set(payload, RTP_HEADER_LENGTH);
  return bytes;
}

function setUp(more: Partial<FanOutOptions> = {}) {
  const time = new ManualTime();
  const requests: number[] = [];
  const fanOut = createFanOut({
    owner: 'test',
    clock: time,
    timers: time,
    random: (length) => randomBytes(length),
    logger: silentLogger,
    onKeyFrameRequest: () => requests.push(time.nowUs()),
    ...more,
  });
  return { time, fanOut, requests };
}

/** A viewer that keeps what it got. */
function join(fanOut: ReturnType<typeof setUp>['fanOut'], kind: TrackKind = 'video', id = 0) {
  const got: { bytes: Buffer; sequence: number; timestamp: number; first: number }[] = [];
  const reports: Buffer[] = [];
  const state = { isDead: false, isDropped: false };
  const send = (bytes: Buffer) => {
    if (state.isDead) return false;
    const header = parseRtp(bytes);
    if (isRtcp(bytes)) reports.push(Buffer.from(bytes));
    else if (header) {
      const first = bytes[header.payloadStart] ?? 0;
      got.push({ bytes: Buffer.from(bytes), first, ...header });
    }
    return true;
  };
  const viewer = fanOut.addViewer({ [kind]: { ...VIEWER, playoutDelayId: id, send } }, () => {
    state.isDropped = true;
  });
  return { viewer, got, reports, state };
}

test('numbers go on without a hole over publishers, whatever their SSRC and numbers', () => {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`seed ${seed}`);
  const publisher = fc.record({
    ssrc: fc.integer({ min: 1, max: 3 }),
    start: fc.integer({ min: 0, max: 0xffff }),
    count: fc.integer({ min: 1, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(publisher, { minLength: 1, maxLength: 6 }), (publishers) => {
      const { fanOut, time } = setUp();
      const { viewer, got } = join(fanOut);
      viewer.opened('video');
      let pushed = 0;
      for (const { ssrc, start, count } of publishers) {
        const input = fanOut.openInput();
        for (let i = 0; i < count; i++) {
          const timestamp = ((time.nowUs() * 0.09) >>> 0) + 7;
          input.push('video', packet((start + i) & 0xffff, timestamp, i === 0 ? SPS : SLICE, ssrc));
          time.advance(33);
          pushed++;
        }
      }
      assert.equal(got.length, pushed);
      for (let i = 1; i < got.length; i++) {
        assert.equal(sequenceDistance(got[i - 1]?.sequence ?? 0, got[i]?.sequence ?? 0), 1);
      }
      assert.equal(new Set(got.map(({ bytes }) => bytes.readUInt32BE(8))).size, 1);
      fanOut.close();
    }),
    { seed, numRuns: 60 },
  );
});

test('seventy thousand packets: the wrap-around goes unnoticed, holes stay holes', () => {
  const { fanOut } = setUp();
  const { viewer, got } = join(fanOut);
  const input = fanOut.openInput();
  viewer.opened('video');
  for (let i = 0; i < 70_000; i++) {
    if (i === 66_000) continue;
    input.push('video', packet((i + 60_000) & 0xffff, i, i % 300 === 0 ? SPS : SLICE));
  }
  assert.equal(got.length, 69_999);
  const steps = got.slice(1).map((p, i) => sequenceDistance(got[i]?.sequence ?? 0, p.sequence));
  assert.deepEqual([...new Set(steps)].sort(), [1, 2]);
  assert.equal(steps.filter((step) => step === 2).length, 1);
});

test('a viewer that rests goes on at the next key frame, without a hole in its numbers', () => {
  const queued: (() => void)[] = [];
  const { fanOut } = setUp({ soon: (run) => queued.push(run) });
  // So many that the first turn cannot serve them all, and no further turn comes.
  const crowd = Array.from({ length: 700 }, () => join(fanOut));
  const input = fanOut.openInput();
  for (const { viewer } of crowd) viewer.opened('video');
  let number = 0;
  const push = (payload: number[]) => {
    number++;
    input.push('video', packet(number, number * 3000, payload));
  };
  push(SPS);
  for (let i = 0; i < 43; i++) push(SLICE);
  for (let run = queued.shift(); run; run = queued.shift()) run();
  const { viewersRested, packetsWithheld, packetsGivenUp } = fanOut.counters();
  const rested = crowd.filter(({ got }) => got.length < number);
  assert.equal(rested.length, viewersRested);
  assert.ok(viewersRested > 0 && viewersRested < crowd.length);
  const missed = rested.reduce((sum, { got }) => sum + number - got.length, 0);
  assert.equal(packetsWithheld, missed);
  assert.equal(packetsGivenUp, 0);
  push(SPS);
  push(SLICE);
  for (let run = queued.shift(); run; run = queued.shift()) run();
  for (const { got } of crowd) {
    assert.equal(got.at(-1)?.timestamp, number * 3000);
    for (let i = 1; i < got.length; i++) {
      assert.equal(sequenceDistance(got[i - 1]?.sequence ?? 0, got[i]?.sequence ?? 0), 1);
    }
  }
  const [one] = rested;
  assert.ok(one);
  const [before, last] = [one.got.at(-3), one.got.at(-1)];
  const asked = (sequence: number) =>
    one.viewer.rtcp('video', writeNack(9, VIEWER.ssrc, [sequence]));
  asked(last?.sequence ?? 0);
  assert.deepEqual(one.got.at(-1)?.bytes, last?.bytes, 'what came after the rest is sent again');
  const count = one.got.length;
  asked(before?.sequence ?? 0);
  assert.equal(one.got.length, count, 'another packet under the old number would be a lie');
});

test('a new publisher is taken from its key frame on, and asked for one', () => {
  const { fanOut, requests } = setUp();
  const { viewer, got } = join(fanOut);
  const first = fanOut.openInput();
  viewer.opened('video');
  first.push('video', packet(1, 1, SPS));
  const second = fanOut.openInput();
  assert.ok(!first.isCurrent() && second.isCurrent());
  first.push('video', packet(2, 2, SLICE));
  second.push('video', packet(900, 3, SLICE));
  assert.equal(got.length, 1, 'neither the old one nor a slice of the new one passes');
  assert.equal(requests.length, 1);
  second.push('video', packet(901, 3, SPS));
  assert.equal(got.length, 2);
});

test('a known clock stays as it is; a stranger’s is shifted once and told', () => {
  const shifts: number[] = [];
  const { fanOut, time } = setUp({ onTimestampShift: (_track, shift) => shifts.push(shift) });
  const { viewer, got, reports } = join(fanOut);
  viewer.opened('video');
  fanOut.openInput().push('video', packet(1, 0xfffffff0, SPS));
  time.advance(2000);
  // The studio restarts: its clock is a function of capture time, so it fits.
  fanOut.openInput().push('video', packet(9, (0xfffffff0 + 179_000) >>> 0, SPS, 5));
  assert.equal(fanOut.timestampShift('video'), 0);
  time.advance(1000);
  const stranger = fanOut.openInput();
  stranger.push('video', packet(9, 1_000_000_000, SPS, 6));
  assert.equal(shifts.length, 1);
  const expected = (0xfffffff0 + 179_000 + 90_000) >>> 0;
  assert.equal(got.at(-1)?.timestamp, expected);
  stranger.push('video', packet(10, 1_000_003_000, SLICE, 6));
  assert.equal(got.at(-1)?.timestamp, (expected + 3000) >>> 0);
  stranger.senderReport('video', { ntpSeconds: 5, ntpFraction: 6, rtpTimestamp: 1_000_000_000 });
  const [report] = parseRtcp(reports.at(-1) ?? new Uint8Array());
  assert.ok(report?.type === 'senderReport');
  assert.deepEqual(report.clock, { ntpSeconds: 5, ntpFraction: 6, rtpTimestamp: expected });
  assert.equal(report.packets, 4);
  time.advance(1000);
  fanOut.openInput().push('video', packet(9, (expected + 95_000) >>> 0, SPS, 5));
  assert.equal(fanOut.timestampShift('video'), 0, 'the studio’s own clock comes back');
});

test('a joiner gets the packets since the last key frame, within 30 ms and in order', () => {
  const { fanOut, time, requests } = setUp();
  const input = fanOut.openInput();
  for (let i = 0; i < 200; i++) input.push('video', packet(i, i, i % 100 === 0 ? SPS : SLICE));
  const { viewer, got } = join(fanOut);
  viewer.opened('video');
  assert.ok(got.length > 0 && got.length < 50, 'not all at once');
  time.advance(10);
  for (let i = 200; i < 210; i++) input.push('video', packet(i, i, SLICE));
  time.advance(20);
  assert.equal(got.length, 110);
  assert.deepEqual(
    got.map(({ timestamp }) => timestamp),
    Array.from({ length: 110 }, (_, i) => i + 100),
  );
  assert.equal(got[0]?.first, 0x67);
  input.push('video', packet(210, 210, SLICE));
  assert.equal(got.length, 111);
  assert.equal(requests.length, 0);
});

test('without a cached key frame a joiner waits for one and asks', () => {
  const { fanOut, requests } = setUp();
  const { viewer, got } = join(fanOut);
  viewer.opened('video');
  assert.equal(requests.length, 1);
  const input = fanOut.openInput();
  input.push('video', packet(1, 1, SLICE));
  assert.equal(got.length, 0);
  input.push('video', packet(2, 2, SPS));
  assert.equal(got.length, 1);
});

test('key frame requests: one per 500 ms, a last one at the end, none after a key frame', () => {
  const { fanOut, time, requests } = setUp();
  const { viewer } = join(fanOut);
  const input = fanOut.openInput();
  input.push('video', packet(1, 1, SPS));
  viewer.opened('video');
  time.advance(100);
  const ask = () => viewer.rtcp('video', writeKeyFrameRequest(1, VIEWER.ssrc));
  const startUs = time.nowUs();
  for (let i = 0; i < 200; i++) {
    ask();
    time.advance(10);
  }
  assert.deepEqual(
    requests.map((atUs) => (atUs - startUs) / 1000),
    [0, 500, 1000, 1500, 2000],
  );
  ask();
  input.push('video', packet(2, 2, SPS));
  time.advance(2000);
  assert.equal(requests.length, 5, 'the key frame answered what was waiting');
  assert.equal(fanOut.counters().keyFrameRequestsIn, 201);
});

test('a NACK brings the same bytes once per round trip; what is gone asks for a key frame', () => {
  const { fanOut, time, requests } = setUp();
  const { viewer, got, reports } = join(fanOut);
  const input = fanOut.openInput();
  viewer.opened('video');
  requests.length = 0;
  for (let i = 0; i < 5000; i++) input.push('video', packet(i, i, i === 0 ? SPS : SLICE));
  const lost = got[4990];
  const old = got[10];
  assert.ok(lost && old);
  time.advance(600);
  const ask = (sequence: number) => viewer.rtcp('video', writeNack(1, VIEWER.ssrc, [sequence]));
  ask(lost.sequence);
  ask(lost.sequence);
  assert.deepEqual(got.at(-1)?.bytes, lost.bytes);
  assert.equal(got.length, 5001);
  // The viewer's report shortens the guard from the assumed round trip to the measured one.
  const clock: SenderClock = { ntpSeconds: 1, ntpFraction: 2 ** 31, rtpTimestamp: 0 };
  input.senderReport('video', clock);
  assert.equal(reports.length, 1);
  time.advance(12);
  const block = { ssrc: VIEWER.ssrc, fractionLost: 0.25, cumulativeLost: 1, highestSequence: 0 };
  const echo = { jitter: 0, lastSenderReport: ntpMiddle(clock), delaySinceLast: 0 };
  viewer.rtcp('video', writeReceiverReport(1, [{ ...block, ...echo }]));
  assert.deepEqual([viewer.stats().roundTripMs, viewer.stats().fractionLost], [12, 0.25]);
  ask(lost.sequence);
  assert.equal(got.length, 5002);
  ask(old.sequence);
  assert.equal(got.length, 5002);
  assert.equal(requests.length, 1);
  const { nacksAsked, nacksAnswered, nacksGuarded, nacksTooOld } = fanOut.counters();
  assert.deepEqual([nacksAsked, nacksAnswered, nacksGuarded, nacksTooOld], [4, 2, 1, 1]);
});

test('one viewer cannot make the relay send without end', () => {
  const { fanOut, time } = setUp();
  const { viewer, got } = join(fanOut);
  const input = fanOut.openInput();
  viewer.opened('video');
  for (let i = 0; i < 3000; i++) input.push('video', packet(i, i, i === 0 ? SPS : SLICE));
  const all = got.map(({ sequence }) => sequence);
  time.advance(50);
  viewer.rtcp('video', writeNack(1, VIEWER.ssrc, all));
  assert.equal(got.length, 3200);
});

test('each viewer gets the playout-delay extension under its own identifier, or none', () => {
  const { fanOut } = setUp();
  const five = join(fanOut, 'video', 5);
  const none = join(fanOut, 'video', 0);
  const nine = join(fanOut, 'video', 9);
  const input = fanOut.openInput();
  for (const { viewer } of [five, none, nine]) viewer.opened('video');
  input.push('video', packet(1, 1, SPS));
  const bytesOf = (viewer: typeof five) => viewer.got[0]?.bytes ?? Buffer.alloc(0);
  assert.equal(bytesOf(five).subarray(12, 20).toString('hex'), 'bede000152000000');
  assert.equal(bytesOf(nine).subarray(12, 20).toString('hex'), 'bede000192000000');
  assert.equal(bytesOf(none).length, 16);
  assert.deepEqual([...bytesOf(five).subarray(20)], SPS);
  assert.deepEqual([...bytesOf(none).subarray(12)], SPS);
});

test('a viewer’s path decides how long its browser may wait; a page may ask for room', () => {
  const { fanOut, time } = setUp();
  const other = join(fanOut, 'video', 5);
  const page = join(fanOut, 'video', 5);
  page.viewer.setRoomMs(300);
  const input = fanOut.openInput();
  for (const { viewer } of [other, page]) viewer.opened('video');
  let sequence = 0;
  const roomAfter = (nacked: number, roundTripMs: number) => {
    const clock = { ntpSeconds: ++sequence, ntpFraction: 0, rtpTimestamp: 0 };
    input.senderReport('video', clock);
    time.advance(roundTripMs);
    for (const { viewer, got } of [other, page]) {
      const lost = got.slice(-nacked).map((each) => each.sequence);
      if (nacked > 0) viewer.rtcp('video', writeNack(1, VIEWER.ssrc, lost));
      const block = { ssrc: VIEWER.ssrc, fractionLost: 0, cumulativeLost: 0, highestSequence: 0 };
      const echo = { jitter: 90, lastSenderReport: ntpMiddle(clock), delaySinceLast: 0 };
      viewer.rtcp('video', writeReceiverReport(1, [{ ...block, ...echo }]));
    }
    input.push('video', packet(sequence++, 1, SPS));
    return [other, page].map(({ got }) => (got.at(-1)?.bytes[19] ?? -1) * 10);
  };
  for (let i = 0; i < 100; i++) input.push('video', packet(sequence++, 1, i === 0 ? SPS : SLICE));
  roomAfter(0, 2);
  assert.deepEqual(roomAfter(0, 2), [0, 300], 'a local network');
  for (let i = 0; i < 100; i++) input.push('video', packet(sequence++, 1, SLICE));
  assert.deepEqual(roomAfter(3, 40), [120, 300], 'losses over a long way');
  const { bytes } = other.got.at(-1) ?? { bytes: Buffer.alloc(20) };
  assert.equal((((bytes[17] ?? 0) << 4) | ((bytes[18] ?? 0) >> 4)) * 10, 120, 'one repair');
  const before = other.got.length;
  time.advance(200);
  other.viewer.rtcp('video', writeNack(1, VIEWER.ssrc, [other.got[50]?.sequence ?? 0]));
  assert.equal(other.got.length - before, 2, 'a repair goes out twice where much is lost');
  page.viewer.setRoomMs(0);
  assert.equal(new Set(roomAfter(3, 40)).size, 1, 'and give it back');
});

test('a probe: what went out lately once more, and the round trip of the report behind it', () => {
  const { fanOut, time } = setUp();
  const { viewer, got, reports } = join(fanOut);
  const input = fanOut.openInput();
  const clock: SenderClock = { ntpSeconds: 1000, ntpFraction: 0, rtpTimestamp: 90_000 };
  viewer.opened('video');
  const payload = [...SPS, ...new Array<number>(1196).fill(0)];
  for (let i = 0; i < 80; i++)
    input.push('video', packet(i, i * 3000, i === 0 ? payload : payload.with(0, 0x41)));
  input.senderReport('video', clock);
  const sent = got.length;
  const told = reports.length;
  viewer.probe(1_000_000);
  for (let i = 0; i < 11; i++) time.advance(10);
  const again = got.slice(sent);
  assert.equal(again.length, 13, '120 ms at a megabit a second');
  const known = new Set(got.slice(sent - 64, sent).map(({ sequence }) => sequence));
  assert.ok(again.every(({ sequence }) => known.has(sequence)));
  assert.equal(reports.length, told + 1);
  const [report] = parseRtcp(reports.at(-1) ?? new Uint8Array());
  assert.ok(report?.type === 'senderReport');
  // The same line of clocks, read now.
  assert.equal(report.clock.rtpTimestamp, 90_000 + 110 * 90);
  assert.equal(Math.round(report.clock.ntpFraction / 4_294_967.296), 110);
  assert.equal(viewer.stats().probedTripMs, null);
  time.advance(70);
  input.senderReport('video', { ...clock, ntpSeconds: 1001 });
  assert.equal(reports.length, told + 1, 'no other report until it is answered');
  const block = { ssrc: VIEWER.ssrc, fractionLost: 0, cumulativeLost: 0, highestSequence: 0 };
  const lastSenderReport = ntpMiddle(report.clock);
  const rest = { jitter: 0, lastSenderReport, delaySinceLast: 0 };
  viewer.rtcp('video', writeReceiverReport(9, [{ ...block, ...rest }]));
  assert.equal(Math.round(viewer.stats().probedTripMs ?? 0), 70);
  assert.equal(viewer.stats().roundTripMs, null, 'it says nothing of the path at rest');
  input.senderReport('video', { ...clock, ntpSeconds: 1002 });
  assert.equal(reports.length, told + 2);
  fanOut.close();
});

test('a viewer whose socket takes nothing is dropped and counted; others go on', () => {
  const { fanOut } = setUp();
  const dead = join(fanOut);
  const alive = join(fanOut);
  const input = fanOut.openInput();
  dead.viewer.opened('video');
  alive.viewer.opened('video');
  dead.state.isDead = true;
  for (let i = 0; i < 300; i++) input.push('video', packet(i, i, i === 0 ? SPS : SLICE));
  assert.ok(dead.state.isDropped);
  assert.equal(fanOut.viewerCount(), 1);
  assert.equal(fanOut.counters().viewersDropped, 1);
  assert.equal(alive.got.length, 300);
});

test('analytics are latest-wins: a viewer with a full channel is skipped', () => {
  const { fanOut } = setUp();
  const sent: string[] = [];
  let buffered = 0;
  const { viewer } = join(fanOut);
  join(fanOut);
  viewer.setAnalytics({
    bufferedAmount: () => buffered,
    send: (bytes) => sent.push(bytes.toString()) > 0,
  });
  fanOut.sendAnalytics(Buffer.from('one'));
  buffered = 65_537;
  fanOut.sendAnalytics(Buffer.from('two'));
  buffered = 0;
  fanOut.sendAnalytics(Buffer.from('three'));
  assert.deepEqual(sent, ['one', 'three']);
  assert.equal(fanOut.counters().analyticsSkipped, 1);
});

test('random packets and RTCP never throw', () => {
  const { fanOut } = setUp();
  const { viewer } = join(fanOut);
  const input = fanOut.openInput();
  viewer.opened('video');
  input.push('video', packet(1, 1, SPS));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(0x80, 0x90, 0xb1),
      (bytes, first) => {
        bytes[0] = first;
        input.push('video', bytes);
        input.push('audio', bytes);
        viewer.rtcp('video', bytes);
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(fanOut.counters().packetsRefused > 0);
});
