// Proves how the WHIP client treats servers: it follows 307 without taking the token to another
// origin, understands refusals by class, waits as told, backs off, and ends its session. The
// servers are functions in the place of fetch; time moves only when told where that matters.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { ManualTime, realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { createFanOut } from './fanOut.ts';
import { openPeerCount } from './peer.ts';
import { createWhipClient } from './whipClient.ts';
import { deleteSession, postOffer, WhipRefusal } from './whipRequest.ts';

after(() => setImmediate(() => process.exit()));

type Call = { method: string; url: string; token: string | null; body: string };

function server(answer: (call: Call, count: number) => Response) {
  const calls: Call[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers ?? {});
    const call = {
      method: init?.method ?? 'GET',
      url: String(input),
      token: headers.get('authorization'),
      body: String(init?.body ?? ''),
    };
    calls.push(call);
    return answer(call, calls.length);
  };
  return { calls, fetch };
}

const answerSdp = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n';
const created = (location: string) =>
  new Response(answerSdp, { status: 201, headers: { location } });
const signal = new AbortController().signal;

function target(fetch: typeof globalThis.fetch, url = 'http://a.test/whip/x?k=1') {
  return { url, token: 'hush-9', fetch, timers: realTimers };
}

test('307 is followed with the offer, but the token stays with its origin', async () => {
  const { calls, fetch } = server((_call, count) => {
    if (count === 1) return new Response('', { status: 307, headers: { location: '/other' } });
    if (count === 2) {
      return new Response('', { status: 307, headers: { location: 'http://b.test/w/x' } });
    }
    return created('../s/1');
  });
  const answer = await postOffer('offer', target(fetch), signal);
  assert.equal(answer.sessionUrl, 'http://b.test/s/1');
  assert.deepEqual(
    calls.map(({ url, token, body }) => [url, token, body]),
    [
      ['http://a.test/whip/x?k=1', 'Bearer hush-9', 'offer'],
      ['http://a.test/other', 'Bearer hush-9', 'offer'],
      ['http://b.test/w/x', null, 'offer'],
    ],
  );
});

test('refusals are sentences without the token, with the time to wait', async () => {
  const problem = JSON.stringify({ title: 'Busy', detail: 'Try later.' });
  const rows: [Response, RegExp, number | null][] = [
    [new Response('', { status: 401 }), /does not accept/, null],
    [
      new Response(problem, { status: 503, headers: { 'retry-after': '3' } }),
      /Busy. Try later/,
      3000,
    ],
    [
      new Response('', {
        status: 599,
        headers: {
          date: 'Thu, 01 Jan 2026 00:00:00 GMT',
          'retry-after': 'Thu, 01 Jan 2026 00:00:04 GMT',
        },
      }),
      /HTTP 599/,
      4000,
    ],
    [new Response(answerSdp, { status: 201 }), /without the address/, null],
    [new Response('', { status: 201, headers: { location: '/s' } }), /usable description/, null],
    [new Response('', { status: 302, headers: { location: '/s' } }), /HTTP 302/, null],
    [new Response('', { status: 307 }), /without an address/, null],
    [new Response('', { status: 307, headers: { location: 'file:///x' } }), /not HTTP/, null],
  ];
  for (const [response, expected, waitMs] of rows) {
    const { fetch } = server(() => response);
    await assert.rejects(postOffer('offer', target(fetch), signal), (error: unknown) => {
      assert.ok(error instanceof WhipRefusal);
      assert.match(error.message, expected);
      assert.ok(!error.message.includes('hush-9'));
      assert.equal(error.retryAfterMs, waitMs);
      return true;
    });
  }
  const { fetch, calls } = server(
    () => new Response('', { status: 307, headers: { location: '/again' } }),
  );
  await assert.rejects(postOffer('offer', target(fetch), signal), /more than 5 times/);
  assert.equal(calls.length, 6);
});

test('DELETE carries the token and never throws', async () => {
  const { fetch, calls } = server(() => {
    throw new Error('gone');
  });
  await deleteSession('http://a.test/s/1', target(fetch));
  assert.deepEqual(
    calls.map(({ method, token }) => [method, token]),
    [['DELETE', 'Bearer hush-9']],
  );
});

test('it tries again after 250 ms up to 5 s and leaves no connection', async () => {
  const time = new ManualTime();
  const random = (length: number) => randomBytes(length);
  const fanOut = createFanOut({
    owner: 'test',
    clock: time,
    timers: time,
    random,
    logger: silentLogger,
    onKeyFrameRequest: () => {},
  });
  const { fetch, calls } = server(() => {
    throw new Error('connection refused');
  });
  const states: string[] = [];
  const before = openPeerCount();
  const client = createWhipClient({
    url: 'http://a.test/whip/x',
    token: null,
    fanOut,
    peer: { iceServers: [], bindAddress: '127.0.0.1' },
    fetch,
    timers: time,
    random,
    logger: silentLogger,
    onState: (state, reason) => states.push(reason ? `${state}: ${reason}` : state),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  for (const waitMs of [250, 375, 562.5, 843.75, 1265.625, 1898.4375, 2847.65625, 4271.484, 5000]) {
    await settle();
    const count = calls.length;
    time.advance(waitMs - 1);
    await settle();
    assert.equal(calls.length, count, `nothing before ${waitMs} ms`);
    time.advance(2);
    await settle();
    assert.equal(calls.length, count + 1, `again after ${waitMs} ms`);
  }
  assert.deepEqual(states.slice(0, 3), [
    'connecting',
    'waiting: The relay cannot be reached.',
    'connecting',
  ]);
  assert.ok(calls.every(({ token, body }) => token === null && !body.includes('a=candidate')));
  await client.close();
  assert.equal(client.state(), 'closed');
  assert.equal(openPeerCount(), before);
  assert.equal(fanOut.viewerCount(), 0);
});
