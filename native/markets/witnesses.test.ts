// Proves what doubt does to markets, over a real ledger on manual time: each step has its own least
// confidence, and a disputed market takes no bets and is decided by people only, or refunded at its
// deadline. The way through the engine's witnesses is the real one.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import type { MarketState, Template } from '../../core/contract/state.ts';
import { createWitnesses } from '../engine/witnesses.ts';
import { hexId, newFolder, startLedger, type TestLedger } from '../ledger/testLedger.ts';
import { createMarkets, type Markets } from './markets.ts';

const S = 1_000_000;
const OWNER = { actor: 'owner-1', role: 'owner' } as const;
const folder = newFolder();
let own: TestLedger;
let number = 1;
before(async () => {
  own = await startLedger(folder.path);
});
after(() => {
  own.close();
  folder.remove();
});

const template: Template = {
  ...{ id: 'score', title: 'Does the score change?', outcomes: ['Yes', 'No'], otherwise: 1 },
  ...{ suggestOn: 'rallyEnd', suggestMinimumConfidence: 0.5, openMinimumConfidence: 0.8 },
  decideOn: { type: 'scoreChanged', subject: null, minimumConfidence: 0.6, outcome: 0 },
  ...{ betWindowSeconds: 5, horizonSeconds: 20, deadlineSeconds: 40, guardMs: 500 },
  opening: 'auto',
};

function createRoom() {
  const time = new ManualTime(number++ * 1000 * S);
  const waiting = new Set<() => void>();
  const look = () => {
    for (const one of [...waiting]) one();
  };
  const markets = createMarkets({
    ...{ ledger: own.client, clock: time, timers: time, random: randomBytes },
    ...{ logger: silentLogger, templates: [template], keepTemplates: async () => {} },
    ...{ suspended: {}, keepSuspended: async () => {}, onAction: look, onSettled: look },
  });
  const shown: GameEvent[] = [];
  const witnesses = createWitnesses({
    ...{ clock: time, timers: time, markets, show: (event) => shown.push(event) },
  });
  const until = (isDone: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const one = () => {
        if (!isDone()) return;
        waiting.delete(one);
        resolve();
      };
      waiting.add(one);
      one();
    });
  const pass = async (seconds: number) => {
    time.advance(seconds * 1000);
    await own.client.head();
    await own.client.head();
  };
  const close = () => {
    witnesses.close();
    markets.close();
  };
  return { time, markets, witnesses, shown, until, pass, close };
}

const stateOf = (markets: Markets, id: string): MarketState | undefined =>
  markets.markets().find((market) => market.id === id)?.state;

function event(type: GameEvent['type'], captureUs: number, more: Partial<GameEvent> = {}) {
  const id = `w-${number++}`;
  const base = { id, type, captureUs, rtpTimestamp: 0, detectedUs: captureUs, confidence: 0.9 };
  return { ...base, why: `${type} said ${id}.`, subject: '', trackIds: [], ...more };
}

test('a suggestion and an opening each have their own least confidence', async () => {
  const { markets, time, until, close } = createRoom();
  markets.onEvent(event('rallyEnd', time.nowUs(), { confidence: 0.4 }));
  assert.equal(markets.suggestions().length, 0, 'too unsure for anything');
  markets.onEvent(event('rallyEnd', time.nowUs() + 1, { confidence: 0.7 }));
  assert.equal(markets.suggestions().length, 1, 'sure enough to be suggested');
  assert.equal(markets.markets().length, 0);
  markets.onEvent(event('rallyEnd', time.nowUs() + 2, { confidence: 0.85 }));
  await until(() => markets.markets().length === 1);
  assert.equal(markets.markets()[0]?.state, 'OPEN');
  close();
});

test('when game and picture disagree nobody bets, both are shown, and people decide', async () => {
  const { markets, witnesses, shown, time, until, pass, close } = createRoom();
  // Both speak of scores before the question begins.
  witnesses.hear('game', event('scoreChanged', time.nowUs() - 20 * S));
  witnesses.hear('picture', event('scoreChanged', time.nowUs() - 20 * S + 300_000));
  const id = hexId(0x11);
  await markets.open(OWNER, { templateId: 'score', marketId: id });
  const at = time.nowUs() + 2 * S;
  await pass(3);
  const said = event('scoreChanged', at);
  witnesses.hear('picture', said);
  await pass(3);
  await until(() => (markets.markets()[0]?.suspended ?? '') !== '');
  assert.match(
    markets.markets()[0]?.suspended ?? '',
    /^Disputed: The picture and the game disagree/,
  );
  assert.match(markets.markets()[0]?.suspended ?? '', new RegExp(said.id));
  assert.equal(shown.length, 3, 'everybody sees what was said');
  // Neither the question's end nor another event decides it.
  await pass(20);
  witnesses.judged(time.nowUs(), 0, 0);
  await pass(1);
  assert.equal(stateOf(markets, id), 'LOCKED');
  await markets.resolve(OWNER, { marketId: id, outcome: 0, reason: 'The replay shows it.' });
  assert.equal(stateOf(markets, id), 'RESOLVED');
  close();
});

test('a disputed market that nobody decides is refunded at its deadline', async () => {
  const { markets, time, until, pass, close } = createRoom();
  const id = hexId(0x12);
  await markets.open(OWNER, { templateId: 'score', marketId: id });
  markets.dispute('goal', 'of another kind');
  await pass(1);
  assert.equal(markets.markets()[0]?.suspended ?? '', '');
  markets.dispute('scoreChanged', 'They disagree.');
  await until(() => (markets.markets()[0]?.suspended ?? '') !== '');
  await pass(30);
  markets.onJudged(time.nowUs());
  await pass(0.1);
  assert.equal(stateOf(markets, id), 'LOCKED');
  await pass(11);
  await until(() => stateOf(markets, id) === 'VOID');
  close();
});

test('what both say decides at once, at the moment that the picture names', async () => {
  const { markets, witnesses, time, until, pass, close } = createRoom();
  witnesses.hear('game', event('scoreChanged', time.nowUs() - 20 * S));
  witnesses.hear('picture', event('scoreChanged', time.nowUs() - 20 * S + 300_000));
  const id = hexId(0x13);
  await markets.open(OWNER, { templateId: 'score', marketId: id });
  await pass(3);
  const at = time.nowUs();
  witnesses.hear('picture', event('scoreChanged', at));
  // While one waits for the other the question is not over, whatever the picture was judged to.
  witnesses.judged(at + 60 * S, 0, 0);
  await pass(0.3);
  assert.equal(stateOf(markets, id), 'OPEN');
  witnesses.hear('game', event('scoreChanged', at + 200_000, { subject: 'CT' }));
  await until(() => stateOf(markets, id) === 'RESOLVED');
  const market = markets.markets().find((one) => one.id === id);
  assert.equal(market?.winner, 0);
  assert.equal(market?.decidedCaptureUs, at);
  close();
});
