// Proves pairing against a real relay over HTTP: a code pairs one studio once, and both then hold the
// other's key; wrong, used, expired and guessed-at codes are refused with a sentence; whoever answers
// without knowing the code is found out; a relay for paired studios lets no other register. The code
// is in no log and no answer.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualTime, realTimers } from '../../core/base/clock.ts';
import { fromHex } from '../../core/base/ids.ts';
import { type Logger, silentLogger } from '../../core/base/logger.ts';
import { newPairingCode, PAIRING_WORDS, readPairingCode } from '../../core/wire/pairingWords.ts';
import { channelIdOf, keyPairOf } from '../../core/wire/signing.ts';
import type { Relay } from '../../relay/relay.ts';
import {
  random,
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import {
  keepPairedRelay,
  PairingRefused,
  pairWithRelay,
  readPairedRelay,
  relayAddressOf,
} from './pairing.ts';
import { createStudioSocket } from './studioSocket.ts';

const folder = temporaryFolder();
const time = new ManualTime();
const said: unknown[] = [];
const hear = (words: string, fields?: object) => said.push(words, fields);
const logger: Logger = { ...silentLogger, info: hear, warn: hear, error: hear, with: () => logger };
after(() => removeFolder(folder));

async function startRelay(name: string, owners = 'open'): Promise<Relay> {
  const clock = { nowUs: () => time.nowUs() };
  return startTestRelay({ dataFolder: join(folder, name), owners, clock, logger });
}

function newKey() {
  const pair = keyPairOf(random(32));
  return { ...pair, channelId: channelIdOf(pair.publicKey) };
}

const pair = (address: string, code: string, key = newKey()) =>
  pairWithRelay({ address, code, key, fetch, random, timers: realTimers });

const refused = (words: RegExp) => (error: unknown) =>
  error instanceof PairingRefused && words.test(error.message);

test('2,048 words; a code is six of them, however it is typed', () => {
  assert.equal(PAIRING_WORDS.length, 2_048);
  assert.equal(new Set(PAIRING_WORDS).size, 2_048);
  for (const word of PAIRING_WORDS) assert.match(word, /^[a-z]{3,8}$/);
  const code = newPairingCode(random);
  assert.deepEqual(readPairingCode(code), { ok: true, code });
  const typed = `  ${code.toUpperCase().replaceAll('-', ' , ')}. `;
  assert.deepEqual(readPairingCode(typed), { ok: true, code });
  const reason = (text: string) => {
    const read = readPairingCode(text);
    return read.ok ? '' : read.reason;
  };
  assert.match(reason('apple apple'), /six words; these are 2/);
  assert.match(reason(`${code} zzz`), /“zzz” is not one/);
  assert.match(reason(''), /six words/);
});

test('a code pairs one studio, once; both keep the other’s key', async () => {
  const relay = await startRelay('one', 'paired');
  const key = newKey();
  assert.equal(await relay.pairing.mayRegister(key.channelId), false);
  const code = relay.pairing.newCode();
  const paired = await pair(relay.url, code, key);
  assert.equal(paired.url, relay.url);
  assert.equal(await relay.pairing.mayRegister(key.channelId), true);
  await assert.rejects(pair(relay.url, code), refused(/paired another studio/));
  // The answer may have been lost on its way: the same studio hears it again.
  assert.deepEqual(await pair(relay.url, code, key), paired);
  assert.equal(relay.pairing.count, 1);
  const file = join(folder, 'one/paired.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(readFileSync(file, 'utf8').includes(code), false);

  const stranger = new TestStudio(relay.url);
  await stranger.register();
  assert.equal((await stranger.take('refused')).code, 'NOT_AN_OWNER');
  const own = new TestStudio(relay.url, fromHex(key.secretKey));
  assert.equal((await own.ready()).relayKey, paired.relayKey);
  await relay.close();
  const again = await startRelay('one', 'paired');
  assert.equal(await again.pairing.mayRegister(key.channelId), true, 'kept over a restart');
  await again.close();
});

test('wrong, expired, superseded and guessed-at codes are refused', async () => {
  const relay = await startRelay('two');
  await assert.rejects(pair(relay.url, newPairingCode(random)), refused(/ended/));
  const first = relay.pairing.newCode();
  const code = relay.pairing.newCode();
  await assert.rejects(pair(relay.url, first), refused(/not the code/));
  time.advance(10 * 60 * 1000 + 1);
  await assert.rejects(pair(relay.url, code), refused(/ended after 10 minutes/));
  const next = relay.pairing.newCode();
  for (let guess = 0; guess < 10; guess++) {
    await assert.rejects(pair(relay.url, newPairingCode(random)), refused(/not the code/));
  }
  await assert.rejects(pair(relay.url, next), refused(/too often/), 'the right one comes too late');
  assert.equal(relay.pairing.count, 0);
  await relay.close();
});

test('requests that are none: a status and nothing else; pages may not ask', async () => {
  const relay = await startRelay('three');
  const code = relay.pairing.newCode();
  const post = (body: string, headers = {}) =>
    fetch(`${relay.url}/pair`, { method: 'POST', body, headers }).then((answer) => answer.status);
  for (const body of ['', '{', '[]', '{"version":1}', 'x'.repeat(100_000)]) {
    assert.equal(await post(body), 400, body.slice(0, 20));
  }
  assert.equal(await post('{}', { origin: 'https://evil.example' }), 403);
  assert.equal((await fetch(`${relay.url}/pair`)).status, 404);
  assert.deepEqual(await pair(relay.url, code).then(({ url }) => url), relay.url);
  await relay.close();
});

test('who answers without the code, or with another address, is found out', async () => {
  const relay = await startRelay('four');
  const code = relay.pairing.newCode();
  let change = (answer: Record<string, unknown>) => answer;
  const between = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const answer = await fetch(`${relay.url}/pair`, { method: 'POST', body });
    response.writeHead(answer.status);
    response.end(JSON.stringify(change((await answer.json()) as Record<string, unknown>)));
  });
  await once(between.listen(0, '127.0.0.1'), 'listening');
  const address = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
  const key = newKey();
  assert.ok(await pair(address, code, key), 'untouched it passes');
  const doubts: [typeof change, RegExp][] = [
    [(answer) => ({ ...answer, url: 'https://evil.example' }), /does not know the code/],
    [(answer) => ({ ...answer, relayKey: newKey().publicKey }), /does not know the code/],
    [(answer) => ({ ...answer, proof: '0'.repeat(64) }), /does not know the code/],
    [(answer) => ({ ...answer, signature: '0'.repeat(128) }), /does not know the code/],
    [() => ({ hello: 1 }), /no relay of ours/],
  ];
  for (const [doubt, words] of doubts) {
    change = doubt;
    await assert.rejects(pair(address, code, key), refused(words));
  }
  between.close();
  between.closeAllConnections();
  await relay.close();
  await assert.rejects(pair(relay.url, code), refused(/No relay answers at 127\.0\.0\.1/));
});

