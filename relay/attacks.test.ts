// Proves that each attack of docs/security-tests.md is refused by the real relay, with its real
// media room, and that none of them leaves an unhandled rejection or slows another viewer. The
// attackers speak raw TCP, HTTP and WebSocket; waiting is for the relay's own answer or goodbye.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ManualTime, realTimers } from '../core/base/clock.ts';
import { HelloSchema } from '../core/wire/gen/facts_pb.js';
import { signText, viewerSigningText } from '../core/wire/signing.ts';
import { createMediaRoom } from './media/mediaRoom.ts';
import type { Relay } from './relay.ts';
import {
  clock,
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestStudio,
  TestViewer,
  temporaryFolder,
} from './testing/harness.ts';
import { rawRequest } from './testing/rawRequest.ts';

const folder = temporaryFolder();
const pageFolder = join(folder, 'page');
const SECRET = 'a file beside the page';
const rejections: unknown[] = [];
process.on('unhandledRejection', (reason) => rejections.push(reason));
let relay: Relay;
let studio: TestStudio;
let registered: Awaited<ReturnType<TestStudio['ready']>>;

before(async () => {
  await mkdir(join(pageFolder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), SECRET);
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><head></head><body>page</body>');
  writeFileSync(join(pageFolder, 'assets', 'a.js'), '1');
  symlinkSync(join(folder, 'secret.txt'), join(pageFolder, 'assets', 'link.txt'));
  relay = await startTestRelay({
    dataFolder: join(folder, 'data'),
    viewerPageFolder: pageFolder,
    createMedia: createMediaRoom,
  });
  studio = new TestStudio(relay.url);
  registered = await studio.ready();
});

after(async () => {
  studio.close();
  await relay.close();
  removeFolder(folder);
  assert.deepEqual(rejections, [], 'no rejection was left unhandled');
});

