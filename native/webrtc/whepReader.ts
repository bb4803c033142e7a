// Reads a stream by WHEP (draft-ietf-wish-whep) without decoding it: the proof that another engine
// really hands out what we publish to it. It counts pictures, asks for a key frame at the start and
// says when pictures stop. The address may be secret by itself, so it is never logged.

import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import { startsKeyFrame } from '../../core/media/h264Rtp.ts';
import { writeKeyFrameRequest, writeReceiverReport } from '../../core/media/rtcp.ts';
import { isRtcp, parseRtp, read32 } from '../../core/media/rtp.ts';
import {
  addTrack,
  closePeer,
  describeAudio,
  describeVideo,
  gatheredDescription,
  openPeer,
  type PeerConnection,
  type PeerOptions,
  type Track,
  trySend,
} from './peer.ts';
import { withoutCandidates } from './sdp.ts';
import { deleteSession, postOffer } from './whipRequest.ts';

const VIDEO_PAYLOAD_TYPE = 102;
const AUDIO_PAYLOAD_TYPE = 111;
const H264 = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';
const REPORT_PERIOD_MS = 1000;

export type WhepReaderOptions = {
  url: string;
  token: string | null;
  peer: PeerOptions;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  fetch: typeof fetch;
};

export type WhepReader = {
  /** Pictures from the first key frame on. */
  pictureCount(): number;
  /** Media clock of the last packet of video; null before any. */
  lastPacketUs(): MediaTimeUs | null;
  /** Ends the session on the server, too. */
  close(): void;
};

/** Opens a session. Rejects with WhipRefusal, or with what kept the answer away. */
export async function openWhepReader(options: WhepReaderOptions): Promise<WhepReader> {
  const { timers, random } = options;
  const peer = openPeer('whep-reader', options.peer);
  try {
    const reading = new Reading(peer, options.clock, read32(random(4), 0) || 1);
    peer.setLocalDescription('offer');
    const offerSdp = await gatheredDescription(peer, timers.after.bind(timers));
    const signal = new AbortController().signal;
    const answer = await postOffer(withoutCandidates(offerSdp), options, signal);
    peer.setRemoteDescription(answer.sdp, 'answer');
    const stopReports = timers.every(REPORT_PERIOD_MS, () => reading.report());
    return {
      pictureCount: () => reading.pictures,
      lastPacketUs: () => reading.lastPacketUs,
      close() {
        stopReports();
        closePeer(peer);
        void deleteSession(answer.sessionUrl, options);
      },
    };
  } catch (error) {
    closePeer(peer);
    throw error;
  }
}

class Reading {
  pictures = 0;
  lastPacketUs: MediaTimeUs | null = null;
  readonly #clock: MediaClock;
  readonly #ssrc: number;
  readonly #video: Track;
  #mediaSsrc: number | null = null;
  #highest = 0;

  constructor(peer: PeerConnection, clock: MediaClock, ssrc: number) {
    this.#clock = clock;
    this.#ssrc = ssrc;
    const video = describeVideo('0', 'RecvOnly');
    video.addH264Codec(VIDEO_PAYLOAD_TYPE, H264);
    this.#video = addTrack(peer, video);
    const audio = describeAudio('1', 'RecvOnly');
    audio.addOpusCodec(AUDIO_PAYLOAD_TYPE);
    addTrack(peer, audio);
    this.#video.onMessage((packet) => this.#take(packet));
  }

  /** Without reports some engines take a reader for dead. */
  report(): void {
    if (this.#mediaSsrc === null) return;
    if (this.pictures === 0) this.#send(writeKeyFrameRequest(this.#ssrc, this.#mediaSsrc));
    const block = { ssrc: this.#mediaSsrc, fractionLost: 0, cumulativeLost: 0 };
    const rest = { highestSequence: this.#highest, jitter: 0, lastSenderReport: 0 };
    this.#send(writeReceiverReport(this.#ssrc, [{ ...block, ...rest, delaySinceLast: 0 }]));
  }

  #take(packet: Buffer): void {
    if (isRtcp(packet)) return;
    const header = parseRtp(packet);
    if (!header) return;
    this.#mediaSsrc ??= header.ssrc;
    this.#highest = header.sequence;
    this.lastPacketUs = this.#clock.nowUs();
    const isKey = startsKeyFrame(packet, header.payloadStart, header.payloadEnd);
    if (this.pictures === 0 && isKey) this.pictures = 1;
    else if (this.pictures > 0 && header.marker) this.pictures++;
  }

  #send(packet: Uint8Array): void {
    trySend(this.#video, Buffer.from(packet.buffer));
  }
}
