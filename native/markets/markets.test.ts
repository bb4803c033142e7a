// Proves the room's decisions on manual time over a real ledger (SQLite, link and all): what a
// kick-off suggests, what locks, which event decides, when "no" may be said, when a market is void,
// and that a new room takes over where an old one ended.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Action } from '../../core/contract/actions.ts';
import type { EventType, GameEvent } from '../../core/contract/events.ts';
import type { MarketState, MarketView } from '../../core/contract/state.ts';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { BUILT_IN_TEMPLATES } from '../../core/markets/templates.ts';
import { createLedgerClient, type LedgerClient } from '../ledger/client.ts';
import { hexId, hexKey, newFolder, startLedger, type TestLedger } from '../ledger/testLedger.ts';
import { whyUndecidable } from './decide.ts';
import { createMarkets, MarketRefusal, type Markets } from './markets.ts';

const S = 1_000_000;
const OWNER = { actor: 'owner-1', role: 'owner' } as const;
const ANN = hexId(0xa);
const BOB = hexId(0xb);

const folder = newFolder();
let own: TestLedger;
let number = 1;

type Room = {
  time: ManualTime;
  markets: Markets;
  actions: Action[];
  settled: string[];
  /** Runs once the newest state of the market is this. */
  reached(id: string, state: MarketState): Promise<MarketView>;
  /** Moves time in steps of the room's own tick, letting the ledger answer. */
  pass(seconds: number): Promise<void>;
};

before(async () => {
  own = await startLedger(folder.path);
  for (const subject of [ANN, BOB]) {
    await own.client.bindSubject({ subject, publicKey: hexKey(1), isStaff: false, atUs: 5 });
  }
});

after(() => {
  const report = auditJournal(own.store.allRows.iterate());
  own.close();
  folder.remove();
  assert.deepEqual(report.findings, []);
});

// Each room begins later than everything before it, as a media clock does.
function createRoom(ledger: LedgerClient = own.client, startUs = number++ * 1000 * S): Room {
  const time = new ManualTime(startUs);
  const actions: Action[] = [];
  const settled: string[] = [];
  const waiting = new Set<() => void>();
  const markets = createMarkets({
    ledger,
    clock: time,
    timers: time,
    random: randomBytes,
    logger: silentLogger,
    templates: BUILT_IN_TEMPLATES,
    keepTemplates: async () => {},
    suspended: {},
    keepSuspended: async () => {},
    onAction(action) {
      actions.push(action);
      for (const look of [...waiting]) look();
    },
    onSettled(subject, entry) {
      settled.push(`${subject.slice(-1)} ${entry.result} ${entry.paidMinor}`);
      for (const look of [...waiting]) look();
    },
  });
  const reached = (id: string, state: MarketState): Promise<MarketView> =>
    new Promise((resolve) => {
      const look = () => {
        const view = markets.markets().find((market) => market.id === id);
        if (view?.state !== state) return;
        waiting.delete(look);
        resolve(view);
      };
      waiting.add(look);
      look();
    });
  const pass = async (seconds: number) => {
    time.advance(seconds * 1000);
    // The room's commands are with the ledger now; a query after them is answered after them.
    await ledger.head().catch(() => {});
    await ledger.head().catch(() => {});
  };
  return { time, markets, actions, settled, reached, pass };
}

function event(type: EventType, captureUs: number, more: Partial<GameEvent> = {}): GameEvent {
  return {
    id: `event-${number++}`,
    type,
    captureUs,
    rtpTimestamp: 0,
    detectedUs: captureUs + 100_000,
    confidence: 0.9,
    why: `${type} seen.`,
    subject: '',
    trackIds: [],
    ...more,
  };
}

function bet(marketId: string, subject: string, outcome: number, amount: number, atUs: number) {
  const betId = hexId(0xbe7000 + number++);
  return own.client.placeBet({
    betId,
    subject,
    marketId,
    outcome,
    amountMinor: amount,
    arrivedUs: atUs,
  });
}

