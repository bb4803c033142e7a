// Proves the page's media clock against a simulated link: its offset is never wrong by more than
// the uncertainty it tells, whatever the delays, and late readings do not pull it back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPageClock } from './mediaClock.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
console.log(`media clock: SEED=${seed}`);
const OFFSET_US = 1_700_000_000_000_000;

test('with pings the clock is right within the uncertainty it tells', () => {
  const delay = fc.integer({ min: 0, max: 400 });
  fc.assert(
    fc.property(fc.array(fc.tuple(delay, delay), { minLength: 1, maxLength: 30 }), (pings) => {
      let nowMs = 1000;
      const clock = createPageClock(() => nowMs);
      assert.equal(clock.nowUs(), null);
      for (const [thereMs, backMs] of pings) {
        const sentMs = nowMs;
        const mediaUs = (sentMs + thereMs) * 1000 + OFFSET_US;
        nowMs += thereMs + backMs;
        clock.takePing({ sentMs, receivedMs: nowMs, mediaUs, uncertaintyUs: 0 });
      }
      const error = Math.abs((clock.nowUs() ?? 0) - (nowMs * 1000 + OFFSET_US));
      assert.ok(error <= (clock.uncertaintyUs() ?? 0) + 1, `${error}`);
    }),
    { seed },
  );
});

test('of the last eight pings the fastest counts; a ninth pushes the first out', () => {
  let nowMs = 0;
  const clock = createPageClock(() => nowMs);
  const ping = (roundTripMs: number) => {
    const sentMs = nowMs;
    nowMs += roundTripMs;
    // All the delay is on the way back: the offset is wrong by half of it.
    clock.takePing({ sentMs, receivedMs: nowMs, mediaUs: sentMs * 1000, uncertaintyUs: 500 });
  };
  ping(2);
  assert.equal(clock.uncertaintyUs(), 1_500);
  for (let i = 0; i < 7; i++) ping(100);
  assert.equal(clock.uncertaintyUs(), 1_500);
  ping(100);
  assert.equal(clock.uncertaintyUs(), 50_500);
});

test('of readings the least late one counts, and they are forgotten after eight', () => {
  let nowMs = 0;
  const clock = createPageClock(() => nowMs);
  const read = (lateMs: number) => {
    nowMs += 500;
    clock.takeReading((nowMs - lateMs) * 1000);
  };
  read(80);
  read(5);
  read(300);
  assert.equal(clock.nowUs(), nowMs * 1000 - 5_000);
  for (let i = 0; i < 8; i++) read(40);
  assert.equal(clock.nowUs(), nowMs * 1000 - 40_000);
});

test("an answer that came before its question is nobody's", () => {
  const clock = createPageClock(() => 0);
  clock.takePing({ sentMs: 10, receivedMs: 9, mediaUs: 1, uncertaintyUs: 0 });
  assert.equal(clock.nowUs(), null);
});
