// Proves the order in which a crowd is served: every viewer gets every packet once and in order,
// nobody is always the first, long work is cut into turns, what is too late is given up, and few
// viewers wait for nothing. Time and turns move only when told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualTime } from '../../core/base/clock.ts';
import { CrowdOrder, type Taker } from './crowdOrder.ts';
import type { StoredPacket } from './packetRing.ts';

type Viewer = Taker & { id: number; got: number[]; isResting: boolean };

function setUp(viewerCount: number) {
  const time = new ManualTime();
  const turns: (() => void)[] = [];
  const log: number[] = [];
  const order = new CrowdOrder<Viewer>(time, (run) => turns.push(run));
  const join = (id: number) => {
    const viewer: Viewer = {
      id,
      got: [],
      isResting: false,
      forward(_kind, { sequence }) {
        if (this.isResting) return false;
        this.got.push(sequence);
        log.push(id);
        return true;
      },
      rest() {
        this.isResting = true;
      },
    };
    order.add(viewer);
    return viewer;
  };
  const viewers = Array.from({ length: viewerCount }, (_, id) => join(id));
  let sequence = 0;
  const push = (marker: boolean, kind: 'video' | 'audio' = 'video') => {
    const empty = Buffer.alloc(0);
    const rest = { timestamp: 0, payloadLength: 0, extended: empty, plain: empty };
    const stored: StoredPacket = { sequence: sequence++, marker, ...rest };
    order.push({ kind, stored, isKeyFrameStart: false });
  };
  return { time, turns, log, order, join, viewers, push };
}

test('few viewers wait for nothing', () => {
  const { viewers, push } = setUp(3);
  push(false);
  assert.deepEqual(
    viewers.map(({ got }) => got),
    [[0], [0], [0]],
  );
});

test('a crowd gets a picture viewer by viewer, from another first viewer each time', () => {
  const { log, push } = setUp(20);
  const firsts = new Set<number | undefined>();
  for (let picture = 0; picture < 20; picture++) {
    log.length = 0;
    for (let i = 0; i < 3; i++) push(i === 2);
    assert.equal(log.length, 60);
    assert.deepEqual(log.slice(0, 3), [log[0], log[0], log[0]], 'all of it to one, then the next');
    firsts.add(log[0]);
  }
  assert.equal(firsts.size, 20, 'everybody was the first once');
});

test('a picture whose end does not come goes out after a millisecond', () => {
  const { time, viewers, push } = setUp(20);
  push(false);
  push(false);
  assert.equal(viewers[0]?.got.length, 0);
  time.advance(1);
  assert.ok(viewers.every(({ got }) => got.length === 2));
  push(false, 'audio');
  assert.ok(
    viewers.every(({ got }) => got.length === 3),
    'sound alone waits for nothing',
  );
});

test('long work is cut into turns and goes on where it was', () => {
  const { turns, viewers, push } = setUp(100);
  for (let i = 0; i < 30; i++) push(i === 29);
  const served = () => viewers.filter(({ got }) => got.length === 30).length;
  assert.equal(served(), 20, 'six hundred packets in the first turn');
  push(true);
  assert.equal(served(), 20, 'the next picture waits for its turn');
  for (let left = turns.shift(); left; left = turns.shift()) left();
  assert.ok(viewers.every(({ got }) => got.length === 31 && got.every((each, i) => each === i)));
});

test('when too much waits, an eighth rests with each picture, and the others get all of it', () => {
  const { turns, order, viewers, push } = setUp(700);
  const resting = () => viewers.filter(({ isResting }) => isResting).length;
  // The first picture is under way, forty wait behind it.
  for (let i = 0; i < 40; i++) push(true);
  assert.equal(resting(), 0);
  push(true);
  assert.equal(resting(), Math.ceil(700 / 8));
  push(true);
  assert.equal(resting(), 2 * Math.ceil(700 / 8), 'others than before');
  for (let left = turns.shift(); left; left = turns.shift()) left();
  const whole = viewers.filter(({ got }) => got.length === 42);
  assert.equal(whole.length, 700 - resting());
  assert.ok(
    viewers.every(({ got }) => got.every((each, i) => each === i)),
    'no holes',
  );
  assert.equal(order.packetsGivenUp, 0);
});

test('what waits behind two seconds of pictures is given up and counted', () => {
  const { order, viewers, push } = setUp(700);
  for (const viewer of viewers) viewer.rest = () => {};
  for (let i = 0; i < 200; i++) push(true);
  assert.equal(order.packetsGivenUp, 200 - 160);
});

test('whoever joins, leaves or settles at any moment: no packet twice, none out of order', () => {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`seed ${seed}`);
  const step = fc.constantFrom(
    'packet',
    'last',
    'sound',
    'join',
    'leave',
    'settle',
    'turn',
    'time',
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      fc.array(step, { maxLength: 300 }),
      (count, steps) => {
        const { time, turns, order, join, viewers, push } = setUp(count);
        const all = [...viewers];
        let pushed = 0;
        for (const what of steps) {
          if (what === 'packet' || what === 'last' || what === 'sound') {
            push(what === 'last', what === 'sound' ? 'audio' : 'video');
            pushed++;
          } else if (what === 'join') all.push(join(all.length));
          else if (what === 'leave') order.remove(all[pushed % Math.max(1, all.length)] as Viewer);
          else if (what === 'settle') order.settle();
          else if (what === 'turn') turns.shift()?.();
          else time.advance(1);
        }
        order.settle();
        for (const { got } of all) {
          for (let i = 1; i < got.length; i++) {
            assert.equal(got[i], (got[i - 1] ?? 0) + 1);
          }
        }
        for (const viewer of order.viewers) {
          if (pushed > 0 && viewer.id < count) assert.equal(viewer.got.length, pushed);
        }
      },
    ),
    { seed, numRuns: 300 },
  );
});
