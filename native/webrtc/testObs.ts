// For tests: a publisher with OBS' habits (plugins/obs-webrtc/whip-output.cpp), on the library that
// OBS uses. Sound is mid 0 with payload type 111, picture mid 1 with 96; the offer goes without a
// candidate and nothing is ever patched; it takes exactly 201 with a Location and exactly 200 for
// DELETE; lost packets are sent again, wishes for a key frame are not heard.

import { randomBytes } from 'node:crypto';
import nodeDataChannel from 'node-datachannel';
import { type MediaClock, realTimers } from '../../core/base/clock.ts';
import {
  type Audio,
  addTrack,
  closePeer,
  openPeer,
  type PeerConnection,
  type Video,
} from './peer.ts';
import { withoutCandidates } from './sdp.ts';
import { OPUS_SILENCE, type TestVideo } from './testVideo.ts';

const AGENT = 'Mozilla/5.0 (OBS-Studio/30.1.2; Linux x86_64; en-US)';
const FRAGMENT_BYTES = 1200;
const NACK_PACKETS = { video: 4000, audio: 512 };
const H264 = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';

export type ObsTarget = { url: string; token: string };

export type TestObs = {
  /** True once packets may be sent. */
  isConnected(): boolean;
  sendPicture(bytes: Uint8Array, timeUs: number): void;
  sendSound(bytes: Uint8Array, timeUs: number): void;
  /** The status of the DELETE. */
  stop(): Promise<number>;
  /** As by kill -9: no DELETE, no goodbye. */
  kill(): void;
};

/** What OBS reports when it is not let in. */
export class ObsNotConnected extends Error {
  readonly status: number;
  constructor(status: number, body: string) {
    super(`The server answered ${status}: ${body}`);
    this.status = status;
  }
}

/** Publishes; rejects with ObsNotConnected for anything but 201 with a Location and a body. */
export async function connectObs(target: ObsTarget): Promise<TestObs> {
  const peer = openPeer('obs', { iceServers: [] });
  const headers = { authorization: `Bearer ${target.token}`, 'user-agent': AGENT };
  try {
    const audio = new nodeDataChannel.Audio('0', 'SendOnly');
    audio.addOpusCodec(111);
    const video = new nodeDataChannel.Video('1', 'SendOnly');
    video.addH264Codec(96, H264);
    const sound = lane(peer, audio, { kind: 'audio', payloadType: 111, rateHz: 48_000 });
    const picture = lane(peer, video, { kind: 'video', payloadType: 96, rateHz: 90_000 });
    peer.setLocalDescription('offer');
    const offer = withoutCandidates(peer.localDescription()?.sdp ?? '');
    const response = await fetch(target.url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/sdp' },
      body: offer,
    });
    const answer = await response.text();
    const location = response.headers.get('location');
    if (response.status !== 201 || !location || !answer) {
      throw new ObsNotConnected(response.status, answer);
    }
    peer.setRemoteDescription(answer, 'answer');
    const sessionUrl = new URL(location, target.url);
    return {
      isConnected: () => sound.track.isOpen() && picture.track.isOpen(),
      sendPicture: picture.send,
      sendSound: sound.send,
      async stop() {
        closePeer(peer);
        return (await fetch(sessionUrl, { method: 'DELETE', headers })).status;
      },
      kill: () => closePeer(peer),
    };
  } catch (error) {
    closePeer(peer);
    throw error;
  }
}

function lane(
  peer: PeerConnection,
  media: Audio | Video,
  of: { kind: 'audio' | 'video'; payloadType: number; rateHz: number },
) {
  const ssrc = randomBytes(4).readUInt32BE() | 1;
  media.addSSRC(ssrc >>> 0, 'obs', 'obsStream', `obsStream-${of.kind}`);
  const track = addTrack(peer, media);
  const { RtpPacketizationConfig, RtpPacketizer, H264RtpPacketizer } = nodeDataChannel;
  const config = new RtpPacketizationConfig(ssrc >>> 0, 'obs', of.payloadType, of.rateHz);
  const packetizer =
    of.kind === 'video'
      ? new H264RtpPacketizer('StartSequence', config, FRAGMENT_BYTES)
      : new RtpPacketizer(config);
  packetizer.addToChain(new nodeDataChannel.RtcpSrReporter(config));
  packetizer.addToChain(new nodeDataChannel.RtcpNackResponder(NACK_PACKETS[of.kind]));
  track.setMediaHandler(packetizer);
  const startTimestamp = config.timestamp;
  const startUs = { value: -1 };
  return {
    track,
    send(bytes: Uint8Array, timeUs: number): void {
      if (startUs.value < 0) startUs.value = timeUs;
      const ticks = Math.round(((timeUs - startUs.value) * of.rateHz) / 1_000_000);
      config.timestamp = (startTimestamp + ticks) >>> 0;
      if (track.isOpen()) track.sendMessageBinary(Buffer.from(bytes));
    },
  };
}

/** Plays a video with sound into a publisher at 30 pictures a second until stopped. */
export function playIntoObs(obs: TestObs, video: TestVideo, clock: MediaClock): () => void {
  let frame = 0;
  const stopPictures = realTimers.every(33, () => {
    const next = video.frames[frame % video.frames.length];
    if (!next || !obs.isConnected()) return;
    frame++;
    obs.sendPicture(next.bytes, clock.nowUs());
  });
  const stopSounds = realTimers.every(20, () => obs.sendSound(OPUS_SILENCE, clock.nowUs()));
  return () => {
    stopPictures();
    stopSounds();
  };
}
