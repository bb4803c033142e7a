// Proves the HTTP half of WHIP (RFC 9725) and WHEP: statuses, headers, methods, limits. Requests are
// function calls. docs/whip-whep.md names what is proved where.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { ManualTime, realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { createMediaRoom, type MediaRequest, type MediaResponse } from './mediaRoom.ts';

const token = 'a-good-token';
const time = new ManualTime();
let redirectTo: string | null = null;

const room = createMediaRoom({
  clock: time,
  timers: realTimers,
  random: (length) => randomBytes(length),
  logger: silentLogger,
  peer: { iceServers: [], bindAddress: '127.0.0.1', announceAddresses: ['192.0.2.7'] },
  iceServerLinks: () => [
    { url: 'stun:stun.test:3478' },
    { url: 'turn:turn.test:3478?transport=udp', username: 'u"1', credential: 'p' },
  ],
  isKnownChannel: (channel) => channel === 'abc' || channel === 'full',
  isPublisherAllowed: (_channel, given) => given === token,
  redirectViewersTo: () => redirectTo,
  onMediaState: () => {},
  onViewerCount: () => {},
  postsPerMinuteMax: 100_000,
});

after(() => {
  room.close();
  setImmediate(() => process.exit());
});

async function ask(
  method: string,
  path: string,
  body: string | Uint8Array = '',
  headers: MediaRequest['headers'] = {},
): Promise<MediaResponse> {
  const request = { method, path, headers, body, remoteAddress: '192.0.2.1' };
  const response = await room.handle(request);
  assert.ok(response, `${method} ${path} is answered`);
  return response;
}

const sdp = { 'content-type': 'application/sdp' };
const authorised = { ...sdp, authorization: `Bearer ${token}` };
const fingerprint = `a=fingerprint:sha-256 ${new Array(32).fill('AB').join(':')}`;
const ice = ['a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx', fingerprint];

type Section = { kind?: string; mid?: string; direction?: string; extra?: string[]; pt?: number };

function videoSection(section: Section = {}): string[] {
  const { mid = '1', direction = 'sendonly', pt = 96 } = section;
  return [
    `m=video 9 UDP/TLS/RTP/SAVPF ${pt}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    `a=${direction}`,
    'a=rtcp-mux',
    ...(section.extra ?? [
      `a=rtpmap:${pt} H264/90000`,
      `a=fmtp:${pt} profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1`,
    ]),
    'a=ssrc:1234 cname:obs',
    'a=setup:actpass',
    ...ice,
  ];
}

function audioSection(section: Section = {}): string[] {
  const { mid = '0', direction = 'sendonly', pt = 111 } = section;
  return [
    `m=audio 9 UDP/TLS/RTP/SAVPF ${pt}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    `a=${direction}`,
    'a=rtcp-mux',
    ...(section.extra ?? [`a=rtpmap:${pt} opus/48000/2`, `a=fmtp:${pt} minptime=10`]),
    'a=ssrc:5678 cname:obs',
    'a=setup:actpass',
    ...ice,
  ];
}