test('a studio that is paired takes no other relay at that address', async () => {
  const relay = await startRelay('six');
  const key = newKey();
  const { relayKey } = await pair(relay.url, relay.pairing.newCode(), key);
  const connect = (wanted: string) =>
    createStudioSocket({
      ...{ relayUrl: relay.url, relayKey: wanted, random, timers: realTimers },
      key: { ...key, videoClockOffset: 0, audioClockOffset: 0 },
      ledgerIdentity: () => null,
      clock: { nowUs: () => Number(process.hrtime.bigint() / 1000n) },
      logger: silentLogger,
    });
  const right = connect(relayKey);
  await new Promise<void>((done) => right.onRegistered(() => done()));
  right.close();
  const wrong = connect('0'.repeat(64));
  wrong.onRegistered(() => assert.fail('Another relay was taken'));
  await new Promise<void>((done) => {
    wrong.onState(({ code }) => {
      if (code === 'OTHER_RELAY') done();
    });
  });
  assert.match(wrong.state.reason, /pair again/);
  wrong.close();
  await relay.close();
});

test('the code reaches no log', async () => {
  const relay = await startRelay('five');
  const code = relay.pairing.newCode();
  await pair(relay.url, code);
  await relay.close();
  assert.ok(said.length > 0);
  const words = JSON.stringify(said);
  for (const part of [code, code.replaceAll('-', ' ')]) assert.equal(words.includes(part), false);
});

test('addresses as a person types them', () => {
  assert.equal(relayAddressOf(' relay.example.org '), 'https://relay.example.org');
  assert.equal(relayAddressOf('relay.example.org:8443/s/x'), 'https://relay.example.org:8443');
  assert.equal(relayAddressOf('http://relay.example.org'), 'http://relay.example.org');
  assert.equal(relayAddressOf('192.168.1.5:47801'), 'http://192.168.1.5:47801');
  assert.equal(relayAddressOf('[fd00::5]:47801'), 'http://[fd00::5]:47801');
  for (const text of ['', 'ftp://x', 'https://me:secret@x', 'a b', 'https://']) {
    assert.throws(() => relayAddressOf(text), refused(/Type the address/), text);
  }
});

test('what is kept: for this person only, and a damaged file is put aside', () => {
  const data = join(folder, 'kept');
  mkdirSync(data);
  assert.equal(readPairedRelay(data), null);
  const relay = { url: 'https://relay.example.org', relayKey: 'ab'.repeat(32) };
  keepPairedRelay(data, relay);
  assert.deepEqual(readPairedRelay(data), relay);
  assert.equal(statSync(join(data, 'relay.json')).mode & 0o777, 0o600);
  writeFileSync(join(data, 'relay.json'), '{"version":1}');
  assert.equal(readPairedRelay(data), null);
  assert.equal(readFileSync(join(data, 'relay.json.unreadable'), 'utf8'), '{"version":1}');
  keepPairedRelay(data, relay);
  keepPairedRelay(data, null);
  assert.equal(readPairedRelay(data), null);
});
