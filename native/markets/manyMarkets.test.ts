// Proves on manual time over a real ledger what a busy evening needs: many markets at once, betting
// windows from 3 s to 30 min, a day until an undecided market is void, locks by an event, markets
// that only a hand decides, suspensions that outlive the room, and a clock that was set back.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { EventType, GameEvent } from '../../core/contract/events.ts';
import type { MarketState, MarketView, Template } from '../../core/contract/state.ts';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { BUILT_IN_TEMPLATES } from '../../core/markets/templates.ts';
import { hexId, hexKey, newFolder, startLedger, type TestLedger } from '../ledger/testLedger.ts';
import { createMarkets } from './markets.ts';

const S = 1_000_000;
const OWNER = { actor: 'owner-1', role: 'owner' } as const;
const ANN = hexId(0xa);
const folder = newFolder();
let own: TestLedger;
let number = 1;
/** Media time: every room begins later than everything before it. */
let nextStartUs = 1_000 * S;

before(async () => {
  own = await startLedger(folder.path);
  await own.client.bindSubject({ subject: ANN, publicKey: hexKey(1), isStaff: false, atUs: 5 });
});
after(() => {
  const report = auditJournal(own.store.allRows.iterate());
  own.close();
  folder.remove();
  assert.deepEqual(report.findings, []);
});

