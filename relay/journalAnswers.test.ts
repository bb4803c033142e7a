// Proves what a studio can rely on from the relay's witness over a real socket: marks signed with
// a key that outlives restarts, rows given back as they were witnessed, and a next epoch that
// fences off every older studio, at its registration too.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { toHex } from '../core/base/ids.ts';
import type { JournalAck } from '../core/wire/gen/facts_pb.js';
import { isSigned, witnessSigningText } from '../core/wire/signing.ts';
import {
  random,
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from './testing/harness.ts';
import { LEDGER, TestJournal } from './testing/journal.ts';

const folders: string[] = [];
after(() => folders.forEach(removeFolder));

function newFolder(): string {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
}

function isSignedMark(channelId: string, mark: JournalAck | undefined, relayKey: string): boolean {
  if (!mark) return false;
  const { ledgerId, epoch, seq, hash, timeMs, signature } = mark;
  const text = witnessSigningText(channelId, {
    ...{ ledgerId, epoch: Number(epoch), seq: Number(seq) },
    ...{ hash: toHex(hash), timeMs: Number(timeMs) },
  });
  return isSigned(text, signature, relayKey);
}

test('every acknowledgement and every registration carries a signed mark', async () => {
  const dataFolder = newFolder();
  const secret = random(32);
  const journal = new TestJournal().grant('u1', 50).grant('u2', 50);
  const first = await startTestRelay({ dataFolder });
  const studio = new TestStudio(first.url, secret);
  const { relayKey, journalMark } = await studio.ready();
  assert.equal(journalMark, undefined);
  studio.sendBatch(journal.batch(1, 3));
  const ack = await studio.take('journalAck');
  assert.deepEqual([ack.ledgerId, ack.seq, ack.hash], [LEDGER, 3n, journal.lastHash]);
  assert.ok(isSignedMark(studio.channelId, ack, relayKey));
  assert.equal(isSignedMark('0'.repeat(32), ack, relayKey), false);
  assert.equal(isSignedMark(studio.channelId, { ...ack, seq: 4n }, relayKey), false);
  assert.ok(Math.abs(Number(ack.timeMs) - Date.now()) < 60_000);
  await first.close();
  if (process.platform !== 'win32') {
    assert.equal(statSync(join(dataFolder, 'relay-key.json')).mode & 0o777, 0o600);
  }
  const second = await startTestRelay({ dataFolder });
  const back = await new TestStudio(second.url, secret).ready();
  assert.equal(back.relayKey, relayKey);
  assert.ok(isSignedMark(studio.channelId, back.journalMark, relayKey));
  await second.close();
});

test('a damaged key file stops the relay and stays as it is', async () => {
  const dataFolder = newFolder();
  writeFileSync(join(dataFolder, 'relay-key.json'), '{"version":1,"secretKey":"5ec7e7"}');
  await assert.rejects(startTestRelay({ dataFolder }), (error: Error & { setting?: string }) => {
    assert.equal(error.setting, 'dataFolder');
    assert.match(error.message, /relay-key\.json is not a relay's key; restore it/);
    return !error.message.includes('5ec7e7');
  });
});

test('witnessed rows are given back byte by byte, page by page', async () => {
  const relay = await startTestRelay({ dataFolder: newFolder() });
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const journal = new TestJournal();
  for (let i = 0; i < 20; i++) journal.grant(`u${i}`, 5);
  studio.sendBatch(journal.batch(1, 21));
  await studio.take('journalAck');
  const pages: [from: number, limit: number, seqs: [number, number]][] = [
    [1, 8, [1, 8]],
    [9, 1000, [9, 21]],
    [21, 4_000_000_000, [21, 21]],
    [22, 5, [22, 21]],
  ];
  for (const [fromSeq, limit, [first, last]] of pages) {
    studio.askTail(fromSeq, limit);
    const tail = await studio.take('journalTail');
    assert.equal(tail.fromSeq, BigInt(fromSeq));
    assert.deepEqual(
      tail.rows.map(({ body, hash }) => ({ body, hash })),
      journal.rows.slice(first - 1, last).map(({ body, hash }) => ({ body, hash })),
    );
  }
  studio.close();
  await relay.close();
});

test('who takes over writes in the next epoch; the older studio is fenced and throws nobody out', async () => {
  const relay = await startTestRelay({ dataFolder: newFolder() });
  const secret = random(32);
  const old = new TestStudio(relay.url, secret);
  await old.ready();
  const journal = new TestJournal().grant('u1', 50).grant('u2', 50);
  old.sendBatch(journal.batch(1, 2));
  await old.take('journalAck');
  const fresh = new TestStudio(relay.url, secret);
  const { relayKey } = await fresh.ready();
  assert.equal((await old.closed).reason, 'REPLACED');
  fresh.send({
    case: 'takeOver',
    value: { $typeName: 'morphine.facts.v1.TakeOver', ledgerId: LEDGER },
  });
  const mark = await fresh.take('tookOver');
  assert.deepEqual([mark.epoch, mark.seq], [2n, 2n]);
  assert.ok(isSignedMark(fresh.channelId, mark, relayKey));
  const back = new TestStudio(relay.url, secret);
  await back.register({ ledgerId: LEDGER, epoch: 1n });
  const refused = await back.take('refused');
  assert.deepEqual([refused.code, (await back.closed).reason], ['FENCED', 'FENCED']);
  assert.match(refused.message, /took over/);
  fresh.sendBatch(journal.batch(3, 3, { epoch: 1 }));
  assert.equal((await fresh.take('journalRefused')).code, 'FENCED');
  fresh.sendBatch(journal.batch(3, 3, { epoch: 2 }));
  assert.equal((await fresh.take('journalAck')).epoch, 2n);
  fresh.close();
  await relay.close();
});

test('texts are kept with the rows that name them, given back with them, and erased to the byte', async () => {
  const dataFolder = newFolder();
  const relay = await startTestRelay({ dataFolder });
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const textOf = (text: string) => {
    const salt = new Uint8Array(16).fill(4);
    const hash = createHash('sha256').update(salt).update(text).digest('hex');
    return { hash, salt, text };
  };
  const [reason, foreign] = [textOf('Shouted at everybody.'), textOf('Nobody names this.')];
  const ban = { kind: 'ban', actor: 'owner', role: 'owner', subject: 'u1', isBanned: true };
  const journal = new TestJournal().grant('u1', 5).add({ ...ban, reason: reason.hash });
  const bent = { ...reason, text: 'Whispered.' };
  studio.sendBatch(journal.batch(1, 3), [foreign, bent]);
  await studio.take('journalAck');
  studio.askTail(1, 10);
  assert.deepEqual((await studio.take('journalTail')).texts, [], 'neither named nor hashed so');
  studio.sendBatch(journal.batch(1, 3), [reason]);
  await studio.take('journalAck');
  studio.askTail(1, 10);
  const { texts } = await studio.take('journalTail');
  assert.deepEqual(
    texts.map(({ hash, salt, text }) => ({ hash, salt: new Uint8Array(salt), text })),
    [reason],
  );
  const stored = () =>
    ['witness.sqlite', 'witness.sqlite-wal']
      .map((name) => readFileSync(join(dataFolder, name), 'latin1'))
      .join('');
  assert.match(stored(), /Shouted at everybody/);
  assert.doesNotMatch(stored(), /Nobody names this|Whispered/);
  studio.eraseTexts([reason.hash, 'no hash']);
  assert.deepEqual((await studio.take('textsErased')).hashes, [reason.hash]);
  assert.doesNotMatch(stored(), /Shouted/);
  studio.askTail(1, 10);
  assert.deepEqual((await studio.take('journalTail')).texts, []);
  studio.close();
  await relay.close();
});