const whip = (path: string, token: string | null, body = 'v=0\r\n') =>
  fetch(`${relay.url}${path}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/sdp',
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    },
    body,
  });

async function problemOf(response: Response): Promise<{ status: number; detail: string }> {
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
  const problem = (await response.json()) as { status: number; detail: string };
  assert.equal(problem.status, response.status);
  assert.ok(problem.detail.length > 10);
  return problem;
}

test('tokens: none, forged, of another channel, cut, lengthened, ended', async () => {
  const { channelId } = studio;
  const path = `/whip/${channelId}`;
  const other = new TestStudio(relay.url);
  const { whipToken: theirs } = await other.ready();
  const token = registered.whipToken;
  const flipped = `${token[0] === '0' ? '1' : '0'}${token.slice(1)}`;
  const wrong = [null, '', randomHex(32), flipped, token.slice(0, -1), `${token}0`, theirs];
  for (const each of wrong) {
    const { status } = await problemOf(await whip(path, each));
    assert.ok(status === 401 || status === 403, `${each} answered ${status}`);
  }
  assert.notEqual((await whip(path, token)).status, 401, 'the real one is let in');
  other.close();
});

test('tokens: one whose studio is gone ends after its grace', async () => {
  const { PublisherTokens, TOKEN_GRACE_MS } = await import('./publisherTokens.ts');
  const time = new ManualTime();
  const tokens = new PublisherTokens(time, random);
  const token = tokens.issue('c');
  tokens.expire('c');
  time.advance(TOKEN_GRACE_MS - 1);
  assert.ok(tokens.isValid('c', token));
  time.advance(2);
  assert.ok(!tokens.isValid('c', token));
  assert.ok(!tokens.isValidElsewhere('d', token));
});

test('a hello that was recorded is refused on another connection', async () => {
  const first = new TestViewer(relay.url, studio.channelId);
  const { nonce } = await first.take('challenge');
  const replayed = new TestViewer(relay.url, studio.channelId, random(32), first.subject);
  Object.assign(replayed, { key: first.key });
  await replayed.hello({ nonce });
  assert.equal((await replayed.take('refused')).code, 'BAD_SIGNATURE');
  assert.equal((await replayed.closed).code, 4000);
  first.close();
});

test('a studio’s registration that was recorded, or is of another key, is refused', async () => {
  const honest = new TestStudio(relay.url);
  const nonce = await honest.register();
  await honest.take('registered');
  for (const changes of [
    { nonce },
    { secretKey: randomHex(32) },
    { channelId: studio.channelId },
  ]) {
    const thief = new TestStudio(relay.url);
    await thief.register(changes);
    assert.match((await thief.take('refused')).code, /^BAD_(SIGNATURE|CHANNEL)$/);
    await thief.closed;
  }
  honest.close();
});

test('another’s wallet: the subject is the key’s word, the studio hears both and decides', async () => {
  const owner = await new TestViewer(relay.url, studio.channelId).join();
  const heard = await studio.take('viewerJoined', ({ subject }) => subject === owner.subject);
  // A thief may claim the subject, but only with a key of its own: the ledger binds the first.
  const thief = await new TestViewer(relay.url, studio.channelId, random(32), owner.subject).join();
  const claimed = await studio.take('viewerJoined', ({ subject }) => subject === owner.subject);
  assert.notEqual(claimed.publicKey, heard.publicKey);
  assert.equal(claimed.publicKey, thief.key.publicKey);
  // A signature for one subject does not carry another.
  const swapped = new TestViewer(relay.url, studio.channelId);
  const { nonce } = await swapped.take('challenge');
  const text = viewerSigningText(studio.channelId, swapped.subject, nonce);
  swapped.send({
    case: 'hello',
    value: create(HelloSchema, {
      version: 1,
      publicKey: swapped.key.publicKey,
      subject: owner.subject,
      signature: signText(text, swapped.key.secretKey),
    }),
  });
  assert.equal((await swapped.take('refused')).code, 'BAD_SIGNATURE');
  owner.close();
  thief.close();
});

test('another channel’s room: a viewer of one hears and reaches nothing of the other', async () => {
  const other = new TestStudio(relay.url);
  await other.ready();
  const here = await new TestViewer(relay.url, studio.channelId).join();
  const there = await new TestViewer(relay.url, other.channelId).join();
  const joined = await studio.take('viewerJoined', ({ subject }) => subject === here.subject);
  // The other studio names our viewer: it is not in its room.
  const value = { $typeName: 'morphine.facts.v1.Refused', code: 'STOLEN', message: 'x' } as const;
  other.deliver([joined.viewerId], { case: 'refused', value });
  other.deliver([], { case: 'refused', value: { ...value, code: 'OWN' } });
  assert.equal((await there.take('refused')).code, 'OWN');
  const betId = there.bet('m1');
  await other.take('viewerMessage', ({ message }) => message?.message.case === 'bet');
  const leaked = [
    ...here.inbox.all.filter(({ message }) => message.case === 'refused'),
    ...studio.inbox.all.filter(
      ({ message }) =>
        message.case === 'viewerMessage' &&
        message.value.message?.message.case === 'bet' &&
        message.value.message.message.value.betId === betId,
    ),
  ];
  assert.deepEqual(leaked, []);
  // A signature for one channel is none for another.
  const crossing = new TestViewer(relay.url, other.channelId);
  Object.assign(crossing, { channelId: studio.channelId });
  await crossing.hello();
  assert.equal((await crossing.take('refused')).code, 'BAD_SIGNATURE');
  for (const viewer of [here, there]) viewer.close();
  other.close();
});

test('oversized: headers, target, body, frames, names', async () => {
  const { port } = relay;
  const long = await rawRequest(
    port,
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
  );
  assert.match(long, /^HTTP\/1\.1 431 .*problem\+json/s);
  const target = await rawRequest(port, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  assert.match(target, /^HTTP\/1\.1 431 /);
  const many = Array.from({ length: 3_000 }, (_, index) => `X${index}: 1`).join('\r\n');
  assert.match(await rawRequest(port, `GET / HTTP/1.1\r\nHost: x\r\n${many}\r\n\r\n`), / 431 /);
  const path = `/whip/${studio.channelId}`;
  const { status } = await problemOf(await whip(path, registered.whipToken, 'x'.repeat(70_000)));
  assert.equal(status, 413);
  const declared = await rawRequest(
    port,
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n` +
      `Content-Type: application/sdp\r\nAuthorization: Bearer ${registered.whipToken}\r\n\r\n` +
      'x'.repeat(70_000),
  );
  assert.match(declared, /^HTTP\/1\.1 413 /);
  for (const room of ['x', 'a'.repeat(33), 'a'.repeat(5_000), '%00', '../s', 'A'.repeat(32)]) {
    const answer = await fetch(`${relay.url}/whep/${room}`, { method: 'POST', body: '' });
    assert.ok(answer.status >= 400 && answer.status < 500, `${room}: ${answer.status}`);
    await problemOf(answer);
  }
  const viewer = await new TestViewer(relay.url, studio.channelId).join();
  viewer.sendBytes(new Uint8Array(5_000));
  assert.equal((await viewer.closed).code, 1009);
  const text = await new TestViewer(relay.url, studio.channelId).join();
  text.socket.send('text');
  assert.equal((await text.closed).code, 1003);
});

