// Proves that the quickest answer about the studio's clock counts, with the home's uncertainty in
// it, and that a closed asker asks nothing more, however long it had run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { StudioClock } from '../studioClock.ts';
import { ClockAsker } from './farClock.ts';

function told(sentUs: number, mediaUs: number, uncertaintyUs: number) {
  const $typeName = 'morphine.nodes.v1.Clock' as const;
  const channelId = 'c';
  return {
    ...{ $typeName, channelId, uncertaintyUs },
    ...{ sentUs: BigInt(sentUs), mediaUs: BigInt(mediaUs) },
  } as const;
}

test('the quickest answer counts; one that knows nothing is left out', () => {
  const time = new ManualTime();
  const studioClock = new StudioClock();
  const asked: number[] = [];
  const asker = new ClockAsker(studioClock, time, time, (sentUs) => void asked.push(sentUs));
  asker.start();
  time.advance(1_000);
  assert.equal(asked.length, 8);
  const sentUs = time.nowUs();
  time.advance(10);
  asker.told(told(sentUs, 0, 0));
  assert.equal(studioClock.read(time.nowUs()).mediaUs, 0);
  asker.told(told(sentUs, 7_000_000_000, 500));
  const { mediaUs, uncertaintyUs } = studioClock.read(time.nowUs());
  assert.equal(mediaUs, 7_000_005_000, 'the answer was made half way');
  assert.equal(uncertaintyUs, 5_500);
  const slowUs = time.nowUs();
  time.advance(1_000);
  asker.told(told(slowUs, 9_000_000_000, 0));
  assert.equal(studioClock.read(time.nowUs()).uncertaintyUs, 5_500);
});

test('a closed asker asks nothing more', () => {
  const time = new ManualTime();
  let asked = 0;
  const asker = new ClockAsker(new StudioClock(), time, time, () => void asked++);
  asker.start();
  time.advance(60_000);
  assert.ok(asked >= 48);
  asker.close();
  const before = asked;
  time.advance(60_000);
  assert.equal(asked, before);
});
