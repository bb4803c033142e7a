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
import { chooseH264, chooseOpus, parseOffer, requireOneOfEach, withoutCandidates } from './sdp.ts';
import { deleteSession, patchAnswer, postOffer } from './whipRequest.ts';

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
  const { timers, random, clock } = options;
  const offering = openPeer('whep-reader', options.peer);
  let peer = offering;
  try {
    let reading = new Reading(clock, read32(random(4), 0) || 1);
    addVideo(offering, reading, { mid: '0', payloadType: VIDEO_PAYLOAD_TYPE, parameters: H264 });
    addSound(offering, { mid: '1', payloadType: AUDIO_PAYLOAD_TYPE });
    offering.setLocalDescription('offer');
    const after = timers.after.bind(timers);
    const offerSdp = await gatheredDescription(offering, after);
    const signal = new AbortController().signal;
    const answer = await postOffer(withoutCandidates(offerSdp), options, signal);
    if (answer.isOffer) {
      closePeer(offering);
      peer = openPeer('whep-reader', options.peer);
      reading = new Reading(clock, read32(random(4), 0) || 1);
      acceptOffer(peer, reading, answer.sdp);
      const own = await gatheredDescription(peer, after);
      await patchAnswer(answer.sessionUrl, own, options);
    } else offering.setRemoteDescription(answer.sdp, 'answer');
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

type Wanted = { mid: string; payloadType: number };

function addVideo(
  peer: PeerConnection,
  reading: Reading,
  { mid, payloadType, parameters }: Wanted & { parameters: string },
): void {
  const media = describeVideo(mid, 'RecvOnly');
  media.addH264Codec(payloadType, parameters);
  reading.read(addTrack(peer, media));
}

function addSound(peer: PeerConnection, { mid, payloadType }: Wanted): void {
  const media = describeAudio(mid, 'RecvOnly');
  media.addOpusCodec(payloadType);
  addTrack(peer, media);
}

/** Throws OfferRefused when the server offers nothing that we can read. */
function acceptOffer(peer: PeerConnection, reading: Reading, sdp: string): void {
  const offer = parseOffer(sdp);
  const { video, audio } = requireOneOfEach(offer);
  if (video) addVideo(peer, reading, { mid: video.mid, ...chooseH264(video) });
  if (audio) addSound(peer, { mid: audio.mid, payloadType: chooseOpus(audio) });
  peer.setRemoteDescription(offer.sdp, 'offer');
}

class Reading {
  pictures = 0;
  lastPacketUs: MediaTimeUs | null = null;
  readonly #clock: MediaClock;
  readonly #ssrc: number;
  #video: Track | null = null;
  #mediaSsrc: number | null = null;
  #highest = 0;

  constructor(clock: MediaClock, ssrc: number) {
    this.#clock = clock;
    this.#ssrc = ssrc;
  }

  read(video: Track): void {
    this.#video = video;
    video.onMessage((packet) => this.#take(packet));
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
    if (this.#video) trySend(this.#video, Buffer.from(packet.buffer));
  }
}
