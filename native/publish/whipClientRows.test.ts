// Proves the client's rows of docs/whip-whep.md with a real publisher: what it sends, what it makes
// of bad answers, how it leaves. Servers are functions in the place of fetch; time moves only when
// told. Redirects, refusals and back-off are proved in native/webrtc/whipClient.test.ts.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { after, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { openPeerCount } from '../webrtc/peer.ts';
import { until } from '../webrtc/testVideo.ts';
import { answerWhip, type WhipSession } from '../webrtc/whip.ts';
import { createPublisher } from './publisher.ts';

after(() => setImmediate(() => process.exit()));

type Call = { method: string; url: string; token: string | null; body: string };

const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

function setUp(token: string | null, answer: (call: Call) => Response | Promise<Response>) {
  const time = new ManualTime();
  const calls: Call[] = [];
  const states: string[] = [];
  const publisher = createPublisher({
    clock: time,
    timers: time,
    random: (length) => randomBytes(length),
    logger: silentLogger,
    peer: { iceServers: [], bindAddress: '127.0.0.1' },
    requestKeyFrame: () => {},
    onUplinkState: (state, reason) => states.push(reason ? `${state}: ${reason}` : state),
    fetch: async (input, init) => {
      const call: Call = {
        method: init?.method ?? 'GET',
        url: String(input),
        token: new Headers(init?.headers ?? {}).get('authorization'),
        body: typeof init?.body === 'string' ? init.body : '',
      };
      calls.push(call);
      const hung = new Promise<never>((_, fail) => {
        init?.signal?.addEventListener('abort', () => fail(new Error('aborted')));
      });
      return Promise.race([answer(call), hung]);
    },
  });
  publisher.startUplink({ url: 'http://a.test/whip/x?key=1', token });
  return { time, calls, states, publisher };
}

const broken = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n';
const created = (location: string) => new Response(broken, { status: 201, headers: { location } });

test('rows 10, 46: the offer is one bundle, RTCP has no port, and no candidate is awaited', async () => {
  const { calls, publisher } = setUp(null, () => new Response('', { status: 500 }));
  await settle();
  const lines = (calls[0]?.body ?? '').split('\r\n');
  assert.ok(lines.includes('a=group:BUNDLE 0 1'));
  for (const line of ['a=rtcp-mux', 'a=rtcp-mux-only', 'a=sendonly']) {
    assert.equal(lines.filter((each) => each === line).length, 2, line);
  }
  assert.ok(!lines.some((line) => line.startsWith('a=candidate')));
  assert.ok(
    calls.every(({ method }) => method !== 'PATCH'),
    'what is not awaited is not sent',
  );
  const streams = lines.filter((line) => line.startsWith('a=msid:'));
  assert.equal(new Set(streams.map((line) => line.split(' ')[0])).size, 1, 'one MediaStream');
  await publisher.close();
});

test('row 47: the token goes with POST and DELETE; without one there is no header', async () => {
  for (const token of ['hush-3', null]) {
    const { calls, publisher } = setUp(token, ({ method }) =>
      method === 'POST' ? created('/s/1') : new Response('', { status: 200 }),
    );
    await settle();
    await publisher.close();
    assert.deepEqual(
      calls.map(({ method, token: sent }) => [method, sent]),
      ['POST', 'DELETE'].map((method) => [method, token === null ? null : `Bearer ${token}`]),
    );
  }
});

test('row 44: the session’s address keeps its query', async () => {
  const { calls, publisher } = setUp(null, ({ method }) =>
    method === 'POST' ? created('s/1?node=7') : new Response(null, { status: 204 }),
  );
  await settle();
  await publisher.close();
  assert.equal(calls.at(-1)?.url, 'http://a.test/whip/s/1?node=7');
});

test('row 50: an answer that cannot be used ends in a sentence, a DELETE and another try', async () => {
  const before = openPeerCount();
  const { time, calls, states, publisher } = setUp(null, ({ method }) =>
    method === 'POST' ? created('/s/1') : new Response('', { status: 404 }),
  );
  await settle();
  assert.match(states.at(-1) ?? '', /^waiting: The relay answered with a description/);
  assert.equal(openPeerCount(), before, 'nothing is left open');
  assert.deepEqual(
    calls.map(({ method }) => method),
    ['POST', 'DELETE'],
  );
  time.advance(251);
  await settle();
  assert.equal(calls.filter(({ method }) => method === 'POST').length, 2);
  await publisher.close();
});

test('row 48: stopping waits 2 s for a server that says nothing, not longer', async () => {
  const sessions: WhipSession[] = [];
  const own = new ManualTime();
  const { time, calls, publisher } = setUp('hush-3', async ({ method, body }) => {
    if (method === 'DELETE') return new Promise<never>(() => {});
    const session = await answerWhip(body, {
      ...{ peer: { iceServers: [], bindAddress: '127.0.0.1' }, clock: own, timers: own },
      ...{ random: (length) => randomBytes(length), logger: silentLogger },
      ...{ onPacket: () => {}, onSenderReport: () => {}, onState: () => {} },
    });
    sessions.push(session);
    return new Response(session.answerSdp, { status: 201, headers: { location: '/s/9' } });
  });
  await until('an answer', () => sessions.length === 1);
  await settle();
  let isStopped = false;
  const stopped = publisher.close().then(() => {
    isStopped = true;
  });
  await until('the DELETE', () => calls.at(-1)?.method === 'DELETE');
  assert.equal(calls.at(-1)?.url, 'http://a.test/s/9');
  time.advance(1_900);
  await settle();
  assert.ok(!isStopped, 'it waits for the answer');
  time.advance(200);
  await stopped;
  for (const session of sessions) session.close();
});

test('row 49: STUN and TURN servers of an answer are asked by the next connection', async () => {
  const server = createSocket('udp4');
  /** STUN message types (RFC 8489 section 5): 1 is a binding request, 3 a TURN allocation. */
  const asked = new Set<number>();
  server.on('message', (bytes) => asked.add(bytes.readUInt16BE(0)));
  await new Promise<void>((bound) => server.bind(0, '127.0.0.1', bound));
  const { port } = server.address();
  const link =
    `<stun:127.0.0.1:${port}>; rel="ice-server", <turns:127.0.0.1:1>; rel="ice-server"; ` +
    `username="x"; credential="y", <turn:127.0.0.1:${port}?transport=udp>; rel="ice-server"; ` +
    'username="17:a@b"; credential="p/w+="; credential-type="password"';
  const headers = { location: '/whip/x/1', link };
  const { time, calls, publisher } = setUp(
    null,
    () => new Response(answerTo, { status: 201, headers }),
  );
  await settle();
  assert.equal(calls.length, 1);
  assert.equal(asked.size, 0, 'the first connection knows none');
  time.advance(8_000);
  await settle();
  time.advance(5_000);
  await until('both servers to be asked', () => asked.has(1) && asked.has(3));
  assert.equal(calls.filter(({ method }) => method === 'POST').length, 2);
  await publisher.close();
  server.close();
});

/** An answer that reads well, of a server that nobody reaches. */
const answerTo = [
  ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0 1'],
  ...['m=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=recvonly'],
  ...['a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx', 'a=setup:passive'],
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
  ...['a=rtcp-mux', 'a=rtpmap:96 H264/90000'],
  ...['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'c=IN IP4 0.0.0.0', 'a=mid:1', 'a=recvonly'],
  ...['a=rtcp-mux', 'a=rtpmap:111 opus/48000/2', ''],
].join('\r\n');
