// Proves what the overlay shows and for how long: results only of markets that were seen to run,
// corrections again, alerts one after the other and never those of before, and that an address of
// any shape asks for something that can be shown.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MarketFace } from '../ui/MarketCard.tsx';
import { ALERT_MS, type Happening, OverlayBoard, RESULT_MS } from './overlayBoard.ts';
import { CORNERS, channelOfOverlay, overlayWishes } from './wishes.ts';

const WISHES = overlayWishes('');

function market(id: string, changes: Partial<MarketFace> = {}): MarketFace {
  return {
    ...{ id, title: `Market ${id}`, state: 'OPEN', lockAtUs: 10, horizonAtUs: 20 },
    ...{ winner: null, reason: '', outcomes: [] },
    ...changes,
  };
}

const ids = (markets: readonly MarketFace[]) => markets.map(({ id }) => id);
const goal = (id: string, type = 'goal'): Happening => ({
  ...{ id, type, subject: id, why: '', captureUs: Number(id) },
});

test('markets that run are shown, soonest to close first, and a result for a while', () => {
  const board = new OverlayBoard(WISHES);
  const over = market('9', { state: 'RESOLVED', winner: 0 });
  board.takeAll([over, market('1', { lockAtUs: 30 }), market('2'), market('3')], 0);
  assert.deepEqual(ids(board.parts(0).markets), ['2', '3']);
  assert.deepEqual(board.parts(0).results, [], 'what was over before is no news');
  board.take(market('2', { state: 'LOCKED' }), 100);
  assert.deepEqual(ids(board.parts(100).markets), ['2', '3']);
  board.take(market('2', { state: 'RESOLVED', winner: 1 }), 200);
  assert.deepEqual(ids(board.parts(200).results), ['2']);
  assert.deepEqual(ids(board.parts(200).markets), ['3', '1']);
  // Told once more, it does not begin anew; corrected, it does.
  board.take(market('2', { state: 'RESOLVED', winner: 1, reason: 'x' }), 200 + RESULT_MS - 1);
  assert.deepEqual(ids(board.parts(200 + RESULT_MS).results), []);
  board.take(market('2', { state: 'VOID' }), 20_000);
  assert.deepEqual(ids(board.parts(20_000).results), ['2']);
  board.takeAll([market('3')], 20_001);
  assert.deepEqual(ids(board.parts(20_001).markets), ['3']);
});

test('alerts come one after the other, bounded, and nothing of before', () => {
  const board = new OverlayBoard(WISHES);
  board.happen([goal('1')], 0);
  board.begin();
  assert.equal(board.parts(0).alert, null);
  board.happen([goal('1'), goal('2'), goal('2'), goal('3', 'pass')], 10);
  assert.equal(board.parts(10).alert?.id, '2');
  for (const id of ['4', '5', '6', '7', '8']) board.happen([goal(id)], 20);
  const said: (string | undefined)[] = [];
  for (let atMs = 20; board.parts(atMs).alert; atMs += ALERT_MS) {
    said.push(board.parts(atMs).alert?.id);
  }
  assert.deepEqual(said, ['2', '6', '7', '8']);
});

test('any address asks for something that can be shown', () => {
  const id = 'ab'.repeat(16);
  assert.equal(channelOfOverlay(`/overlay/${id}`), id);
  assert.equal(channelOfOverlay(`/overlay/${id}/x`), null);
  const asked = overlayWishes('?markets=0&alerts=none&at=top-right&scale=1.5');
  assert.deepEqual(
    { ...asked, alerts: [...asked.alerts] },
    { marketsMax: 0, alerts: [], corner: 'top-right', scale: 1.5 },
  );
  const names = fc.constantFrom('markets', 'alerts', 'at', 'scale');
  fc.assert(
    fc.property(fc.array(fc.tuple(names, fc.string()), { maxLength: 6 }), (pairs) => {
      const { marketsMax, corner, scale } = overlayWishes(`${new URLSearchParams(pairs)}`);
      assert.ok(marketsMax >= 0 && marketsMax <= 4 && scale >= 0.5 && scale <= 3);
      assert.ok(CORNERS.includes(corner));
    }),
  );
});
