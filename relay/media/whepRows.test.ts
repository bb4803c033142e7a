// Proves the viewer's half of docs/whip-whep.md: each test is named by the rows that it proves. A
// real studio publishes; offers are those of Chromium and Firefox, readers are real connections.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { writeKeyFrameRequest } from '../../core/media/rtcp.ts';
import { createFanOut } from '../../native/webrtc/fanOut.ts';
import { openPeerCount } from '../../native/webrtc/peer.ts';
import { openTestReader, type TestReader } from '../../native/webrtc/testReader.ts';
import { makeTestVideo, until } from '../../native/webrtc/testVideo.ts';
import { openTestRoom, openTestStudio, SDP, type TestStudio } from './testing/liveRoom.ts';
import { WATCHERS } from './testing/offers.ts';

const video = makeTestVideo();
const skip = typeof video === 'string' ? video : false;
const live = openTestRoom();
const readers: TestReader[] = [];
let studio: TestStudio | undefined;

before(async () => {
  if (typeof video === 'string') return;
  studio = openTestStudio(video, live);
  await until('live', () => live.room.mediaState('abc') === 'live');
});

after(async () => {
  for (const reader of readers) reader.close();
  await studio?.close();
  live.room.close();
  setImmediate(() => process.exit());
});

const watch = (offer: string) => live.ask('POST', '/whep/abc', offer, SDP);

test('rows 33, 42: browsers’ offers are answered with one stream that is theirs to play', {
  skip,
}, async () => {
  for (const [name, { sdp, playoutDelayId, payloadTypes }] of Object.entries(WATCHERS)) {
    const response = await watch(sdp);
    assert.equal(response.status, 201, `${name}: ${response.body}`);
    assert.match(String(response.headers.etag), /^"[^"]+"$/);
    assert.match(String(response.headers.location), /^\/whep\/abc\/[0-9a-f]{32}$/);
    const lines = response.body.split('\r\n');
    const values = (prefix: string) =>
      lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
    assert.deepEqual(
      values('m=').map((line) => line.split(' ').slice(3).join(' ')),
      payloadTypes,
      name,
    );
    assert.equal(lines.filter((line) => line === 'a=sendonly').length, 2, name);
    // A lost sound comes with the next one, where the publisher's encoder puts it there.
    const opus = /^a=rtpmap:(\d+) opus/m.exec(response.body)?.[1];
    const ofOpus = lines.find((line) => line.startsWith(`a=fmtp:${opus} `)) ?? '';
    assert.match(ofOpus, /useinbandfec=1/, name);
    const streams = values('a=msid:').map((line) => line.split(' ')[0]);
    assert.equal(streams.length, 2, name);
    assert.equal(new Set(streams).size, 1, `${name}: one stream`);
    assert.deepEqual(
      values('a=extmap:'),
      [`${playoutDelayId} http://www.webrtc.org/experiments/rtp-hdrext/playout-delay`],
      `${name}: the viewer’s own identifier`,
    );
    const without = await watch(sdp.replaceAll(/a=extmap:.*playout-delay\r\n/g, ''));
    assert.ok(!without.body.includes('a=extmap'), `${name}: not offered, not answered`);
    const tooLarge = await watch(
      sdp.replaceAll(/a=extmap:.*(?= \S+playout-delay)/g, 'a=extmap:15'),
    );
    assert.equal(tooLarge.status, 201);
    assert.ok(!tooLarge.body.includes('a=extmap'), `${name}: 15 is not an identifier`);
  }
});

test('row 36: what a viewer may offer by direction', { skip }, async () => {
  const rows = { recvonly: 201, sendrecv: 201, sendonly: 422, inactive: 422 };
  for (const [direction, status] of Object.entries(rows)) {
    const offer = WATCHERS.Chromium.sdp.replaceAll('a=recvonly', `a=${direction}`);
    const response = await watch(offer);
    assert.equal(response.status, status, direction);
    if (status === 201) assert.equal(response.body.match(/a=sendonly/g)?.length, 2, direction);
  }
});

test('row 38: picture or sound alone; a viewer without H.264 is told why', { skip }, async () => {
  for (const only of ['video', 'audio'] as const) {
    const reader = await openTestReader({ only });
    readers.push(reader);
    const response = await watch(reader.offerSdp);
    assert.equal(response.status, 201, response.body);
    assert.equal(response.body.match(/^m=/gm)?.length, 1);
    reader.accept(response.body);
    await until(only, () => reader[only].packets > 20);
    assert.equal(reader[only].gaps, 0);
  }
  const before = openPeerCount();
  const without = WATCHERS.Firefox.sdp.replaceAll('H264/90000', 'VP8/90000');
  const refused = await watch(without);
  assert.equal(refused.status, 422);
  assert.match(JSON.parse(refused.body).detail, /H\.264/);
  assert.equal(openPeerCount(), before);
});

test('row 19: a viewer’s DELETE needs no token, ends its packets, and counts once', {
  skip,
}, async () => {
  const reader = await openTestReader();
  readers.push(reader);
  const created = await watch(reader.offerSdp);
  reader.accept(created.body);
  await until('packets', () => reader.video.packets > 10);
  const location = String(created.headers.location);
  assert.equal((await live.ask('DELETE', location)).status, 200);
  assert.equal((await live.ask('DELETE', location)).status, 404);
  assert.equal((await live.ask('PATCH', location)).status, 404);
  // The closing of DTLS may come late, so the proof is another viewer that goes on alone.
  const other = await openTestReader();
  readers.push(other);
  other.accept((await watch(other.offerSdp)).body);
  await until('another viewer', () => other.video.packets > 10);
  const [before, seen] = [reader.video.packets, other.video.packets];
  await until('it goes on', () => other.video.packets > seen + 30);
  assert.equal(reader.video.packets, before);
});

test('row 27: a full relay says 503 and when to come again', { skip }, async () => {
  if (typeof video === 'string') return;
  const small = openTestRoom({ viewersMax: 1 });
  const own = openTestStudio(video, small);
  await until('live', () => small.room.mediaState('abc') === 'live');
  const post = () => small.ask('POST', '/whep/abc', WATCHERS.Chromium.sdp, SDP);
  const statuses = [await post(), await post()].map(({ status }) => status);
  assert.deepEqual(statuses, [201, 503], 'one that is not connected yet counts, too');
  assert.match(String((await post()).headers['retry-after']), /^[1-9]\d*$/);
  await own.close();
  small.room.close();
});

test('row 40: a hundred viewers that ask at once make one request, a second after 500 ms', () => {
  const time = new ManualTime();
  const requests: number[] = [];
  const fanOut = createFanOut({
    owner: 'test',
    clock: time,
    timers: time,
    random: (length) => randomBytes(length),
    logger: silentLogger,
    onKeyFrameRequest: () => requests.push(time.nowUs()),
  });
  const out = { payloadType: 102, ssrc: 77, playoutDelayId: 0, send: () => true };
  const viewers = Array.from({ length: 100 }, () => fanOut.addViewer({ video: out }, () => {}));
  for (const viewer of viewers) viewer.opened('video');
  time.advance(5_000);
  requests.length = 0;
  const startUs = time.nowUs();
  for (const viewer of viewers) viewer.rtcp('video', writeKeyFrameRequest(1, 77));
  for (const viewer of viewers) viewer.rtcp('video', writeKeyFrameRequest(1, 77));
  time.advance(5_000);
  assert.deepEqual(
    requests.map((atUs) => (atUs - startUs) / 1000),
    [0, 500],
  );
  assert.equal(fanOut.counters().keyFrameRequestsIn, 200);
  fanOut.close();
});