test('a kick-off suggests; the owner opens; a goal locks by capture time and pays', async () => {
  const room = createRoom();
  room.markets.onEvent(event('kickOff', room.time.nowUs()));
  const [suggestion] = room.markets.suggestions();
  assert.equal(suggestion?.templateId, 'goal-30');
  assert.equal(suggestion?.why, 'kickOff seen.');
  const opened = await room.markets.openSuggestion(OWNER, {
    suggestionId: suggestion.id,
    marketId: 'goal',
  });
  assert.equal(opened.state, 'OPEN');
  assert.equal(room.markets.suggestions().length, 0);
  assert.deepEqual(
    await room.markets.open(OWNER, { templateId: 'goal-30', marketId: 'goal' }),
    opened,
  );
  const t0 = opened.opensAtUs;
  assert.equal(opened.lockAtUs, t0 + 12 * S);
  assert.equal(opened.horizonAtUs, t0 + 30 * S);

  await bet('goal', ANN, 0, 100, t0 + 3 * S);
  await bet('goal', BOB, 1, 50, t0 + 4 * S);
  await bet('goal', ANN, 0, 300, t0 + 7.5 * S);
  room.markets.onBetPlaced('goal');
  await room.pass(8);
  room.markets.onEvent(event('goal', t0 + 7.9 * S, { confidence: 0.5 }));
  room.markets.onEvent(event('goal', t0 - 1));
  room.markets.onEvent(event('shot', t0 + 7.9 * S));
  room.markets.onEvent(event('goal', t0 + 8 * S));
  const view = await room.reached('goal', 'RESOLVED');
  assert.equal(view.winner, 0);
  assert.equal(view.reason, 'goal seen.');
  assert.equal(view.decidedCaptureUs, t0 + 8 * S);
  assert.equal(view.voidedBets, 1);
  assert.equal(view.paidMinor, 150);
  await room.pass(1);
  assert.deepEqual(room.settled, ['a WON 150', 'b LOST 0', 'a REFUNDED 300']);
  assert.ok(room.actions.some((action) => action.type === 'suggestion.gone'));
});

test('a suggestion goes after ten seconds, and another kick-off replaces it', async () => {
  const room = createRoom();
  room.markets.onEvent(event('kickOff', room.time.nowUs()));
  await room.pass(5);
  room.markets.onEvent(event('kickOff', room.time.nowUs()));
  assert.equal(room.markets.suggestions().length, 1);
  await room.pass(9);
  assert.equal(room.markets.suggestions().length, 1);
  await room.pass(1);
  assert.equal(room.markets.suggestions().length, 0);
  assert.throws(() => room.markets.dismissSuggestion({ suggestionId: 'x' }), {
    code: 'notFound',
  });
});

test('"no" waits for the last frame of the question, not for the clock', async () => {
  const room = createRoom();
  const opened = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'quiet' });
  const t0 = opened.opensAtUs;
  await bet('quiet', ANN, 0, 10, t0 + S);
  await bet('quiet', BOB, 1, 10, t0 + S);
  await room.pass(6);
  await room.reached('quiet', 'LOCKED');
  await room.pass(14);
  room.markets.onJudged(opened.horizonAtUs - 1);
  await room.pass(1);
  assert.equal(room.markets.markets()[0]?.state, 'LOCKED');
  room.markets.onJudged(opened.horizonAtUs);
  const view = await room.reached('quiet', 'RESOLVED');
  assert.equal(view.winner, 1);
  assert.equal(view.voidedBets, 0);
});

test('a goal on the last frame that is known late still decides', async () => {
  const room = createRoom();
  const opened = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'late' });
  await room.pass(20);
  room.markets.onEvent(event('goal', opened.horizonAtUs));
  room.markets.onJudged(opened.horizonAtUs + S);
  const view = await room.reached('late', 'RESOLVED');
  assert.equal(view.winner, 0);
});

test('a missing picture makes "no" impossible: void with the reason, stakes back', async () => {
  const room = createRoom();
  const before = await own.client.balance(ANN);
  const opened = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'gap' });
  const t0 = opened.opensAtUs;
  await bet('gap', ANN, 0, 10, t0 + S);
  room.markets.onPictureGap(t0 + 3 * S, t0 + 4.4 * S);
  room.markets.onPictureGap(t0 + 8 * S, t0 + 8.4 * S);
  await room.pass(16);
  room.markets.onJudged(t0 + 16 * S);
  const view = await room.reached('gap', 'VOID');
  assert.equal(view.reason, 'The picture was missing for 1.4 s.');
  assert.deepEqual(await own.client.balance(ANN), before);
});

test('a gap does not stop a goal that was seen from deciding', async () => {
  const room = createRoom();
  const opened = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'gap-goal' });
  room.markets.onPictureGap(opened.opensAtUs + 3 * S, opened.opensAtUs + 5 * S);
  await room.pass(9);
  room.markets.onEvent(event('goal', opened.opensAtUs + 8 * S));
  assert.equal((await room.reached('gap-goal', 'RESOLVED')).winner, 0);
});

