// Proves that the shelf of ended markets is told as it was written, or not at all: each of its tables
// and indexes with half of its page zeroed, or a bit turned, is healed by a start that reads every
// row or named beside the bets, and healed by the restart after that; and what stands there of rows
// that a cut journal no longer has is never told, also when later rows have their numbers.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSeededRandom } from '../../core/markets/testing/seededRandom.ts';
import { openForReading } from '../sqlite/database.ts';
import { openJournalStore } from './journalStore.ts';
import { Ledger } from './ledger.ts';
import { type Damage, runDamage } from './testing/damageRun.ts';
import { act, hexId, hexKey, IDENTITY, newFolder, rulesAt } from './testLedger.ts';

const S = 1_000_000;
const PAGE_BYTES = 4096;
const FLIPS_A_PAGE = 6;

/** First pages of the shelf's tables and indexes, and of the checkpoint. */
function shelfPages(folder: string): number[] {
  const database = openForReading(join(folder, 'ledger.db'));
  const pages = database
    .prepare<[], { page: number }>(
      `SELECT rootpage AS page FROM sqlite_schema WHERE tbl_name IN
       ('ended_markets', 'ended_bets', 'ids', 'checkpoint') AND rootpage > 0`,
    )
    .all();
  database.close();
  return pages.map(({ page }) => page - 1);
}

function change(folder: string, edit: (bytes: Buffer) => void): void {
  const path = join(folder, 'ledger.db');
  const bytes = readFileSync(path);
  edit(bytes);
  writeFileSync(path, bytes);
}

test('half a page of each table and index zeroed: healed, or named and then healed', async () => {
  let copies = 0;
  const damage: Damage = (folder) => {
    const pages = shelfPages(folder);
    // Two kinds of copies take turns, and each page has two halves.
    const half = copies++ >> 1;
    const page = pages[(half >> 1) % pages.length] ?? 0;
    const from = page * PAGE_BYTES + (half & 1) * (PAGE_BYTES / 2);
    change(folder, (bytes) => bytes.fill(0, from, from + PAGE_BYTES / 2));
    return `half of page ${page} from byte ${from}`;
  };
  const report = await runDamage({ count: 6 * 4, random: () => 0, damage });
  assert.ok(report.suspended > 0 && report['no effect'] > 0, JSON.stringify(report));
});

test('bits turned in tables and indexes of the shelf', async (context) => {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  context.diagnostic(`seed ${seed}`);
  const random = createSeededRandom(seed);
  let copies = 0;
  const damage: Damage = (folder) => {
    const pages = shelfPages(folder);
    const at = (pages[copies++ % pages.length] ?? 0) * PAGE_BYTES + random(PAGE_BYTES);
    const bit = random(8);
    change(folder, (bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at));
    return `bit ${bit} of byte ${at}`;
  };
  const report = await runDamage({ count: 6 * FLIPS_A_PAGE, random, damage });
  assert.equal(report.shorter, 0);
});

test('of rows that a cut journal no longer has nothing is told, also under later numbers', () => {
  const folder = newFolder();
  const path = join(folder.path, 'ledger.db');
  const open = () => new Ledger(openJournalStore(path), IDENTITY, 1, { checkpointRowsMin: 0 });
  const close = (ledger: Ledger) => {
    ledger.close();
    ledger.journal.store.database.close();
  };
  const first = open();
  playMarket(first, 'kept', 0);
  const keptSeq = first.headSeq;
  playMarket(first, 'lost', 100);
  close(first);
  const store = openJournalStore(path);
  store.database.exec('DROP TRIGGER journal_is_never_cut');
  store.database.exec(`DELETE FROM journal WHERE seq > ${keptSeq}`);
  store.database.close();
  const cut = open();
  assert.deepEqual(told(cut), ['kept']);
  playMarket(cut, 'later', 200);
  playMarket(cut, 'last', 300);
  assert.deepEqual(told(cut), ['last', 'later', 'kept']);
  close(cut);
  const again = open();
  assert.ok(again.journal.unfoldedSeq > 0);
  assert.deepEqual(told(again), ['last', 'later', 'kept']);
  while (again.tend()) again.commit();
  assert.equal(again.difference, '');
  close(again);
  folder.remove();
});

function playMarket(ledger: Ledger, id: string, firstBet: number): void {
  const subject = hexId(1);
  const rules = rulesAt(100 * S, { lockAtUs: 120 * S });
  ledger.answer('bindSubject', { subject, publicKey: hexKey(1), isStaff: false, atUs: 1 });
  ledger.answer('openMarket', { ...act(id, `open-${id}`, 100 * S), rules, reason: '' });
  for (let bet = 0; bet < 4; bet++) {
    ledger.answer('placeBet', {
      ...{ betId: hexId(0x1000 + firstBet + bet), subject, marketId: id },
      ...{ outcome: bet % 2, amountMinor: 1, arrivedUs: 101 * S },
    });
  }
  const end = { outcome: 0, reason: '', evidence: null };
  ledger.answer('resolveMarket', { ...act(id, `end-${id}`, 130 * S), ...end });
  ledger.commit();
}

/** Markets in a list and in a history, each once, newest first. */
function told(ledger: Ledger): string[] {
  const page = { includeEnded: true, limit: 100, beforeOpensAtUs: null };
  const { markets } = ledger.answer('markets', page) as { markets: { id: string }[] };
  const { entries } = ledger.answer('history', { subject: hexId(1), limit: 100 }) as {
    entries: { marketId: string }[];
  };
  const ids = markets.map(({ id }) => id);
  assert.deepEqual([...new Set(entries.map(({ marketId }) => marketId))], ids);
  return ids;
}
