// Proves the ledger process from outside: a bet that was confirmed outlives SIGKILL at any moment,
// a second studio on the same folder is refused by name while a killed one leaves nothing behind,
// files that cannot be used are refused in one line with exit code 2, a full disk loses nothing.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type FromChild, fromChildSchema } from '../../../core/contract/process.ts';
import { auditJournal } from '../../../core/ledger/auditor.ts';
import { LedgerRefusal } from '../../../core/ledger/refusal.ts';
import { createLedgerClient, type LedgerClient } from '../../ledger/client.ts';
import { openJournalStore } from '../../ledger/journalStore.ts';
import type { Receipt } from '../../ledger/protocol.ts';
import { act, CHANNEL, hexId, hexKey, newFolder, rulesAt } from '../../ledger/testLedger.ts';
import { connectLink } from '../../link/link.ts';
import { openDatabase } from '../../sqlite/database.ts';

const ENTRY = join(import.meta.dirname, 'ledger.ts');
const ROUNDS = 10;
const ANN = hexId(0xa);
const S = 1_000_000;

const folders: { remove(): void }[] = [];
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) folder.remove();
});

function freshFolder(): string {
  const folder = newFolder();
  folders.push(folder);
  return folder.path;
}

type Started = { child: ChildProcess; first: FromChild; exit: Promise<number | null> };

async function start(dataFolder: string, more: object = {}): Promise<Started> {
  const child = fork(ENTRY, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  children.add(child);
  const exit = once(child, 'exit').then(([code]) => {
    children.delete(child);
    return code as number | null;
  });
  child.send({
    type: 'start',
    config: { dataFolder, epochUs: 0, channelId: CHANNEL, logLevel: 'error', ...more },
  });
  const [message] = await once(child, 'message');
  return { child, first: fromChildSchema.parse(message), exit };
}

async function connect(started: Started): Promise<LedgerClient> {
  assert.equal(started.first.type, 'ready', JSON.stringify(started.first));
  assert.ok(started.first.type === 'ready' && started.first.endpoint);
  return createLedgerClient(await connectLink(started.first.endpoint));
}

async function openFor(client: LedgerClient, marketId: string): Promise<void> {
  await client.bindSubject({ subject: ANN, publicKey: hexKey(1), isStaff: false, atUs: 1 });
  const rules = rulesAt(10 * S, { lockAtUs: 20 * S });
  await client.openMarket({ ...act(marketId, `open-${marketId}`, 10 * S), rules, reason: '' });
}

function place(client: LedgerClient, id: number, marketId: string) {
  return client.placeBet({
    betId: hexId(id),
    subject: ANN,
    marketId,
    outcome: id % 2,
    amountMinor: 1,
    arrivedUs: 11 * S,
  });
}

function audit(folder: string) {
  const store = openJournalStore(join(folder, 'ledger.db'));
  const report = auditJournal(store.allRows.iterate());
  store.database.close();
  return report;
}

test(`${ROUNDS} times SIGKILL under bets: every confirmed bet is there, none twice`, async () => {
  const folder = freshFolder();
  const confirmed = new Map<string, Receipt>();
  let id = 1;
  let staked = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const started = await start(folder);
    const client = await connect(started);
    await openFor(client, `round-${round}`);
    const { availableMinor, stakedMinor } = await client.balance(ANN);
    assert.equal(availableMinor + stakedMinor, 1000);
    staked = stakedMinor;
    // Bets go out without waiting; the kill falls somewhere among their commits.
    const first = id;
    let confirmedNow = 0;
    const enough = 5 + Math.floor(Math.random() * 30);
    const answers: Promise<void>[] = [];
    for (; id < first + 60; id++) {
      const answer = place(client, id, `round-${round}`).then(
        ({ receipt }) => {
          confirmed.set(receipt.betId, receipt);
          if (++confirmedNow === enough) started.child.kill('SIGKILL');
        },
        (error: unknown) => {
          assert.ok(error instanceof LedgerRefusal);
          assert.equal(error.code, 'LEDGER_UNAVAILABLE');
        },
      );
      answers.push(answer);
      if (id % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(answers);
    started.child.kill('SIGKILL');
    assert.equal(await started.exit, null);
    client.close();
  }
  const last = await start(folder);
  const client = await connect(last);
  for (const receipt of confirmed.values()) {
    const [row] = await client.rowsFrom(receipt.seq, 1);
    assert.equal(Buffer.from(row?.hash ?? []).toString('hex'), receipt.hash);
  }
  // Whoever was not answered asks again with the same id.
  const sent = id - 1;
  const again = await Promise.all(
    Array.from({ length: sent }, (_, index) =>
      place(client, index + 1, `round-${Math.floor(index / 60)}`),
    ),
  );
  for (const { receipt, isKnown } of again) {
    const known = confirmed.get(receipt.betId);
    if (!known) continue;
    assert.equal(isKnown, true);
    assert.deepEqual(receipt, known);
  }
  assert.deepEqual(await client.balance(ANN), { availableMinor: 1000 - sent, stakedMinor: sent });
  assert.ok(staked > 0 && confirmed.size > ROUNDS * 5);
  client.close();
  last.child.send({ type: 'stop' });
  assert.equal(await last.exit, 0);
  const report = audit(folder);
  assert.deepEqual(report.findings, []);
  assert.equal(report.reserved.get(`user:${ANN}`), BigInt(sent));
});

test('a second studio on the folder is refused by name; SIGKILL frees the folder', async () => {
  const folder = freshFolder();
  const first = await start(folder);
  assert.equal(first.first.type, 'ready');
  const second = await start(folder);
  assert.ok(second.first.type === 'failed');
  assert.match(second.first.line, /--data .* is in use by another studio/);
  assert.ok(second.first.line.includes(folder));
  assert.equal(await second.exit, 2);
  first.child.kill('SIGKILL');
  await first.exit;
  const third = await start(folder);
  assert.equal(third.first.type, 'ready');
  third.child.send({ type: 'stop' });
  assert.equal(await third.exit, 0);
});

test('a file that cannot be used is refused in one line with exit code 2', async () => {
  const newer = freshFolder();
  openDatabase({ path: join(newer, 'ledger.db'), version: 99, migrate: () => {} }).close();
  const broken = freshFolder();
  writeFileSync(join(broken, 'ledger.db'), 'this is no database, not even a small one');
  const foreign = freshFolder();
  const owner = await start(foreign, { channelId: 'd'.repeat(32) });
  owner.child.send({ type: 'stop' });
  await owner.exit;
  const bent = freshFolder();
  const before = await start(bent);
  before.child.send({ type: 'stop' });
  await before.exit;
  const store = openJournalStore(join(bent, 'ledger.db'));
  store.database.exec('DROP TRIGGER journal_is_never_changed');
  store.database.exec(
    `UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '"epoch":1', '"epoch":2') AS BLOB)`,
  );
  store.database.close();
  for (const [folder, expected] of [
    [newer, /newer version \(99/],
    [broken, /cannot be used: The file is no database/],
    [foreign, /belongs to channel d+/],
    [bent, /Row 1 of the journal does not verify/],
  ] as const) {
    const started = await start(folder);
    assert.ok(started.first.type === 'failed');
    assert.match(started.first.line, expected);
    assert.equal(started.first.line.includes('\n'), false);
    assert.equal(await started.exit, 2);
  }
  const nonsense = await start('', { epochUs: 'x' });
  assert.ok(nonsense.first.type === 'failed');
  assert.match(nonsense.first.line, /dataFolder.*epochUs/);
  assert.equal(await nonsense.exit, 2);
});

function mountSmallDisk(): { path: string; remove(): void } | null {
  const folder = newFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder.path], {
      stdio: 'ignore',
    });
  } catch {
    folder.remove();
    return null;
  }
  return {
    path: folder.path,
    remove() {
      execFileSync('umount', ['-l', folder.path]);
      folder.remove();
    },
  };
}