test('a cut to another source makes "no" impossible without a missing frame', async () => {
  const room = createRoom();
  const before = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'cut' });
  await room.pass(5);
  room.markets.onPictureCut(before.opensAtUs + 5 * S - 40_000, before.opensAtUs + 5 * S);
  const after = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'uncut' });
  await room.pass(16);
  room.markets.onJudged(after.horizonAtUs);
  assert.match((await room.reached('cut', 'VOID')).reason, /switched to another source/);
  assert.equal((await room.reached('uncut', 'RESOLVED')).winner, 1);
});

test('a blind detector makes "no" impossible, too', async () => {
  const room = createRoom();
  const opened = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'blind' });
  await room.pass(5);
  room.markets.onJudged(opened.opensAtUs + 4 * S);
  room.markets.onJudged(opened.opensAtUs + 5 * S, opened.opensAtUs + 4.5 * S);
  await room.pass(11);
  room.markets.onJudged(opened.horizonAtUs, opened.opensAtUs + 4.5 * S);
  const view = await room.reached('blind', 'VOID');
  assert.match(view.reason, /could not be judged/);
});

test('lost places make "no" impossible for what needs them, and for nothing else', async () => {
  const room = createRoom();
  const goal = BUILT_IN_TEMPLATES.find(({ id }) => id === 'goal-15');
  assert.ok(goal?.decideOn);
  const decideOn = { ...goal.decideOn, type: 'jump' as const };
  await room.markets.saveTemplate({ ...goal, id: 'jump-15', decideOn });
  const opened = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'placeless' });
  await room.markets.open(OWNER, { templateId: 'jump-15', marketId: 'jumps' });
  await room.pass(5);
  const atUs = (frame: number) => opened.opensAtUs + Math.round((frame * S) / 30);
  room.markets.onJudged(atUs(1));
  for (let frame = 2; frame < 150; frame++) room.markets.onJudged(atUs(frame), 0, atUs(frame));
  await room.pass(12);
  room.markets.onJudged(opened.horizonAtUs + S, 0, atUs(149));
  const lost = await room.reached('placeless', 'VOID');
  assert.match(lost.reason, /^Where the lines lie was not known for a while/);
  assert.equal((await room.reached('jumps', 'RESOLVED')).winner, 1);
});

test('a long stretch without places does not make an older hole forgotten', async () => {
  const room = createRoom();
  const opened = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'both' });
  const atUs = (frame: number) => opened.opensAtUs + Math.round((frame * S) / 30);
  room.markets.onPictureGap(atUs(1), atUs(31));
  for (let frame = 32; frame < 200; frame++) room.markets.onJudged(atUs(frame), 0, atUs(frame));
  await room.pass(16);
  room.markets.onJudged(opened.horizonAtUs, 0, atUs(199));
  assert.match((await room.reached('both', 'VOID')).reason, /^The picture was missing for 1\.0 s/);
});

test('holes count only inside the question and only when long enough', () => {
  const market = { opensAtUs: 10 * S, horizonAtUs: 20 * S };
  const picture = (fromUs: number, toUs: number) => [{ fromUs, toUs, kind: 'picture' as const }];
  assert.equal(whyUndecidable(market, picture(5 * S, 10 * S)), '');
  assert.equal(whyUndecidable(market, picture(20 * S, 25 * S)), '');
  assert.equal(whyUndecidable(market, picture(11 * S, 11.5 * S)), '');
  assert.notEqual(whyUndecidable(market, picture(11 * S, 11.5 * S + 1)), '');
  assert.notEqual(whyUndecidable(market, picture(5 * S, 10 * S + 1)), '');
  assert.notEqual(whyUndecidable(market, picture(20 * S - 1, 25 * S)), '');
});

test('a market that nothing decides is void at its deadline', async () => {
  const room = createRoom();
  await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'dead' });
  await room.pass(59.9);
  assert.equal((await room.reached('dead', 'LOCKED')).state, 'LOCKED');
  await room.pass(0.1);
  assert.match((await room.reached('dead', 'VOID')).reason, /in time/);
});

test('an automatic template opens itself once, and not while betting is suspended', async () => {
  const room = createRoom();
  room.markets.setOpening({ templateId: 'goal-30', opening: 'auto' });
  room.markets.suspendBetting('The picture stands.');
  room.markets.onEvent(event('kickOff', room.time.nowUs()));
  await room.pass(1);
  assert.equal(room.markets.markets().length, 0);
  assert.equal(room.markets.suggestions().length, 0);
  await assert.rejects(room.markets.open(OWNER, { templateId: 'goal-30', marketId: 'no' }), {
    code: 'refused',
    message: 'The picture stands.',
  });
  room.markets.suspendBetting('');
  room.markets.onEvent(event('kickOff', room.time.nowUs()));
  room.markets.onEvent(event('kickOff', room.time.nowUs()));
  await room.pass(0.1);
  assert.equal(room.markets.markets().length, 1);
  room.markets.onEvent(event('kickOff', room.time.nowUs()));
  await room.pass(0.1);
  assert.equal(room.markets.markets().length, 1);
  const [market] = room.markets.markets();
  assert.ok(market);
  await room.markets.void(OWNER, { marketId: market.id, reason: 'Test over' });
  assert.equal((await room.reached(market.id, 'VOID')).reason, 'Test over');
});