function createRoom(suspended: Record<string, string> = {}) {
  const time = new ManualTime(nextStartUs);
  nextStartUs += 200_000 * S;
  const kept = { suspended };
  const waiting = new Set<() => void>();
  const markets = createMarkets({
    ledger: own.client,
    ...{ clock: time, timers: time, random: randomBytes, logger: silentLogger },
    templates: BUILT_IN_TEMPLATES,
    keepTemplates: async () => {},
    suspended,
    keepSuspended: async (now) => {
      kept.suspended = { ...now };
    },
    onAction: () => {
      for (const look of [...waiting]) look();
    },
    onSettled: () => {},
  });
  const view = (id: string) => markets.markets().find((market) => market.id === id);
  const reached = (id: string, state: MarketState): Promise<MarketView> =>
    new Promise((resolve) => {
      const look = () => {
        const found = view(id);
        if (found?.state !== state) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  const pass = async (seconds: number) => {
    time.advance(seconds * 1000);
    await own.client.head();
    await own.client.head();
  };
  return { time, markets, kept, reached, pass, view };
}

function question(changes: Partial<Template> = {}): Template {
  const [first] = BUILT_IN_TEMPLATES;
  assert.ok(first);
  return { ...first, id: 'own', title: 'Who?', ...changes };
}

function bet(marketId: string, arrivedUs: number, outcome = 0) {
  const betId = hexId(0xbe7000 + number++);
  return own.client.placeBet({
    ...{ betId, subject: ANN, marketId, outcome, amountMinor: 1, arrivedUs },
  });
}

function event(type: EventType, captureUs: number): GameEvent {
  return {
    ...{ id: `e${number++}`, type, captureUs, rtpTimestamp: 0, detectedUs: captureUs + 100_000 },
    ...{ confidence: 0.9, why: `${type} seen.`, subject: '', trackIds: [] },
  };
}

test('eight markets and more at once, each with its own bets and its own end; there is a bound', async () => {
  const room = createRoom();
  const ids = Array.from({ length: 16 }, (_, index) => `many-${index}`);
  for (const marketId of ids) {
    await room.markets.create(OWNER, { marketId, template: question({ decideOn: null }) });
  }
  const atUs = room.time.nowUs() + S;
  const taken = await Promise.all(ids.map((id, index) => bet(id, atUs, index % 2)));
  assert.deepEqual(
    taken.map(({ receipt }) => receipt.marketId),
    ids,
  );
  const one = { marketId: 'many-16', template: question() };
  await assert.rejects(room.markets.create(OWNER, one), { message: /16 markets are running/ });
  for (const [index, marketId] of ids.entries()) {
    if (index % 3 === 0) await room.markets.void(OWNER, { marketId, reason: 'Enough' });
    else await room.markets.resolve(OWNER, { marketId, outcome: 0, reason: 'Seen' });
  }
  assert.deepEqual(
    ids.map((id) => room.view(id)?.state),
    ids.map((_, index) => (index % 3 === 0 ? 'VOID' : 'RESOLVED')),
  );
  await room.markets.create(OWNER, one);
  await room.markets.void(OWNER, { marketId: 'many-16', reason: 'Enough' });
  assert.equal((await own.client.balance(ANN)).availableMinor, 1000, 'one bettor: all came back');
  room.markets.close();
});

test('betting windows of 3 s and 1,800 s hold to the microsecond; others are refused', async () => {
  const room = createRoom();
  for (const seconds of [3, 1800]) {
    const marketId = `window-${seconds}`;
    const times = { betWindowSeconds: seconds, horizonSeconds: 3600, deadlineSeconds: 7200 };
    const opened = await room.markets.create(OWNER, { marketId, template: question(times) });
    assert.equal(opened.lockAtUs - opened.opensAtUs, seconds * S);
    await bet(marketId, opened.lockAtUs - 1);
    await assert.rejects(bet(marketId, opened.lockAtUs), { code: 'MARKET_LOCKED' });
  }
  await room.pass(3);
  await room.reached('window-3', 'LOCKED');
  assert.equal(room.view('window-1800')?.state, 'OPEN');
  await room.pass(1797);
  await room.reached('window-1800', 'LOCKED');
  for (const betWindowSeconds of [2.9, 1801]) {
    const template = question({ betWindowSeconds, horizonSeconds: 3600, deadlineSeconds: 7200 });
    await assert.rejects(
      async () => room.markets.create(OWNER, { marketId: 'refused', template }),
      { code: 'badArguments', message: /betWindowSeconds/ },
    );
  }
  for (const marketId of ['window-3', 'window-1800']) {
    await room.markets.void(OWNER, { marketId, reason: 'Enough' });
  }
  room.markets.close();
});

test('undecided for a day: void, stakes back; longer than a day is refused', async () => {
  const room = createRoom();
  const times = { horizonSeconds: 80_000, deadlineSeconds: 86_400, decideOn: null };
  const marketId = 'day';
  const opened = await room.markets.create(OWNER, { marketId, template: question(times) });
  await bet(marketId, opened.opensAtUs + S);
  await room.pass(80_001);
  // Every frame was judged, and still nothing but a hand may decide it.
  room.markets.onJudged(opened.horizonAtUs + S);
  await room.pass(6_398);
  assert.equal(room.view(marketId)?.state, 'LOCKED');
  await room.pass(1);
  const ended = await room.reached(marketId, 'VOID');
  assert.match(ended.reason, /could not be decided in time/);
  assert.equal((await own.client.balance(ANN)).availableMinor, 1000);
  const template = question({ ...times, deadlineSeconds: 86_401 });
  await assert.rejects(async () => room.markets.create(OWNER, { marketId: 'no', template }), {
    code: 'badArguments',
  });
  room.markets.close();
});

test('an event locks by its capture time; bets at and after the cut-off come back', async () => {
  const room = createRoom();
  const lockOn = { type: 'shot', subject: null, minimumConfidence: 0.5 } as const;
  const template = question({ lockOn, decideOn: null });
  const marketId = 'shot';
  const opened = await room.markets.create(OWNER, { marketId, template });
  const t0 = opened.opensAtUs;
  await bet(marketId, t0 + 4 * S);
  const late = await bet(marketId, t0 + 4_500_000);
  await room.pass(6);
  room.markets.onEvent(event('pass', t0 + 2 * S));
  room.markets.onEvent(event('shot', t0 + 5 * S));
  const locked = await room.reached(marketId, 'LOCKED');
  assert.deepEqual([locked.reason, locked.voidedBets], ['shot seen.', 1]);
  const [entry] = await own.client.history(ANN, 1);
  assert.deepEqual([entry?.betId, entry?.result], [late.receipt.betId, 'REFUNDED']);
  // A later shot cuts nothing more.
  const { seq } = await own.client.head();
  room.markets.onEvent(event('shot', t0 + 5_500_000));
  await room.pass(0.1);
  assert.equal((await own.client.head()).seq, seq);
  await room.markets.void(OWNER, { marketId, reason: 'Enough' });
  room.markets.close();
});

test('a suspended market takes no bet, goes its way, and stays suspended over a new room', async () => {
  const room = createRoom();
  const marketId = 'quiet';
  await room.markets.create(OWNER, { marketId, template: question({ decideOn: null }) });
  await room.markets.suspend({ marketId, reason: 'A dog on the pitch' });
  assert.equal(room.view(marketId)?.suspended, 'A dog on the pitch');
  const refused = { code: 'BETTING_SUSPENDED', message: 'A dog on the pitch' };
  await assert.rejects(bet(marketId, room.time.nowUs()), refused);
  assert.deepEqual(room.kept.suspended, { [marketId]: 'A dog on the pitch' });
  room.markets.close();
  await own.client.suspendMarket(marketId, '');

  const next = createRoom(room.kept.suspended);
  await next.markets.restore();
  assert.equal(next.view(marketId)?.suspended, 'A dog on the pitch');
  await assert.rejects(bet(marketId, room.time.nowUs()), refused);
  await next.reached(marketId, 'VOID');
  assert.deepEqual(next.kept.suspended, {});
  const ended = { marketId, reason: 'Again' };
  await assert.rejects(next.markets.suspend(ended), { code: 'wrongState' });
  next.markets.close();
});

test('a clock set back an hour: bets are refused in a sentence, and nothing is written', async () => {
  const room = createRoom();
  const marketId = 'hour';
  const opened = await room.markets.create(OWNER, { marketId, template: question() });
  await bet(marketId, opened.opensAtUs + S);
  const { seq, hash } = await own.client.head();
  await assert.rejects(bet(marketId, opened.opensAtUs + S - 3600 * S), {
    code: 'CLOCK_SET_BACK',
    message: /clock of the studio was set back/,
  });
  const head = await own.client.head();
  assert.deepEqual([head.seq, head.hash], [seq, hash]);
  await assert.rejects(bet(marketId, opened.opensAtUs - 1), { code: 'CLOCK_SET_BACK' });
  await bet(marketId, opened.opensAtUs);
  await room.markets.void(OWNER, { marketId, reason: 'Enough' });
  room.markets.close();
});
