// Proves that two relay nodes over one Redis and one PostgreSQL are one relay: viewers at either
// node bet with the studio at the first one; that node is killed (SIGKILL) while all of them bet;
// studio and viewers find the other node, and every bet stands once, with one receipt. Real
// processes, a real ledger with its journal shipped to PostgreSQL, and the auditor at the end.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { toHex } from '../../core/base/ids.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { parseRow } from '../../core/ledger/rows.ts';
import { createAudience } from '../../native/audience/audience.ts';
import { act, rulesAt } from '../../native/ledger/testLedger.ts';
import { clock } from '../testing/harness.ts';
import {
  atTheEnd,
  closeAll,
  connect,
  hashOf,
  isCopied,
  newKey,
  reached,
  registered,
  ship,
  startMachine,
} from '../testing/machine.ts';
import { postgresStores, TEST_DATABASE_URL } from '../testing/stores.ts';
import { Bettor } from './testing/bettor.ts';
import {
  type NodeProcess,
  startBalancer,
  startNode,
  TEST_REDIS_URL,
  whyNoRedis,
} from './testing/nodeProcess.ts';

const VIEWERS = 10;
const BETS_BEFORE = 100;
const BETS_AFTER = 100;
const BET_EVERY_MS = 250;

const postgres = await postgresStores();
const skip = postgres.skip || (await whyNoRedis());
after(async () => {
  await closeAll();
  if (!postgres.skip) await postgres.clear();
});

const settings = { databaseUrl: TEST_DATABASE_URL, redisUrl: TEST_REDIS_URL };

/** A studio whose balancer knows both nodes and prefers the first. */
async function startShow(first: NodeProcess, second: NodeProcess) {
  const key = await newKey();
  postgres.forget(key.channelId);
  const machine = await startMachine(key);
  const way = await startBalancer(() => [first.port, second.port]);
  const socket = connect(way, key, machine);
  const shipper = ship(socket, machine);
  const audience = createAudience({
    ...{ socket, ledger: machine.client, clock, timers: realTimers, logger: silentLogger },
    markets: () => [],
    onBetPlaced: () => {},
  });
  atTheEnd(() => audience.close());
  await registered(socket);
  const atUs = clock.nowUs();
  const hours = (count: number) => atUs + count * 3_600_000_000;
  const times = { lockAtUs: hours(1), horizonAtUs: hours(2), deadlineAtUs: hours(3) };
  const rules = rulesAt(atUs, times);
  const opening = { ...act('m1', 'open', atUs), rules, reason: 'kick-off' };
  await machine.client.openMarket(opening);
  return { key, machine, socket, shipper };
}

/** Waits until a number that others change is high enough. */
async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise<void>((resolve) => realTimers.after(20, resolve));
}

test('a node is killed while everybody bets: nothing lost, nothing doubled', {
  skip,
}, async (t) => {
  const [one, two] = await Promise.all([startNode(settings), startNode(settings)]);
  const { key, machine, socket, shipper } = await startShow(one, two);
  const ports = [one.port, two.port];
  let turn = 0;
  const way = await startBalancer(() => (turn++ % 2 ? ports : [...ports].reverse()));
  const bettors = Array.from({ length: VIEWERS }, () => new Bettor(way.url, key.channelId, 'm1'));
  for (const bettor of bettors) atTheEnd(() => bettor.close());
  await until(() => bettors.every((bettor) => bettor.isConnected));

  const cancelBets = realTimers.every(BET_EVERY_MS, () => {
    for (const bettor of bettors) bettor.bet(1);
  });
  const confirmed = () => bettors.reduce((sum, { receipts }) => sum + receipts.size, 0);
  await until(() => confirmed() >= BETS_BEFORE);
  const atNodeTwo = bettors.filter((_, index) => index % 2 === 0);
  assert.ok(
    atNodeTwo.every(({ receipts }) => receipts.size > 0),
    'viewers of the other node bet, too',
  );

  const before = confirmed();
  const killedUs = clock.nowUs();
  one.child.kill('SIGKILL');
  await until(() => socket.registered?.whipUrl.startsWith(two.url) ?? false);
  const studioMs = (clock.nowUs() - killedUs) / 1000;
  await until(() => confirmed() >= before + BETS_AFTER);
  cancelBets();
  await until(() => bettors.every(({ pending }) => pending.size === 0));

  assert.deepEqual(
    bettors.flatMap(({ faults }) => faults),
    [],
  );
  const receipts = new Map(bettors.flatMap((bettor) => [...bettor.receipts]));
  const rows = [...machine.store.allRows.iterate()];
  const bets = rows.map(({ body, hash }) => ({ row: parseRow(body), hash: toHex(hash) }));
  const inLedger = bets.filter(({ row }) => row.kind === 'bet');
  assert.equal(new Set(inLedger.map(({ row }) => row.id)).size, inLedger.length, 'none doubled');
  assert.deepEqual(
    new Set(inLedger.map(({ row, hash }) => `${row.id} ${hash}`)),
    new Set([...receipts].map(([id, { hash }]) => `${id} ${hash}`)),
    'the ledger has the bets that viewers hold receipts for, and no other',
  );
  assert.deepEqual(auditJournal(rows).findings, []);

  await reached(shipper, isCopied);
  const store = await postgres.open(TEST_DATABASE_URL);
  const mark = await store.mark(key.channelId);
  const totals = await store.totals(key.channelId);
  await store.close();
  assert.equal(mark && toHex(mark.hash), hashOf(machine), 'PostgreSQL ends with the same hash');
  assert.equal(totals.sumMinor, 0);
  const refused = new Set(bettors.flatMap((bettor) => [...bettor.refused.values()]));
  const asked = bettors.reduce((sum, bettor) => sum + bettor.asked, 0);
  t.diagnostic(
    `${receipts.size} bets confirmed, asked ${asked} times; studio at the other node after ` +
      `${studioMs.toFixed(0)} ms; refused: ${[...refused].join(' ') || 'none'}`,
  );
  assert.ok(bettors.every(({ connections }) => connections >= 1));
  assert.ok(
    bettors.some(({ connections }) => connections >= 2),
    'viewers of the killed node came again',
  );
});

test('a bet through the other node carries its row in PostgreSQL', { skip }, async () => {
  const [one, two] = await Promise.all([startNode(settings), startNode(settings)]);
  const { key, shipper } = await startShow(one, two);
  const bettor = new Bettor(two.url, key.channelId, 'm1');
  atTheEnd(() => bettor.close());
  await until(() => bettor.isConnected);
  bettor.bet(3);
  await until(() => bettor.receipts.size === 1);
  await reached(shipper, isCopied);
  const [receipt] = bettor.receipts.values();
  const proof = await fetch(`${two.url}/receipt/${key.channelId}/${receipt?.seq}/${receipt?.hash}`);
  assert.equal(proof.status, 200, 'any node proves it');
  assert.equal(((await proof.json()) as { seq: number }).seq, receipt?.seq);
});
