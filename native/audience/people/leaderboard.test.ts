// Proves the leaderboard's figures against the books: after random commands on the real ledger (bets
// with and without prices, sales, withdrawals, decisions, corrections, voids), each person's profit
// and loss is to the point what the independent auditor's sums say: all that an account and its debt
// hold, less what was granted. Told twice or corrected, it stays so. Then who is in it and who is not.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { auditJournal } from '../../../core/ledger/auditor.ts';
import { Ledger } from '../../ledger/ledger.ts';
import type { LedgerHistoryEntry } from '../../ledger/protocol.ts';
import { randomCommands, SUBJECTS } from '../../ledger/testing/modelCommands.ts';
import { ModelledLedger } from '../../ledger/testing/modelledLedger.ts';
import { hexId, IDENTITY, newFolder } from '../../ledger/testLedger.ts';
import { ROWS_MAX, type SettledBet, ShowLeaderboard } from './leaderboard.ts';

const RUNS = 5;
const COMMANDS = 220;
/** So often the results are told: some decisions are told and then corrected. */
const TOLD_EVERY = 20;
/** What the ledger undoes or may not write is another test's. */
const FAULTS = new Set(['abandon', 'die', 'close', 'full', 'again']);

const SIGNED_IN = {
  identityOf: (subject: string) => `login of ${subject}`,
  isListed: () => true,
  nameOf: (subject: string) => `name of ${subject}`,
  authorOf: (subject: string) => `author of ${subject}`,
};

/** Tells the board every bet of the ledger, as the markets' room does after a decision. */
function tellAll(both: ModelledLedger, board: ShowLeaderboard): void {
  const ledger = new Ledger(both.store, IDENTITY, 1);
  for (const { id } of ledger.journal.state.markets.values()) {
    const { entries } = ledger.answer('betsOf', { marketId: id, afterSeq: 0, limit: 500 }) as {
      entries: LedgerHistoryEntry[];
    };
    for (const entry of entries) board.take(entry);
  }
}

/** What the rows say apart from bets: everything held and owed, less what was given. */
function netOf(both: ModelledLedger, number: number): bigint {
  const { posted } = auditJournal(both.store.allRows.iterate());
  const account = `user:${hexId(number)}`;
  let granted = 0n;
  for (const { body } of both.store.allRows.iterate()) {
    const row = JSON.parse(body.toString('utf8')) as { kind: string; cr?: string; amount?: string };
    if (row.kind === 'grant' && row.cr === account) granted += BigInt(row.amount ?? '0');
  }
  const held = (posted.get(account) ?? 0n) + (posted.get(`debt:${hexId(number)}`) ?? 0n);
  return held - granted;
}

test('after random commands each figure is what the auditor’s sums say', (context) => {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  context.diagnostic(`SEED=${seed}`);
  let decided = 0;
  let moved = 0;
  for (let run = 0; run < RUNS; run++) {
    const folder = newFolder();
    const both = new ModelledLedger(folder.path);
    const board = new ShowLeaderboard(SIGNED_IN);
    board.begin(1);
    const commands = randomCommands(COMMANDS, seed + run).filter(({ verb }) => !FAULTS.has(verb));
    for (const [at, one] of commands.entries()) {
      both.run(one);
      if (at % TOLD_EVERY === 0) tellAll(both, board);
    }
    // What is settled in parts is finished first.
    both.run({ verb: 'tend', steps: Infinity });
    tellAll(both, board);
    tellAll(both, board);
    for (let number = 0; number < SUBJECTS; number++) {
      const { netMinor, bets } = board.figureOf(hexId(number));
      const expected = netOf(both, number);
      assert.equal(BigInt(netMinor), expected, `SEED=${seed + run}, subject ${number}`);
      decided += bets;
      if (expected !== 0n) moved++;
    }
    both.store.database.close();
    folder.remove();
  }
  assert.ok(decided > RUNS && moved > RUNS / 2, `${decided} decided, ${moved} moved`);
});

let count = 0;
function bet(subject: string, changes: Partial<SettledBet> = {}): SettledBet {
  const betId = hexId(++count);
  return { betId, subject, amountMinor: 100, paidMinor: 250, result: 'WON', atUs: 10, ...changes };
}

test('a log-in is one row, guests and who is not listed are none, equals stand by name', () => {
  const identities: Record<string, string> = { a1: 'ann', a2: 'ann', b: 'bob', c: 'cy', d: 'di' };
  const board = new ShowLeaderboard({
    ...SIGNED_IN,
    identityOf: (subject) => identities[subject] ?? '',
    isListed: (subject) => subject !== 'd',
    nameOf: (subject) => identities[subject] ?? '',
  });
  assert.equal(board.take(bet('a1')), false, 'there was no show yet');
  board.begin(1);
  assert.ok(board.take(bet('a1')));
  assert.ok(board.take(bet('a2', { paidMinor: 0, result: 'LOST' })));
  assert.ok(board.take(bet('c', { paidMinor: 150 })));
  assert.ok(board.take(bet('b', { paidMinor: 150 })));
  assert.ok(board.take(bet('d', { paidMinor: 9_000 })));
  assert.equal(board.take(bet('guest')), false);
  assert.equal(board.take(bet('b', { result: 'PENDING', paidMinor: 0 })), false);
  const { rows, people } = board.view();
  assert.deepEqual(
    rows.map(({ name, netMinor, bets, authors }) => [name, netMinor, bets, authors.length]),
    [
      ['ann', 50n, 2, 2],
      ['bob', 50n, 1, 1],
      ['cy', 50n, 1, 1],
    ],
  );
  assert.equal(people, 3);
});

test('a returned stake counts nothing, a correction replaces, a new show begins empty', () => {
  const board = new ShowLeaderboard(SIGNED_IN);
  board.begin(5);
  const won = bet('a');
  assert.ok(board.take(won));
  assert.equal(board.take(won), false, 'told again it changes nothing');
  assert.ok(board.take({ ...won, result: 'LOST', paidMinor: 0 }));
  assert.deepEqual(board.figureOf('a'), { netMinor: -100, bets: 1 });
  assert.ok(board.take({ ...won, result: 'REFUNDED', paidMinor: 100 }));
  assert.deepEqual(board.figureOf('a'), { netMinor: 0, bets: 0 });
  assert.equal(board.view().rows.length, 0, 'who has no decided bet has no place');
  assert.equal(board.take(bet('a', { atUs: 4 })), false, 'a bet of the show before');
  board.take(bet('a'));
  board.begin(0);
  board.begin(5);
  assert.equal(board.view().rows.length, 1, 'the same show goes on, and its end leaves it');
  board.begin(50);
  assert.equal(board.view().rows.length, 0);
});

test('rows and bets held are bounded; whoever settled longest ago leaves whole', () => {
  const board = new ShowLeaderboard({ ...SIGNED_IN, betsMax: 3 * ROWS_MAX });
  board.begin(1);
  for (let at = 0; at < 3 * ROWS_MAX; at++) board.take(bet(`s${at}`, { paidMinor: at }));
  const { rows, people } = board.view();
  assert.equal(rows.length, ROWS_MAX);
  assert.equal(people, 3 * ROWS_MAX);
  assert.equal(rows[0]?.netMinor, BigInt(3 * ROWS_MAX - 1 - 100));
  board.take(bet('s0'));
  assert.equal(board.dropped, 1);
  assert.deepEqual(board.figureOf('s1'), { netMinor: 0, bets: 0 });
  assert.equal(board.figureOf('s0').bets, 2, 'who settles now stays');
});