const disk = mountSmallDisk();
if (disk) folders.push(disk);

test('a full disk refuses bets, keeps what was confirmed and goes on with room', {
  skip: disk ? false : 'this system does not let us mount a small disk',
}, async () => {
  assert.ok(disk);
  const data = join(disk.path, 'data');
  mkdirSync(data);
  const started = await start(data);
  const client = await connect(started);
  await openFor(client, 'full');
  await place(client, 1, 'full');
  const filler = join(disk.path, 'filler');
  let bytes = 1024 * 1024;
  while (bytes >= 512) {
    try {
      writeFileSync(filler, Buffer.alloc(bytes), { flag: 'a' });
    } catch {
      bytes = Math.floor(bytes / 2);
    }
  }
  let refusedAt = 0;
  for (let id = 2; id < 900 && refusedAt === 0; id++) {
    await place(client, id, 'full').catch((error: unknown) => {
      assert.ok(error instanceof LedgerRefusal);
      assert.equal(error.code, 'LEDGER_UNAVAILABLE');
      assert.match(error.message, /Nothing was booked: .*disk/);
      refusedAt = id;
    });
  }
  assert.ok(refusedAt > 0, 'the disk became full');
  assert.equal((await client.balance(ANN)).stakedMinor, refusedAt - 1);
  rmSync(filler);
  assert.equal(await client.probeDisk(), '');
  const { isKnown, balance } = await place(client, refusedAt, 'full');
  assert.equal(isKnown, false);
  assert.equal(balance.stakedMinor, refusedAt);
  client.close();
  started.child.send({ type: 'stop' });
  assert.equal(await started.exit, 0);
  assert.deepEqual(audit(data).findings, []);
});
