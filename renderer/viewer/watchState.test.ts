// Proves which state the page shows for which facts, and that a new connection is asked for exactly
// when the old one cannot come back: a table of moments, no browser, no time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shouldRenew, type WatchFacts, watchStateOf } from './watchState.ts';

const base: WatchFacts = { nowMs: 10_000, player: 'live', lastFrameMs: 9990, show: 'live' };

test('live means frames now, whatever anybody says', () => {
  assert.equal(watchStateOf(base), 'live');
  assert.equal(watchStateOf({ ...base, isSlate: true }), 'stalled', 'a slate is no picture');
  assert.equal(watchStateOf({ ...base, show: 'ended' }), 'live');
  assert.equal(watchStateOf({ ...base, show: null, player: 'stalled' }), 'live');
});

test('half a second without a frame is stalled; before any frame it is connecting', () => {
  assert.equal(watchStateOf({ ...base, lastFrameMs: 9501 }), 'live');
  assert.equal(watchStateOf({ ...base, lastFrameMs: 9500 }), 'stalled');
  assert.equal(watchStateOf({ ...base, lastFrameMs: null }), 'connecting');
  assert.equal(watchStateOf({ ...base, lastFrameMs: 9000, show: null }), 'stalled');
});

test('ended needs both: the word and no frames', () => {
  for (const show of ['ended', 'ready'] as const) {
    assert.equal(watchStateOf({ ...base, lastFrameMs: 9000, show }), 'ended');
    assert.equal(watchStateOf({ ...base, lastFrameMs: null, show }), 'ended');
  }
});

test('a browser without H.264 is told so', () => {
  const facts = { ...base, player: 'noVideoCodec', lastFrameMs: null } as const;
  assert.equal(watchStateOf(facts), 'noH264');
});

const stalled = {
  nowMs: 20_000,
  state: 'stalled',
  player: 'stalled',
  lastFrameMs: 18_000,
  connectedAtMs: 5000,
  renewals: 0,
  studioConnected: true,
  relayBackMs: null,
} as const;

test('stalled for 1.5 s with the studio there: connect anew, but not twice within the gap', () => {
  assert.equal(shouldRenew(stalled), true);
  assert.equal(shouldRenew({ ...stalled, lastFrameMs: 18_600 }), false);
  assert.equal(shouldRenew({ ...stalled, connectedAtMs: 17_500 }), false);
  assert.equal(shouldRenew({ ...stalled, state: 'live' }), false);
  assert.equal(shouldRenew({ ...stalled, player: 'notLive' }), false);
});

test('while the studio is away the old connection is kept', () => {
  assert.equal(shouldRenew({ ...stalled, studioConnected: false }), false);
});

test('a relay that came back is asked at once', () => {
  const back = { ...stalled, lastFrameMs: 19_400, relayBackMs: 19_900 };
  assert.equal(shouldRenew(back), true);
  assert.equal(shouldRenew({ ...back, connectedAtMs: 19_950 }), false);
});

test('each connection in vain doubles the wait for the next one, up to 24 s', () => {
  const waits = [1, 2, 3, 4, 5, 9].map((renewals) => {
    let waitMs = 0;
    const { nowMs } = stalled;
    while (!shouldRenew({ ...stalled, renewals, connectedAtMs: nowMs - waitMs })) waitMs += 100;
    return waitMs;
  });
  assert.deepEqual(waits, [3000, 6000, 12_000, 24_000, 24_000, 24_000]);
});