test('no HTTP: nonsense, two lengths, a folded header, another protocol', async () => {
  const { port } = relay;
  const smuggled =
    'POST /whip/x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  for (const bytes of [
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'nonsense\r\n\r\n',
    smuggled,
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\n folded: 1\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]) {
    assert.match(await rawRequest(port, bytes), /^HTTP\/1\.1 400 .*problem\+json/s);
  }
  const connect = await rawRequest(port, 'CONNECT evil:80 HTTP/1.1\r\nHost: evil:80\r\n\r\n');
  assert.doesNotMatch(connect, /^HTTP\/1\.1 2/);
  const absolute = await rawRequest(
    port,
    'GET http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  );
  assert.match(absolute, /^HTTP\/1\.1 404 /);
});

test('path escapes: plain, encoded, doubly encoded, NUL, backslash, a link out of the folder', async () => {
  const paths = [
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    '/%252e%252e%252fsecret.txt',
    '/..%5csecret.txt',
    '/..\\secret.txt',
    '/secret.txt%00.js',
    '/assets/a.js%00',
    '/assets/link.txt',
    '/check/../../secret.txt',
    '/s/../../secret.txt',
    '//etc/passwd',
    '/file:///etc/passwd',
    '/.git/config',
    '/assets/.hidden.js',
  ];
  for (const path of paths) {
    const answer = await rawRequest(
      relay.port,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 40[04] /, path);
    assert.ok(!answer.includes(SECRET) && !answer.includes('root:'), path);
  }
});

