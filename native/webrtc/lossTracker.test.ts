// Proves that lost packets are asked for after the reorder window and only then, again at intervals
// and never without end, and that report figures are those of RFC 3550.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RtpPacket } from '../../core/media/rtp.ts';
import { LossTracker } from './lossTracker.ts';

function packet(sequence: number, timestamp = sequence * 3000): RtpPacket {
  const header = { payloadType: 96, marker: false, ssrc: 1, payloadStart: 12, payloadEnd: 13 };
  return { ...header, sequence: sequence & 0xffff, timestamp: timestamp >>> 0 };
}

test('a hole is due after 10 ms or three newer packets; a late packet fills it', () => {
  const tracker = new LossTracker(1, 90_000);
  tracker.receive(packet(65_534), 0);
  tracker.receive(packet(65_536), 1000);
  assert.deepEqual(tracker.due(2000), []);
  assert.deepEqual(tracker.due(11_000), [65_535]);
  assert.deepEqual(tracker.due(12_000), [], 'not again before 50 ms');
  assert.deepEqual(tracker.due(62_000), [65_535]);
  tracker.receive(packet(65_535), 63_000);
  assert.ok(!tracker.hasHoles());
  tracker.receive(packet(65_538), 64_000);
  tracker.receive(packet(65_539), 64_001);
  assert.deepEqual(tracker.due(64_002), []);
  tracker.receive(packet(65_540), 64_003);
  assert.deepEqual(tracker.due(64_004), [1]);
  assert.equal(tracker.lost, 1);
});

test('it gives up after ten tries and forgets the oldest of many holes', () => {
  const tracker = new LossTracker(1, 90_000);
  tracker.receive(packet(0), 0);
  tracker.receive(packet(2), 0);
  let tries = 0;
  for (let atUs = 10_000; tracker.hasHoles(); atUs += 50_000) tries += tracker.due(atUs).length;
  assert.equal(tries, 10);
  tracker.receive(packet(2000), 1_000_000);
  assert.equal(tracker.due(1_020_000).length, 256);
});

test('a jump is another stream, not a loss', () => {
  const tracker = new LossTracker(1, 90_000);
  tracker.receive(packet(10), 0);
  tracker.receive(packet(20_000), 1);
  assert.ok(!tracker.hasHoles());
  assert.equal(tracker.lost, 0);
});

test('report: fraction since the last one, total, delay since the sender report, jitter', () => {
  const tracker = new LossTracker(1, 90_000);
  for (let i = 0; i < 100; i++) if (i % 4 !== 3) tracker.receive(packet(i), i * 33_333);
  tracker.senderReport({ ntpSeconds: 0x12345678, ntpFraction: 0x9abcdef0, rtpTimestamp: 0 }, 4e6);
  const first = tracker.report(4.5e6);
  assert.equal(first.cumulativeLost, 24);
  assert.ok(Math.abs(first.fractionLost - 24 / 99) < 1e-9);
  assert.equal(first.lastSenderReport, 0x56789abc);
  assert.equal(first.delaySinceLast, 32_768);
  assert.ok(first.jitter <= 1);
  for (let i = 100; i < 110; i++) tracker.receive(packet(i), i * 33_333);
  assert.ok(Math.abs(tracker.report(5e6).fractionLost - 1 / 11) < 1e-9);
  for (let i = 110; i < 140; i++) tracker.receive(packet(i), i * 33_333 + (i % 2) * 10_000);
  assert.ok(tracker.report(6e6).jitter > 300, '10 ms of jitter are 900 ticks');
});
