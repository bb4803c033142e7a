// Proves that lost packets are repaired on the way from the studio to the relay: every twentieth
// packet of a real WebRTC uplink is not sent, the relay asks for it, the studio's ring answers.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { packetizeAccessUnit } from '../../core/media/h264Rtp.ts';
import { parseRtp } from '../../core/media/rtp.ts';
import { createFanOut } from './fanOut.ts';
import { losing } from './testLoss.ts';
import { makeTestVideo, playTestVideo, testClock, until } from './testVideo.ts';
import { answerWhip, type WhipSession } from './whip.ts';
import { createWhipClient } from './whipClient.ts';

const video = makeTestVideo();
const skip = typeof video === 'string' ? video : false;
after(() => setImmediate(() => process.exit()));

test('five packets of a hundred lost on the uplink, none missing at the relay', {
  skip,
}, async () => {
  if (typeof video === 'string') return;
  const common = {
    timers: realTimers,
    random: (length: number) => randomBytes(length),
    logger: silentLogger,
    peer: { iceServers: [], bindAddress: '127.0.0.1' },
  };
  const inner = createFanOut({
    ...common,
    owner: 'studio',
    clock: testClock,
    onKeyFrameRequest: () => {},
  });
  const loss = losing(inner, 20);
  const input = inner.openInput();
  let sequence = 0;
  const player = playTestVideo(video, testClock, (unit) => {
    if (unit.track === 'audio') return;
    const stream = { payloadType: 96, ssrc: 1, sequence, timestamp: unit.rtpTimestamp };
    const packets = packetizeAccessUnit(unit.bytes, stream);
    sequence = (sequence + packets.length) & 0xffff;
    for (const packet of packets) input.push('video', packet);
  });
  const arrived = new Set<number>();
  let session: WhipSession | undefined;
  const client = createWhipClient({
    ...common,
    url: 'http://relay.test/whip/x',
    token: null,
    fanOut: loss.fanOut,
    fetch: async (_input, init) => {
      if (init?.method !== 'POST') return new Response('');
      session = await answerWhip(String(init.body), {
        ...common,
        clock: testClock,
        onPacket: (_track, packet) => arrived.add(parseRtp(packet)?.sequence ?? -1),
        onSenderReport: () => {},
        onState: () => {},
      });
      return new Response(session.answerSdp, { status: 201, headers: { location: '/s' } });
    },
    onState: () => {},
  });
  // A hole is known once newer packets came, so the show goes on until the repairs are made.
  await until('20 repairs', () => inner.counters().nacksAnswered >= 20);
  player.stop();
  await until('all arrived', () => session?.stats().packetsLost === 0);
  assert.ok(loss.lostCount() >= 20);
  assert.ok((session?.stats().nacksSent ?? 0) >= 20);
  const numbers = [...arrived];
  const span = Math.max(...numbers) - Math.min(...numbers) + 1;
  assert.equal(arrived.size, span, 'no number is missing between the first and the last');
  await client.close();
  session?.close();
});
