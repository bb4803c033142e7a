// A studio for the load bench: real H.264 at 2.5 Mbit/s, 30 pictures a second, key frames of at most
// four pictures' bits, and sound. The same packets go to the relay by WHIP or to the peer as plain
// RTP; one reader may watch here directly. It encodes once, before anything is measured.

import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { packetizeAccessUnit } from '../../core/media/h264Rtp.ts';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../../core/media/rtp.ts';
import { createPublisher } from '../../native/publish/publisher.ts';
import { makeTestVideo, playTestVideo, testClock } from '../../native/webrtc/testVideo.ts';
import type { SourceStats, ToSource } from './messages.ts';

const [bindAddress = '127.0.0.1'] = process.argv.slice(2);
const KILOBITS = 2500;
const FRAMES = 150;
/** Opus of 96 kbit/s in packets of 20 ms. */
const SOUND_BYTES = 240;

const made = makeTestVideo({ frames: FRAMES, size: '1280x720', kilobits: KILOBITS });
if (typeof made === 'string') throw new Error(made);
const video = made;
const peer = { iceServers: [], bindAddress };
let keyFrameRequests = 0;
const publisher = createPublisher({
  clock: testClock,
  timers: realTimers,
  random: (length) => randomBytes(length),
  logger: silentLogger,
  fetch,
  peer,
  previewPeer: peer,
  requestKeyFrame: () => keyFrameRequests++,
});
const socket = createSocket('udp4');
let plain: { host: string; videoPort: number; audioPort: number } | undefined;
const sequences = { video: 0, audio: 0 };

playTestVideo(video, testClock, (made) => {
  const unit = made.track === 'audio' ? { ...made, bytes: new Uint8Array(SOUND_BYTES) } : made;
  publisher.push(unit);
  if (plain) sendPlain(unit, plain);
});

function sendPlain(unit: Unit, to: { host: string; videoPort: number; audioPort: number }): void {
  if (unit.track === 'audio') {
    const packet = new Uint8Array(RTP_HEADER_LENGTH + unit.bytes.length);
    const sequence = sequences.audio++ & 0xffff;
    const timestamp = unit.rtpTimestamp;
    writeRtpHeader(packet, 0, { payloadType: 111, marker: false, sequence, timestamp, ssrc: 2 });
    packet.set(unit.bytes, RTP_HEADER_LENGTH);
    socket.send(packet, to.audioPort, to.host);
    return;
  }
  const stream = { payloadType: 96, ssrc: 1, sequence: sequences.video & 0xffff };
  const packets = packetizeAccessUnit(unit.bytes, { ...stream, timestamp: unit.rtpTimestamp });
  sequences.video += packets.length;
  for (const packet of packets) socket.send(packet, to.videoPort, to.host);
}

const server = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  if (request.method !== 'POST') {
    response.writeHead(200).end();
    return;
  }
  const answer = await publisher.watchPreview(Buffer.concat(parts).toString());
  response.writeHead(201, { location: '/direct/1' }).end(answer.answerSdp);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  process.send?.({ ready: `http://127.0.0.1:${port}/direct` });
});

function stats(): SourceStats {
  const sizes = video.frames.map(({ bytes }) => bytes.length);
  const mean = sizes.reduce((total, size) => total + size, 0) / sizes.length;
  const keys = video.frames.filter(({ keyFrame }) => keyFrame).map(({ bytes }) => bytes.length);
  const { uplinkState, kilobitsPerSecond } = publisher.stats();
  const keyFrameShareMax = Math.max(...keys) / mean;
  return { uplink: uplinkState, keyFrameRequests, kilobitsPerSecond, keyFrameShareMax };
}

process.on('message', async (message: ToSource) => {
  if (message.ask === 'publish') publisher.startUplink({ url: message.whipUrl, token: 't' });
  else if (message.ask === 'send') plain = message;
  else if (message.ask === 'stop') {
    plain = undefined;
    await publisher.stopUplink();
  }
  process.send?.({ answer: stats() });
});
process.on('disconnect', () => process.exit(0));