test('cross-origin: no cookie, no framing, no script but its own; studios’ door shut to pages', async () => {
  const page = await fetch(`${relay.url}/s/${studio.channelId}`);
  const policy = page.headers.get('content-security-policy') ?? '';
  assert.match(policy, /script-src 'self';/);
  assert.doesNotMatch(policy, /script-src[^;]*unsafe/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(page.headers.get('set-cookie'), null);
  assert.equal(page.headers.get('access-control-allow-origin'), null);
  const upgrade = (path: string, origin: string) =>
    rawRequest(
      relay.port,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\n` +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
  assert.match(await upgrade('/studio', 'https://evil.example'), /^HTTP\/1\.1 403 .*problem/s);
  assert.match(await upgrade('/facts/x', 'https://evil.example'), /^HTTP\/1\.1 404 /);
});

test('cross-origin: with a list of origins nobody else’s page is served', async () => {
  const named = await startTestRelay({
    dataFolder: join(folder, 'named'),
    createMedia: createMediaRoom,
    allowedOrigins: ['https://friend.example'],
  });
  const owner = new TestStudio(named.url);
  await owner.ready();
  const ask = (origin: string) =>
    fetch(`${named.url}/whep/${owner.channelId}`, { method: 'OPTIONS', headers: { origin } });
  const friend = await ask('https://friend.example');
  assert.equal(friend.headers.get('access-control-allow-origin'), 'https://friend.example');
  assert.equal((await ask('https://evil.example')).status, 403);
  const upgrade = await rawRequest(
    named.port,
    `GET /facts/${owner.channelId} HTTP/1.1\r\nHost: x\r\nOrigin: null\r\nConnection: Upgrade\r\n` +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  assert.match(upgrade, /^HTTP\/1\.1 403 /);
  owner.close();
  await named.close();
});

test('floods from one address: every verb is answered 429 with Retry-After', async () => {
  const strict = await startTestRelay({
    dataFolder: join(folder, 'strict'),
    createMedia: createMediaRoom,
    isThisMachineLimited: true,
  });
  const owner = new TestStudio(strict.url);
  await owner.ready();
  const media = `/whep/${owner.channelId}`;
  const floods: [string, string, number][] = [
    ['GET', `/receipt/${owner.channelId}/1/${'a'.repeat(64)}`, 100],
    ['POST', media, 300],
    ['PATCH', `${media}/x`, 600],
    ['DELETE', `${media}/x`, 600],
    ['OPTIONS', media, 600],
    ['GET', '/nothing', 800],
  ];
  for (const [method, path, times] of floods) {
    // One connection carries them one behind the other, as fast as the relay answers.
    const request = `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n`;
    const flood = `${`${request}\r\n`.repeat(times)}${request}Connection: close\r\n\r\n`;
    const answers = (await rawRequest(strict.port, flood)).split(/(?=HTTP\/1\.1 \d{3} )/);
    const limited = answers.filter((answer) => answer.startsWith('HTTP/1.1 429 '));
    assert.ok(limited.length > 0, `${method} ${path} is limited`);
    assert.ok(answers.length > limited.length, `${method} ${path} was answered before`);
    for (const answer of limited) {
      assert.match(answer, /retry-after: [1-9]/i);
      assert.match(answer, /application\/problem\+json/i);
    }
  }
  const upgrade =
    `GET /facts/${owner.channelId} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n` +
    'Upgrade: websocket\r\nSec-WebSocket-Version: 12\r\n\r\n';
  const upgrades = Array.from({ length: 300 }, () => rawRequest(strict.port, upgrade));
  const refused = (await Promise.all(upgrades)).filter((answer) => answer.includes(' 429 '));
  assert.ok(refused.length > 0, 'upgrades are limited');
  for (const answer of refused) assert.match(answer, /problem\+json.*Retry-After: \d/s);
  // A client elsewhere is another client, if a proxy on this machine says so.
  const elsewhere = await fetch(`${strict.url}/nothing`, {
    headers: { 'x-forwarded-for': '198.51.100.9, 203.0.113.7' },
  });
  assert.equal(elsewhere.status, 404);
  owner.close();
  await strict.close();
});

test('floods on one connection: told to wait, then closed; bets beyond the limit reach nobody', async () => {
  const flooder = await new TestViewer(relay.url, studio.channelId).join();
  const joined = await studio.take('viewerJoined', ({ subject }) => subject === flooder.subject);
  for (let i = 0; i < 2_000; i++) flooder.bet('m1', 1);
  assert.equal((await flooder.take('refused')).code, 'FLOOD');
  await flooder.closed;
  await studio.take('viewerLeft', ({ viewerId }) => viewerId === joined.viewerId);
  const reached = studio.inbox.all.filter(
    ({ message }) => message.case === 'viewerMessage' && message.value.viewerId === joined.viewerId,
  );
  assert.ok(reached.length < 100, `${reached.length} of 2000 reached the studio`);
  const limited = flooder.inbox.all.filter(
    ({ message }) => message.case === 'betReply' && message.value.code === 'RATE_LIMITED',
  );
  assert.ok(limited.length > 0);
});

test('slow senders: headers, body and hello that never end are ended by the relay', async () => {
  const drip = async (start: string): Promise<string> => {
    const socket = createConnection({ port: relay.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    let heard = '';
    socket.on('data', (part) => {
      heard += part;
    });
    socket.write(start);
    const cancel = realTimers.every(500, () => socket.write('a'));
    await once(socket, 'close');
    cancel();
    return heard;
  };
  const [headers, body] = await Promise.all([
    drip('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '),
    drip(
      `POST /whep/${studio.channelId} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n` +
        'Content-Type: application/sdp\r\n\r\n',
    ),
    silentSocket(),
  ]);
  assert.match(headers, /^HTTP\/1\.1 408 /);
  assert.match(body, /^(HTTP\/1\.1 408 |$)/);
});

/** A viewer that never says hello. */
async function silentSocket(): Promise<void> {
  const silent = new TestViewer(relay.url, studio.channelId);
  assert.equal((await silent.take('refused')).code, 'TOO_SLOW');
  assert.equal((await silent.closed).code, 4000);
}

test('one bad viewer does not slow another', async (context) => {
  const good = await new TestViewer(relay.url, studio.channelId).join();
  const roundTrips = async (): Promise<number> => {
    const tripsUs: number[] = [];
    for (let i = 0; i < 25; i++) {
      const sentUs = clock.nowUs();
      good.send({ case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs: i } });
      await good.take('pong');
      tripsUs.push(clock.nowUs() - sentUs);
      await new Promise<void>((go) => realTimers.after(110, go));
    }
    return tripsUs.sort((a, b) => a - b)[12] ?? 0;
  };
  const alone = await roundTrips();
  let isOver = false;
  const bad = async () => {
    while (!isOver) {
      const viewer = await new TestViewer(relay.url, studio.channelId).join();
      for (let i = 0; i < 100; i++) viewer.sendBytes(random(200));
      await viewer.closed;
    }
  };
  const others: Socket[] = [];
  for (let i = 0; i < 50; i++) {
    const socket = createConnection({ port: relay.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nX: ');
    others.push(socket);
  }
  const attack = bad();
  const beside = await roundTrips();
  isOver = true;
  await attack;
  for (const socket of others) socket.destroy();
  context.diagnostic(`median round trip alone ${alone} µs, beside an attacker ${beside} µs`);
  assert.ok(beside < alone * 20 + 50_000, `${beside} µs beside, ${alone} µs alone`);
  good.close();
});

test('rooms and memory: what strangers open is forgotten again', async () => {
  const figures = async () => {
    const text = await (await fetch(relay.metricsUrl)).text();
    return Number(/morphine_relay_open\{of="channels"\} (\d+)/.exec(text)?.[1]);
  };
  const known = await figures();
  for (let i = 0; i < 200; i++) {
    const stranger = new TestViewer(relay.url, randomHex(16));
    await stranger.hello();
    assert.equal((await stranger.take('refused')).code, 'UNKNOWN_CHANNEL');
  }
  assert.equal(await figures(), known, 'a viewer opens no room');
});