test('the owner locks, resolves and voids; wrong states are refused by code', async () => {
  const room = createRoom();
  await room.markets.open(OWNER, { templateId: 'line-20', marketId: 'hand' });
  await room.markets.lock(OWNER, { marketId: 'hand' });
  assert.equal((await room.reached('hand', 'LOCKED')).reason, 'Locked by the studio.');
  await assert.rejects(
    room.markets.resolve(OWNER, { marketId: 'hand', outcome: 7, reason: '' }),
    (error) => error instanceof MarketRefusal && error.code === 'badArguments',
  );
  await room.markets.resolve(OWNER, { marketId: 'hand', outcome: 1, reason: 'I saw it.' });
  assert.equal((await room.reached('hand', 'RESOLVED')).reason, 'I saw it.');
  for (const act of [
    room.markets.lock(OWNER, { marketId: 'hand' }),
    room.markets.void(OWNER, { marketId: 'hand', reason: 'x' }),
    room.markets.resolve(OWNER, { marketId: 'hand', outcome: 0, reason: '' }),
  ]) {
    await assert.rejects(act, { code: 'wrongState' });
  }
  await assert.rejects(room.markets.lock(OWNER, { marketId: 'nope' }), { code: 'notFound' });
  await assert.rejects(room.markets.open(OWNER, { templateId: 'x', marketId: 'y' }), {
    code: 'notFound',
  });
  const viewer = { actor: 'v', role: 'viewer' } as const;
  await assert.rejects(room.markets.open(viewer, { templateId: 'line-20', marketId: 'y' }), {
    code: 'forbidden',
  });
  const history = await room.markets.history({ beforeOpensAtUs: null, limit: 2 });
  assert.equal(history[0]?.id, 'hand');
  const older = await room.markets.history({
    beforeOpensAtUs: history[1]?.opensAtUs ?? 0,
    limit: 100,
  });
  assert.ok(older.length > 0 && older.every((market) => market.id !== 'hand'));
});

test('a decision taken while the ledger was away is carried out when it is back', async () => {
  const link = await own.freshLink();
  const ledger = createLedgerClient(link);
  const room = createRoom(ledger);
  const opened = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'away' });
  link.close();
  await room.pass(5);
  room.markets.onEvent(event('goal', opened.opensAtUs + 4 * S));
  await room.pass(3);
  assert.equal(room.markets.markets()[0]?.state, 'OPEN');
  await assert.rejects(room.markets.lock(OWNER, { marketId: 'away' }), { code: 'unavailable' });
  await assert.rejects(room.markets.history({ beforeOpensAtUs: null, limit: 1 }), {
    code: 'unavailable',
  });
  ledger.attach(await own.freshLink());
  await room.markets.restore();
  const view = await room.reached('away', 'RESOLVED');
  assert.equal(view.winner, 0);
  assert.equal(view.decidedCaptureUs, opened.opensAtUs + 4 * S);
  ledger.close();
});

test('a decision whose answer was lost is sent again with the same id', async () => {
  const link = await own.freshLink();
  let isMute = false;
  const ledger = createLedgerClient({
    ...link,
    send: (kind, payload) => {
      if (!isMute) link.send(kind, payload);
    },
  });
  const room = createRoom(ledger);
  const opened = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'lost' });
  isMute = true;
  room.markets.onEvent(event('goal', opened.opensAtUs + 4 * S));
  link.close();
  ledger.attach(await own.freshLink());
  await room.markets.restore();
  await room.pass(1);
  const view = await room.reached('lost', 'RESOLVED');
  assert.equal(view.decidedCaptureUs, opened.opensAtUs + 4 * S);
  ledger.close();
});

