// Proves that what a decision is said to do to accounts is what it then does, for first decisions,
// voids and corrections with a winner who has spent it; that asking writes nothing; that who bet is
// refused; and that the audit names every act with its actor, page by page.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestResult } from './protocol.ts';
import { act, hexId, rulesAt, startBareLedger } from './testLedger.ts';

const S = 1_000_000;
const [ANN, BOB, CAT] = [hexId(0xa), hexId(0xb), hexId(0xc)] as const;
const WHO = [ANN, BOB, CAT];

function begin() {
  const own = startBareLedger(WHO);
  let number = 1;
  const open = (marketId: string, rakeBasisPoints = 0) => {
    const rules = rulesAt(100 * S, { lockAtUs: 120 * S, horizonAtUs: 140 * S, rakeBasisPoints });
    own.ask('openMarket', { ...act(marketId, `open-${marketId}`, 100 * S), rules, reason: '' });
  };
  const bet = (subject: string, marketId: string, outcome: number, amountMinor: number) =>
    own.ask('placeBet', {
      ...{ betId: hexId(number++), subject, marketId, outcome, amountMinor },
      arrivedUs: 101 * S,
    });
  const by = (marketId: string) => act(marketId, `c-${number++}`, 130 * S, 'moderator');
  const effect = (marketId: string, outcome: number | null, more: object = {}) =>
    own.ask('effectOf', { ...by(marketId), outcome, tCapUs: null, ...more });
  return { ...own, open, bet, by, effect };
}

/** What it says of each, against what then happened. */
function holds(
  own: ReturnType<typeof begin>,
  said: RequestResult<'effectOf'>,
  run: () => unknown,
): void {
  const before = own.balances(...WHO);
  const owedBefore = WHO.map((subject) => own.ask('balance', { subject }).debtMinor ?? 0);
  run();
  const changes = own.balances(...WHO).map((after, at) => after - (before[at] ?? 0));
  const of = (subject: string) => said.accounts.find((account) => account.subject === subject);
  assert.deepEqual(
    WHO.map((subject) => of(subject)?.changeMinor ?? 0),
    changes,
  );
  const owed = WHO.map(
    (subject, at) => (own.ask('balance', { subject }).debtMinor ?? 0) - (owedBefore[at] ?? 0),
  );
  assert.deepEqual(
    WHO.map((subject) => of(subject)?.owedMinor ?? 0),
    owed,
  );
  assert.equal(
    said.givenMinor - said.takenMinor,
    changes.reduce((sum, one) => sum + one, 0),
  );
}

test('what a decision does is what was said before, and asking writes nothing', () => {
  const own = begin();
  own.open('m', 500);
  own.bet(ANN, 'm', 0, 100);
  own.bet(BOB, 'm', 1, 200);
  own.bet(CAT, 'm', 1, 50);
  const { headSeq } = own.ledger;
  assert.equal(own.effect('m', null).settlement, 'void');
  const said = own.effect('m', 0);
  assert.equal(own.ledger.headSeq, headSeq, 'nothing is written');
  assert.deepEqual([said.kind, said.settlement, said.accountCount], ['decision', 'paid', 3]);
  assert.equal(said.houseMinor, 12);
  const decide = { ...own.by('m'), outcome: 0, reason: 'Goal', evidence: null };
  holds(own, said, () => own.ask('resolveMarket', decide));

  // The winner spends it; a correction takes what is there, and the rest is owed.
  own.open('n');
  own.bet(ANN, 'n', 0, 1000);
  const corrected = own.effect('m', 1);
  assert.equal(corrected.kind, 'correction');
  assert.ok(corrected.owedMinor > 0);
  const correct = { ...own.by('m'), outcome: 1, tCapUs: null, reason: 'It was the other.' };
  holds(own, corrected, () => own.ask('correctMarket', correct));

  const back = own.effect('n', null);
  const voided = { ...own.by('n'), reason: 'Nobody saw it.' };
  // The stake comes back, and pays off what is owed first.
  assert.deepEqual(back.accounts, [
    { subject: ANN, stakedMinor: 1000, changeMinor: 1000, owedMinor: 0 },
  ]);
  own.ask('voidMarket', voided);
  own.end();
});

test('nobody who bet may decide, nor be told what deciding would bring', () => {
  const own = begin();
  own.open('m');
  own.bet(ANN, 'm', 0, 100);
  const mine = { ...own.by('m'), actorSubject: ANN };
  const code = 'CONFLICT_OF_INTEREST';
  assert.throws(() => own.effect('m', 0, { actorSubject: ANN }), { code });
  const resolve = { ...mine, outcome: 0, reason: 'Goal', evidence: null };
  assert.throws(() => own.ask('resolveMarket', resolve), { code });
  assert.throws(() => own.ask('voidMarket', { ...mine, reason: 'no' }), { code });
  own.ask('resolveMarket', { ...resolve, ...own.by('m'), actorSubject: BOB });
  const other = { ...own.by('m'), outcome: 1, tCapUs: null, reason: 'no', actorSubject: ANN };
  assert.throws(() => own.ask('correctMarket', other), { code });
  own.end();
});

test('the audit names who did what, newest first, page by page, and of one target', () => {
  const own = begin();
  own.open('m');
  for (let i = 0; i < 600; i++) own.bet(BOB, 'm', i % 2, 1);
  const note = (commandId: string, target: string) => ({
    ...{ commandId, actor: 'moderator-abcd', role: 'moderator', atUs: 125 * S },
    ...{ act: 'chat.removed', target, reason: 'spam' },
  });
  own.ask('noteAct', note('one', 'message-1'));
  own.ask('noteAct', note('one', 'message-1'));
  own.ask('noteAct', note('two', 'message-2'));
  assert.throws(() => own.ask('noteAct', { ...note('x', ''), role: 'viewer' }), {
    code: 'NOT_ALLOWED',
  });
  // The fold reads these: nobody writes them by hand.
  assert.throws(() => own.ask('noteAct', { ...note('y', ''), act: 'market.settled' }));
  own.ask('resolveMarket', { ...own.by('m'), outcome: 0, reason: 'Goal', evidence: null });
  const found: string[] = [];
  for (let beforeSeq: number | null = null, page = 0; page < 10; page++) {
    const answer: RequestResult<'acts'> = own.ask('acts', { beforeSeq, limit: 2 });
    found.push(...answer.acts.map(({ act: done, target }) => `${done} ${target}`));
    beforeSeq = answer.nextSeq;
    if (beforeSeq === null) break;
  }
  assert.deepEqual(found, [
    ...['market.resolved m', 'market.locked m'],
    ...['chat.removed message-2', 'chat.removed message-1', 'market.opened m'],
  ]);
  const [newest] = own.ask('acts', { beforeSeq: null, limit: 1, target: 'm' }).acts;
  assert.deepEqual(
    [newest?.actor, newest?.role, newest?.reason, newest?.outcome],
    ['tester', 'moderator', 'Goal', 'Yes'],
  );
  assert.match(newest?.about ?? '', /Goal/);
  own.end();
});
