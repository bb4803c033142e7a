// Proves how a relay makes itself reachable: ICE servers as a person writes them and as clients are
// told of them, timed TURN credentials that only the shared secret makes, and settings that are
// refused with a sentence. Ports are taken for real.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { BadRelaySetting } from './badRelaySetting.ts';
import { readIceServers } from './iceServers.ts';
import { openReach, type ReachOptions } from './reach.ts';
import { random } from './testing/harness.ts';

const around = { turnSecret: null, wallMs: () => 1_000_000_000_000, random };
const options: ReachOptions = {
  ...around,
  host: '127.0.0.1',
  publicUrl: null,
  udpPort: null,
  announce: [],
  iceServers: [],
};

const refusedAs = (setting: string, words: RegExp) => (error: unknown) =>
  error instanceof BadRelaySetting && error.setting === setting && words.test(error.message);

test('ICE servers: clients get URL and password apart, the relay as the library takes it', () => {
  const read = readIceServers(
    ['stun:a.example:3478', 'turn:me:pass@b.example:3478', 'turns:me:pass@[2001:db8::7]'],
    around,
  );
  assert.deepEqual(read.links(), [
    { url: 'stun:a.example:3478' },
    { url: 'turn:b.example:3478', username: 'me', credential: 'pass' },
    { url: 'turns:[2001:db8::7]', username: 'me', credential: 'pass' },
  ]);
  assert.deepEqual(read.own, ['stun:a.example:3478', 'turn:me:pass@b.example:3478']);
});

test('ICE servers that are none are refused without their password', () => {
  const wrong = [
    'http://x',
    'turn:',
    'turn:me:secret-word@',
    'turn:me:secret-word@h:0',
    'turn:me:secret-word@h:99999',
    'turn:me:secret-word@h?transport=sctp',
    'stun:me:secret-word@h',
    'turn:me:secret-word@h\r\nx: y',
    'turn:me:secret-word@h> ; rel=x',
  ];
  for (const text of wrong) {
    assert.throws(
      () => readIceServers([text], around),
      (error) => refusedAs('iceServers', /turn:USER/)(error) && !/secret-word/.test(String(error)),
      text,
    );
  }
});

test('timed credentials: fresh for each client, made from the secret, not told to the relay', () => {
  const secret = 'north wind';
  const urls = ['turn:t.example:3478', 'turn:t.example:3478?transport=tcp'];
  const read = readIceServers(urls, { ...around, turnSecret: secret });
  const [udp, tcp] = read.links();
  assert.equal(udp?.url, urls[0]);
  assert.equal(tcp?.url, urls[1]);
  const { username = '', credential } = udp ?? {};
  assert.match(username, /^1000021600:[0-9a-f]{16}$/);
  assert.equal(credential, createHmac('sha1', secret).update(username).digest('base64'));
  assert.notEqual(read.links()[0]?.username, username);
  assert.deepEqual(read.own, []);
  assert.throws(
    () => readIceServers(urls, around),
    refusedAs('iceServers', /MORPHINE_TURN_SECRET/),
  );
});

test('one UDP port, taken now or refused now', async () => {
  const taken = createSocket('udp4').bind(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address();
  await assert.rejects(
    openReach({ ...options, udpPort: port }),
    refusedAs('udpPort', new RegExp(`^${port} is in use`)),
  );
  taken.close();
  await once(taken, 'close');
  const { peer } = await openReach({ ...options, udpPort: port });
  assert.deepEqual(peer.portRange, { first: port, last: port });
  assert.equal(peer.udpMux, true);
});

test('announced addresses are addresses, and need nobody to be asked', async () => {
  for (const address of ['relay.example', '', '0.0.0.0', '::', '203.0.113.7:5']) {
    const refused = openReach({ ...options, announce: [address] });
    await assert.rejects(refused, refusedAs('announce', /takes the IP address/), address);
  }
  const iceServers = ['stun:a.example:3478'];
  const { peer } = await openReach({ ...options, iceServers, announce: ['203.0.113.7'] });
  assert.deepEqual(peer.announceAddresses, ['203.0.113.7']);
  assert.deepEqual(peer.iceServers, []);
  assert.deepEqual((await openReach({ ...options, iceServers })).peer.iceServers, iceServers);
});

test('media stay on the address of HTTP, unless others come past a proxy on this machine', async () => {
  const bound = async (changes: Partial<ReachOptions>) =>
    (await openReach({ ...options, ...changes })).peer.bindAddress ?? 'any';
  assert.equal(await bound({}), '127.0.0.1');
  assert.equal(await bound({ publicUrl: 'http://127.0.0.1:5' }), '127.0.0.1');
  assert.equal(await bound({ publicUrl: 'https://live.example' }), 'any');
  assert.equal(await bound({ announce: ['203.0.113.7'] }), 'any');
  assert.equal(await bound({ host: '0.0.0.0' }), 'any');
  assert.equal(await bound({ host: '192.0.2.5', publicUrl: 'https://live.example' }), '192.0.2.5');
});