test('a new room takes over: a goal decides, "no" is never said of a past unseen', async () => {
  const first = createRoom();
  const t0 = first.time.nowUs();
  await first.markets.open(OWNER, { templateId: 'goal-30', marketId: 'over-goal' });
  await first.markets.open(OWNER, { templateId: 'goal-15', marketId: 'over-no' });
  first.markets.close();
  const second = createRoom(own.client, t0 + 2 * S);
  await second.markets.restore();
  assert.deepEqual(
    second.markets
      .markets()
      .slice(0, 2)
      .map((market) => market.state),
    ['OPEN', 'OPEN'],
  );
  await second.pass(14);
  second.markets.onJudged(t0 + 16 * S);
  assert.match((await second.reached('over-no', 'VOID')).reason, /restarted/);
  second.markets.onEvent(event('goal', t0 + 15 * S));
  assert.equal((await second.reached('over-goal', 'RESOLVED')).winner, 0);
  second.markets.close();
});

test('a decision is corrected, everybody is told again, and then it is made void', async () => {
  const room = createRoom();
  const opened = await room.markets.open(OWNER, { templateId: 'line-20', marketId: 'wrong' });
  const at = opened.opensAtUs + S;
  await bet('wrong', ANN, 0, 10, at);
  await bet('wrong', BOB, 1, 30, at);
  await assert.rejects(
    room.markets.correct(OWNER, { marketId: 'wrong', outcome: 1, tCapUs: null, reason: 'No.' }),
    { code: 'wrongState' },
  );
  await room.markets.resolve(OWNER, { marketId: 'wrong', outcome: 0, reason: 'Yes.' });
  await room.reached('wrong', 'RESOLVED');
  await room.pass(1);
  assert.deepEqual(room.settled, ['a WON 40', 'b LOST 0']);
  room.settled.length = 0;
  const correction = { marketId: 'wrong', tCapUs: null, reason: 'It was not.' };
  await room.markets.correct(OWNER, { ...correction, outcome: 1 });
  assert.deepEqual(room.settled, ['a LOST 0', 'b WON 40']);
  assert.equal((await room.reached('wrong', 'RESOLVED')).reason, 'It was not.');
  room.settled.length = 0;
  await room.markets.correct(OWNER, { ...correction, outcome: null });
  assert.deepEqual(room.settled, ['a REFUNDED 10', 'b REFUNDED 30']);
  assert.equal((await room.reached('wrong', 'VOID')).winner, null);
});

test('a betting window grows inside its question, a locked market gets a later deadline', async () => {
  const room = createRoom();
  const opened = await room.markets.open(OWNER, { templateId: 'goal-15', marketId: 'longer' });
  const t0 = opened.opensAtUs;
  await room.pass(5);
  await room.markets.extend(OWNER, { marketId: 'longer', seconds: 5 });
  assert.equal(room.markets.markets()[0]?.lockAtUs, t0 + 11 * S);
  await room.pass(5);
  await bet('longer', ANN, 0, 10, t0 + 10 * S);
  await room.markets.extend(OWNER, { marketId: 'longer', seconds: 60 });
  assert.equal(room.markets.markets()[0]?.lockAtUs, t0 + 14.5 * S);
  await assert.rejects(room.markets.extend(OWNER, { marketId: 'longer', seconds: 1 }), {
    code: 'badArguments',
  });
  await room.pass(5);
  const locked = await room.reached('longer', 'LOCKED');
  await room.markets.extend(OWNER, { marketId: 'longer', seconds: 100 });
  assert.equal(room.markets.markets()[0]?.deadlineAtUs, locked.deadlineAtUs + 100 * S);
  await room.pass(100);
  assert.equal((await room.reached('longer', 'LOCKED')).state, 'LOCKED');
  await room.markets.void(OWNER, { marketId: 'longer', reason: 'Test over' });
  await assert.rejects(room.markets.extend(OWNER, { marketId: 'longer', seconds: 1 }), {
    code: 'wrongState',
  });
});

test('imported templates can be opened; a bad file changes nothing and says why', async () => {
  const room = createRoom();
  const before = room.markets.templates();
  await assert.rejects(room.markets.importTemplates('{"format":"else"}'), {
    code: 'refused',
    message: /no file of market templates/,
  });
  assert.deepEqual(room.markets.templates(), before);
  const file = JSON.parse(room.markets.exportTemplates());
  file.templates = [{ ...file.templates[0], id: 'mine', pricing: { lmsr: { budgetMinor: 100 } } }];
  assert.deepEqual(await room.markets.importTemplates(JSON.stringify(file)), { imported: 1 });
  assert.equal(room.markets.templates().length, before.length + 1);
  assert.equal(room.actions.at(-1)?.type, 'templates.changed');
  const opened = await room.markets.open(OWNER, { templateId: 'mine', marketId: 'priced' });
  assert.deepEqual(opened.prices, { quoteSeq: 0, permille: [500, 500] });
  await bet('priced', ANN, 0, 10, opened.opensAtUs + S);
  await room.markets.void(OWNER, { marketId: 'priced', reason: 'Test over' });
});