function offer(...sections: string[][]): string {
  const mids = sections.map((lines) => lines.find((line) => line.startsWith('a=mid:'))?.slice(6));
  const head = [
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${mids.join(' ')}`,
  ];
  return `${[...head, ...sections.flat()].join('\r\n')}\r\n`;
}

/** OBS: audio first, no candidates, payload types 111 and 96. */
const obsOffer = offer(audioSection(), videoSection());
const watchSections = [
  audioSection({ direction: 'recvonly' }),
  videoSection({ direction: 'recvonly' }),
];

test('an OBS offer is answered 201 with everything it needs', async () => {
  const response = await ask('POST', '/whip/abc', obsOffer, {
    ...authorised,
    'content-type': 'application/sdp; charset=utf-8',
  });
  assert.equal(response.status, 201, response.body);
  assert.equal(response.headers['content-type'], 'application/sdp');
  assert.match(String(response.headers.location), /^\/whip\/abc\/[0-9a-f]{32}$/);
  assert.match(String(response.headers.etag), /^"[^"*]+"$/);
  assert.deepEqual(response.headers.link, [
    '<stun:stun.test:3478>; rel="ice-server"',
    '<turn:turn.test:3478?transport=udp>; rel="ice-server"; username="u\\"1"; credential="p"; ' +
      'credential-type="password"',
  ]);
  const lines = response.body.split('\r\n');
  assert.deepEqual(
    lines.filter((line) => line.startsWith('m=')).map((line) => line.split(' ').at(-1)),
    ['111', '96'],
  );
  assert.deepEqual(
    lines.filter((line) => line.startsWith('a=mid:')),
    ['a=mid:0', 'a=mid:1'],
  );
  assert.equal(lines.filter((line) => line === 'a=recvonly').length, 2);
  assert.equal(lines.filter((line) => line === 'a=rtcp-mux').length, 2);
  assert.ok(lines.includes('a=group:BUNDLE 0 1'));
  assert.ok(lines.some((line) => /^a=setup:(active|passive)$/.test(line)));
  assert.ok(lines.some((line) => line.startsWith('a=candidate:') && line.includes('127.0.0.1')));
  assert.ok(lines.some((line) => line.includes('192.0.2.7') && line.endsWith('typ host')));
  assert.ok(lines.includes('a=end-of-candidates'));
  assert.match(response.body, /a=fmtp:96 profile-level-id=42e01f;packetization-mode=1/);
  const again = await ask('POST', '/whip/abc', obsOffer, authorised);
  assert.notEqual(again.headers.location, response.headers.location);
});

test('an offer with setup:active is answered passive', async () => {
  const response = await ask(
    'POST',
    '/whip/abc',
    obsOffer.replaceAll('actpass', 'active'),
    authorised,
  );
  assert.equal(response.status, 201);
  assert.match(response.body, /a=setup:passive/);
});

test('refusals have the right status, and a sentence', async () => {
  const post = (body: string, headers: MediaRequest['headers'] = authorised) =>
    ask('POST', '/whip/abc', body, headers);
  const vp8 = videoSection({ extra: ['a=rtpmap:96 VP8/90000'] });
  const rows: [string, MediaResponse, number][] = [
    ['no token', await post(obsOffer, sdp), 401],
    ['wrong token', await post(obsOffer, { ...sdp, authorization: 'Bearer nope' }), 401],
    ['basic token', await post(obsOffer, { ...sdp, authorization: `Basic ${token}` }), 401],
    ['wrong type', await post(obsOffer, { ...authorised, 'content-type': 'text/plain' }), 415],
    ['no type', await post(obsOffer, { authorization: `Bearer ${token}` }), 415],
    ['empty', await post(''), 400],
    ['no SDP', await post('hello'), 400],
    ['no media', await post('v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n'), 400],
    ['too large', await post('v=0\r\n'.padEnd(65_537, 'x')), 413],
    ['recvonly', await post(offer(...watchSections)), 422],
    ['inactive', await post(offer(videoSection({ direction: 'inactive' }))), 422],
    ['VP8 only', await post(offer(audioSection(), vp8)), 422],
    ['mode 0', await post(obsOffer.replace('packetization-mode=1', 'packetization-mode=0')), 422],
    ['two videos', await post(offer(videoSection(), videoSection({ mid: '2' }))), 422],
    ['same mid', await post(offer(audioSection({ mid: '1' }), videoSection())), 400],
    ['no SSRC', await post(obsOffer.replace(/a=ssrc:1234.*\r\n/, '')), 422],
    ['simulcast', await post(`${obsOffer}a=rid:0 send\r\na=simulcast:send 0;1\r\n`), 422],
    ['no mux', await post(obsOffer.replaceAll('a=rtcp-mux\r\n', '')), 422],
    ['no ufrag', await post(obsOffer.replaceAll(/a=ice-ufrag.*\r\n/g, '')), 400],
    ['no fingerprint', await post(obsOffer.replaceAll(/a=fingerprint.*\r\n/g, '')), 400],
    ['NUL', await post(obsOffer.replace('s=-', 's=\0')), 400],
    ['text media', await post(obsOffer.replace('m=audio', 'm=text')), 422],
    ['unknown channel', await ask('POST', '/whip/nope', obsOffer, authorised), 404],
    ['unknown channel', await ask('POST', '/whep/nope', obsOffer, sdp), 404],
    ['bad path', await ask('POST', '/whip/%00', obsOffer, authorised), 404],
  ];
  for (const [name, response, status] of rows) {
    assert.equal(response.status, status, `${name}: ${response.body}`);
    assert.equal(response.headers['content-type'], 'application/problem+json', name);
    assert.ok(JSON.parse(response.body).detail.length > 10, name);
    assert.ok(!response.body.includes(token), name);
    if (status === 401) assert.match(String(response.headers['www-authenticate']), /^Bearer/);
  }
});

test('methods: preflight without token, discovery, Allow', async () => {
  for (const path of ['/whip/abc', '/whep/abc', '/whip/abc/0', '/whep/abc/0']) {
    const options = await ask('OPTIONS', path, '', { 'access-control-request-method': 'POST' });
    assert.equal(options.status, 200);
    const methods = String(options.headers['access-control-allow-methods']);
    assert.match(methods, path.endsWith('/0') ? /DELETE.*PATCH/ : /POST/);
    assert.match(
      String(options.headers['access-control-allow-headers']),
      /Authorization.*If-Match/,
    );
    assert.equal(options.headers['accept-post'], 'application/sdp');
    assert.equal(options.headers.link, undefined);
    const put = await ask('PUT', path);
    assert.equal(put.status, 405);
    assert.match(String(put.headers.allow), /OPTIONS/);
  }
  const linksOf = async (path: string, headers = {}) =>
    (await ask('OPTIONS', path, '', headers)).headers.link ?? [];
  assert.equal((await linksOf('/whep/abc')).length, 2);
  assert.equal((await linksOf('/whip/abc', authorised)).length, 2);
  assert.equal((await linksOf('/whip/abc')).length, 0, 'only who may publish is told');
  assert.equal((await linksOf('/whep/unknown')).length, 0);
  assert.equal((await ask('GET', '/whip/abc')).status, 204);
  assert.equal((await ask('GET', '/whep/abc')).status, 204);
  const head = await ask('HEAD', '/whep/abc');
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-type'], 'application/sdp');
  assert.equal(head.body, '');
  for (const name of ['Location', 'ETag', 'Link']) {
    assert.ok(String(head.headers['access-control-expose-headers']).includes(name));
  }
  assert.equal(await room.handle({ ...emptyRequest, path: '/other' }), undefined);
});

const emptyRequest = { method: 'GET', path: '/', headers: {}, body: '', remoteAddress: '' };

test('WHIP session: trickle, no restart, DELETE once', async () => {
  const created = await ask('POST', '/whip/abc', obsOffer, authorised);
  const location = String(created.headers.location);
  const fragment = { ...authorised, 'content-type': 'application/trickle-ice-sdpfrag' };
  const trickle =
    'a=ice-ufrag:abcd\r\na=ice-pwd:x\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n' +
    'a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n' +
    'a=candidate:2 1 udp 2122260223 4ab1.local 61764 typ host\r\na=candidate:3 1 tcp junk\r\n';
  const patch = await ask('PATCH', location, trickle, { ...fragment, 'if-match': '"stale"' });
  assert.equal(patch.status, 204);
  assert.equal(patch.body, '');
  assert.equal(patch.headers.etag, undefined);
  const wrongType = { ...authorised, 'content-type': 'text/plain' };
  assert.equal((await ask('PATCH', location, trickle, wrongType)).status, 415);
  assert.equal((await ask('PATCH', location, 'nonsense', fragment)).status, 400);
  const restart = await ask('PATCH', location, trickle.replace('abcd', 'efgh'), {
    ...fragment,
    'if-match': '*',
  });
  assert.equal(restart.status, 422);
  assert.equal((await ask('PATCH', location, trickle, fragment)).status, 204, 'session lives on');
  assert.equal((await ask('GET', location, '', authorised)).status, 204);
  assert.equal((await ask('DELETE', location)).status, 401);
  const id = '0'.repeat(32);
  assert.equal((await ask('DELETE', `/whip/abc/${id}`, '', authorised)).status, 404);
  const deleted = await ask('DELETE', location, '', { ...authorised, 'if-match': '"x"' });
  assert.equal(deleted.status, 200);
  assert.equal((await ask('DELETE', location, '', authorised)).status, 404);
});

test('WHEP: not live is 409 with Retry-After, a hand-over is 307', async () => {
  const notLive = await ask('POST', '/whep/abc', offer(...watchSections), sdp);
  assert.equal(notLive.status, 409);
  assert.ok(Number(notLive.headers['retry-after']) >= 1);
  redirectTo = 'https://elsewhere.test/whep/abc';
  const moved = await ask('POST', '/whep/abc', offer(...watchSections), sdp);
  redirectTo = null;
  assert.equal(moved.status, 307);
  assert.equal(moved.headers.location, 'https://elsewhere.test/whep/abc');
});

test('a flood of POSTs from one address is answered 429', async () => {
  const small = createMediaRoom({
    clock: time,
    timers: realTimers,
    random: (length) => randomBytes(length),
    logger: silentLogger,
    peer: { iceServers: [], bindAddress: '127.0.0.1' },
    isKnownChannel: () => true,
    isPublisherAllowed: () => true,
    onMediaState: () => {},
    onViewerCount: () => {},
    postsPerMinuteMax: 3,
  });
  const post = (remoteAddress: string) =>
    small.handle({ method: 'POST', path: '/whep/x', headers: sdp, body: '', remoteAddress });
  const statuses: (number | undefined)[] = [];
  for (let i = 0; i < 5; i++) statuses.push((await post('192.0.2.9'))?.status);
  assert.deepEqual(statuses, [409, 409, 409, 429, 429]);
  assert.equal((await post('192.0.2.10'))?.status, 409);
  time.advance(61_000);
  assert.equal((await post('192.0.2.9'))?.status, 409);
  small.close();
});

test('PATCH and choice of a session are limited by session, its end is not; POST also by token', async () => {
  const limited = createMediaRoom({
    ...{ clock: time, timers: realTimers, random: (length) => randomBytes(length) },
    ...{ logger: silentLogger, peer: { iceServers: [], bindAddress: '127.0.0.1' } },
    isKnownChannel: () => true,
    isPublisherAllowed: (_channel, given) => given === token,
    ...{ onMediaState: () => {}, onViewerCount: () => {} },
    postsPerMinuteMax: 3,
  });
  let from = 0;
  const askFrom = async (method: string, path: string, body = '', headers = {}) => {
    // Each from another address: what is counted here is not the address.
    const remoteAddress = `198.51.100.${++from % 250}`;
    const response = await limited.handle({ method, path, headers, body, remoteAddress });
    assert.ok(response);
    return response;
  };
  const publish = () =>
    askFrom('POST', '/whip/x', offer(videoSection(), audioSection()), authorised);
  const first = await publish();
  assert.equal(first.status, 201);
  const location = String(first.headers.location);
  const fragment = { ...authorised, 'content-type': 'application/trickle-ice-sdpfrag' };
  const statuses = new Set<number>();
  for (let at = 0; at < 60; at++) {
    statuses.add((await askFrom('PATCH', location, 'nonsense', fragment)).status);
  }
  assert.deepEqual([...statuses], [400, 429]);
  const refused = await askFrom('PATCH', location, 'nonsense', fragment);
  assert.ok(Number(refused.headers['retry-after']) >= 1);
  time.advance(2_000);
  assert.equal((await askFrom('PATCH', location, 'nonsense', fragment)).status, 400);
  for (let at = 0; at < 60; at++) await askFrom('PATCH', location, 'nonsense', fragment);
  assert.equal((await askFrom('DELETE', location, '', authorised)).status, 200);
  const again = [await publish(), await publish(), await publish()].map(({ status }) => status);
  assert.deepEqual(again, [201, 201, 429], 'one token, many addresses');
  limited.close();
});
