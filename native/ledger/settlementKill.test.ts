// Proves that a settlement done in parts ends as if nothing had happened when the real process is
// killed in its midst, again and again: it goes on by itself after each start, no bet is decided or
// paid twice, none is left out, and all balances and histories are those of a ledger nobody killed.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { createSeededRandom } from '../../core/markets/testing/seededRandom.ts';
import type { LedgerClient } from './client.ts';
import { openJournalStore } from './journalStore.ts';
import { type OpenedLedger, startLedgerProcess } from './testing/ledgerProcess.ts';
import { act, hexId, hexKey, newFolder, rulesAt } from './testLedger.ts';

const S = 1_000_000;
const SUBJECTS = 12;
/** Enough for a settlement in parts, with some of them. */
const BETS = 1_600;
/** KILLS=20 for nights. */
const KILLS = Number(process.env.KILLS ?? 2);
/** Rows of the market's own: its opening and its lock stand before. */
const ROWS_BEFORE = 10;

/** After the process' own clock, which runs since the machine started. */
const LATER_US = 10 ** 15;

type End = 'resolve' | 'void' | 'correct';

async function start(folder: string): Promise<OpenedLedger> {
  const ledger = await startLedgerProcess(folder);
  assert.ok('client' in ledger, 'refused' in ledger ? ledger.refused : '');
  return ledger;
}

async function prepare(client: LedgerClient): Promise<void> {
  for (let number = 0; number < SUBJECTS; number++) {
    const subject = hexId(number);
    await client.bindSubject({ subject, publicKey: hexKey(1), isStaff: false, atUs: 1 });
  }
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S, rakeBasisPoints: 500 });
  await client.openMarket({ ...act('m', 'open', 100 * S), rules, reason: '' });
  const bets = Array.from({ length: BETS }, (_, index) =>
    client.placeBet({
      ...{ betId: hexId(0x1000 + index), subject: hexId(index % SUBJECTS), marketId: 'm' },
      ...{ outcome: index % 3 === 0 ? 0 : 1, amountMinor: 1, arrivedUs: 101 * S + index },
    }),
  );
  await Promise.all(bets);
}

async function decide(client: LedgerClient, end: End) {
  const who = act('m', 'end', LATER_US);
  if (end === 'correct') {
    await client.resolveMarket({ ...who, outcome: 0, reason: 'x', evidence: null });
    const corrected = { ...act('m', 'corrected', LATER_US), outcome: 1, tCapUs: null };
    return client.correctMarket({ ...corrected, reason: 'y' });
  }
  return end === 'void'
    ? client.voidMarket({ ...who, reason: 'x' })
    : client.resolveMarket({ ...who, outcome: 0, reason: 'x', evidence: null });
}

/** The decision once more: answered when all is settled, and known. */
async function finish(client: LedgerClient, end: End) {
  const { market } = await decide(client, end);
  const balances = [];
  const histories = [];
  for (let number = 0; number < SUBJECTS; number++) {
    balances.push(await client.balance(hexId(number)));
    const entries = await client.history(hexId(number), 500);
    histories.push(entries.map(({ betId, result, paidMinor }) => [betId, result, paidMinor]));
  }
  return { market, balances, histories };
}

/** The rows, when nothing is wrong with them. */
function audited(folder: string) {
  const store = openJournalStore(join(folder, 'ledger.db'));
  const rows = [...store.allRows.iterate()];
  store.database.close();
  const { findings, settling } = auditJournal(rows);
  assert.deepEqual([findings, settling], [[], []]);
  return rows;
}

for (const end of ['resolve', 'void', 'correct'] as const) {
  test(`${KILLS} kills in the midst of one ${end}: the same end`, async (context) => {
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
    context.diagnostic(`seed ${seed}`);
    const random = createSeededRandom(seed);
    const [whole, killed] = [newFolder(), newFolder()];
    const calm = await start(whole.path);
    await prepare(calm.client);
    const expected = await finish(calm.client, end);
    await calm.close();
    const rows = audited(whole.path).length;

    let ledger = await start(killed.path);
    await prepare(ledger.client);
    const firstSeq = (await ledger.client.head()).seq + ROWS_BEFORE;
    decide(ledger.client, end).catch(() => {});
    // A correction is asked for again by whoever was not answered.
    const again = () => void decide(ledger.client, end).catch(() => {});
    let inTheMidst = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const span = (rows - firstSeq) / KILLS;
      const killSeq = Math.floor(firstSeq + (kill + random(500) / 1_000) * span);
      // Answers wait for their group, so the head is seen in each of its parts.
      while ((await ledger.client.head()).seq < killSeq);
      await ledger.kill();
      ledger = await start(killed.path);
      if (end === 'correct') again();
      if ((await ledger.client.market('m'))?.state === 'LOCKED') inTheMidst++;
    }
    assert.ok(inTheMidst > 0, 'no kill met the settlement');
    context.diagnostic(`${inTheMidst} of ${KILLS} kills met it`);
    assert.deepEqual(await finish(ledger.client, end), expected);
    await ledger.close();
    assert.equal(audited(killed.path).length, rows);
    whole.remove();
    killed.remove();
  });
}
