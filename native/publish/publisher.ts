// Feed -> WHIP uplink and local preview. A unit is packetised once into a fan-out; the uplink and
// every preview reader are viewers of it, so all of them start with the cached key frame and have
// their losses answered from one ring. Media may drop and must never wait: `push` never blocks and
// never throws. The preview needs no relay.

import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { LowerLayer, TrackKind, Unit } from '../../core/media/feed.ts';
import { packetizeAccessUnit } from '../../core/media/h264Rtp.ts';
import { ntpOf } from '../../core/media/rtcp.ts';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../../core/media/rtp.ts';
import { createFanOut, type FanOut, type FanOutCounters } from '../webrtc/fanOut.ts';
import type { PeerOptions } from '../webrtc/peer.ts';
import { answerWhep, type WhepSession } from '../webrtc/whep.ts';
import { createWhipClient, type UplinkState, type WhipClient } from '../webrtc/whipClient.ts';
import type { FrameSealer } from './encryption/frameSealer.ts';
import { SealedWay } from './encryption/sealedWay.ts';
import { LayerLegs } from './layerLegs.ts';
import { createPacketLoss, type PacketLoss } from './packetLoss.ts';

/** Larger access units are faults of a source, not pictures: 4 MiB is 1 s of 32 Mbit/s. */
const UNIT_BYTES_MAX = 4 * 1024 * 1024;

/** Sender reports carry capture time to viewers, whose browsers align sound and picture by it. */
const REPORT_PERIOD_US = 1_000_000;

/** Frame and bit rates are measured over this long. */
const RATE_WINDOW_US = 2_000_000;

/** Packet fields before any viewer's own are written over them. */
const SOURCE = { video: { payloadType: 96, ssrc: 1 }, audio: { payloadType: 111, ssrc: 2 } };

export type PublisherOptions = {
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  fetch: typeof fetch;
  /** How the uplink reaches the relay. */
  peer: PeerOptions;
  /** How preview readers are reached; default: 127.0.0.1 without ICE servers. */
  previewPeer?: PeerOptions;
  /** A reader needs a key frame; at most once per 500 ms. */
  requestKeyFrame(): void;
  onUplinkState?(state: UplinkState, reason: string | null): void;
  /** What the relay reports of the picture, about once a second. */
  onUplinkReport?(report: {
    fractionLost: number;
    roundTripMs: number | null;
    sentBitsPerSecond: number;
  }): void;
};

export type PublisherStats = {
  framesPerSecond: number;
  kilobitsPerSecond: number;
  /** Video units that could not be packetised, or came before the first key frame. */
  framesDropped: number;
  uplinkState: UplinkState;
  uplinkReason: string | null;
  /** Smaller copies that are sent beside the picture. */
  lowerLayers: LowerLayer[];
  previewCount: number;
  fanOut: FanOutCounters;
};

export type Publisher = {
  /** Never waits and never throws on media: a unit that cannot be sent is dropped and counted. */
  push(unit: Unit): void;
  /** Connects (or moves) the uplink; keeps trying until `stopUplink` or `close`. */
  startUplink(target: { url: string; token: string | null }): void;
  stopUplink(): Promise<void>;
  /** Smaller copies that are too much beside a best picture of this rate are left out. */
  limitLayers(bestBitsPerSecond: number): void;
  /**
   * One more WHIP leg of the same encode, to another engine; keeps trying until closed. It takes
   * the sealed show, unless it is for a public place, whose viewers have no key.
   */
  openBranch(target: {
    url: string;
    token: string | null;
    peer: PeerOptions;
    isForPublic?: boolean;
    onState?(state: UplinkState, reason: string | null): void;
  }): WhipClient;
  /** From now on viewers' engines get sealed frames, by this key; null: clear ones again. */
  setSealer(sealer: FrameSealer | null): void;
  /** WHEP by RPC. Throws OfferRefused (native/webrtc/offerRefused.ts). */
  watchPreview(offerSdp: string): Promise<{ sessionId: string; answerSdp: string }>;
  /** False when there is no such session. */
  leavePreview(sessionId: string): boolean;
  /** Analytics for preview readers that opened the data channel `analytics`. */
  sendAnalytics(bytes: Uint8Array): void;
  /** Of all that goes to the relay, so much is thrown away; false while it is already. */
  losePackets: PacketLoss['begin'];
  packetLoss: PacketLoss['view'];
  stats(): PublisherStats;
  close(): Promise<void>;
};

/** Creates a publisher that sends nothing until units are pushed and somebody watches. */
export function createPublisher(options: PublisherOptions): Publisher {
  const fanOut = openFanOut(options, 'publish');
  const outlet = new Outlet(fanOut, options.clock);
  const sealed = new SealedWay(
    () => openFanOut(options, 'publish sealed'),
    (own) => new Outlet(own, options.clock),
  );
  const loss = createPacketLoss(options);
  const legs = new LayerLegs({
    ...options,
    behind: loss.behind,
    openOutlet(own) {
      const clear = new Outlet(own, options.clock);
      return { push: (unit) => clear.push(sealed.sealed(unit)) };
    },
  });
  const previews = new Map<string, WhepSession>();
  const previewPeer = options.previewPeer ?? { iceServers: [], bindAddress: '127.0.0.1' };
  let uplink: WhipClient | undefined;
  let uplinkReason: string | null = null;

  async function stopUplink(): Promise<void> {
    const ended = uplink;
    uplink = undefined;
    uplinkReason = null;
    await Promise.all([ended?.close(), legs.stop()]);
  }

  return {
    push(unit) {
      if (unit.layer) return legs.push(unit.layer, unit);
      outlet.push(unit);
      sealed.push(unit);
    },
    setSealer(sealer) {
      // The layers' rings still hold clear pictures then.
      if (sealed.setSealer(sealer)) legs.begin();
      options.requestKeyFrame();
    },
    limitLayers: (bestBitsPerSecond) => legs.limit(bestBitsPerSecond),
    startUplink(target) {
      void stopUplink();
      const started: WhipClient = createWhipClient({
        ...options,
        ...target,
        fanOut: loss.behind(sealed.fanOut ?? fanOut),
        onReport: ({ fractionLost, roundTripMs }) => {
          const sentBitsPerSecond = outlet.rates().kilobitsPerSecond * 1000;
          options.onUplinkReport?.({ fractionLost, roundTripMs, sentBitsPerSecond });
        },
        onState: (state, reason) => {
          // The first report comes while the client is still being made; a late one from an
          // uplink that was replaced says nothing about the new one.
          if (uplink !== undefined && uplink !== started) return;
          uplinkReason = reason;
          options.onUplinkState?.(state, reason);
        },
      });
      uplink = started;
      legs.start(target);
    },
    stopUplink,
    openBranch({ isForPublic = false, onState = () => {}, ...target }) {
      const own = isForPublic ? fanOut : (sealed.fanOut ?? fanOut);
      return createWhipClient({ ...options, ...target, fanOut: own, onState });
    },
    async watchPreview(offerSdp) {
      const session = await answerWhep(offerSdp, fanOut, {
        ...options,
        peer: previewPeer,
        onClosed: () => previews.delete(session.sessionId),
      });
      previews.set(session.sessionId, session);
      return { sessionId: session.sessionId, answerSdp: session.answerSdp };
    },
    leavePreview(sessionId) {
      const session = previews.get(sessionId);
      session?.close();
      return session !== undefined;
    },
    sendAnalytics: (bytes) => fanOut.sendAnalytics(bytes),
    losePackets: loss.begin,
    packetLoss: loss.view,
    stats: () => ({
      ...outlet.rates(),
      framesDropped: outlet.framesDropped,
      uplinkState: uplink?.state() ?? 'off',
      uplinkReason,
      lowerLayers: legs.sent(),
      previewCount: previews.size,
      fanOut: fanOut.counters(),
    }),
    async close() {
      for (const session of previews.values()) session.close();
      await stopUplink();
      await legs.close();
      sealed.close();
      fanOut.close();
    },
  };
}

function openFanOut(options: PublisherOptions, owner: string): FanOut {
  const { clock, timers, random, logger, requestKeyFrame } = options;
  const onKeyFrameRequest = () => requestKeyFrame();
  return createFanOut({ owner, clock, timers, random, logger, onKeyFrameRequest });
}

/** Units in, packets and sender reports out. */
class Outlet {
  framesDropped = 0;
  readonly #clock: MediaClock;
  readonly #input;
  readonly #sequence: Record<TrackKind, number> = { video: 0, audio: 0 };
  readonly #reportedUs: Partial<Record<TrackKind, MediaTimeUs>> = {};
  #hasKeyFrame = false;
  #window = { startUs: 0, frames: 0, bytes: 0 };
  #rates = { framesPerSecond: 0, kilobitsPerSecond: 0 };

  constructor(fanOut: FanOut, clock: MediaClock) {
    this.#clock = clock;
    this.#input = fanOut.openInput();
    this.#window.startUs = clock.nowUs();
  }

  push(unit: Unit): void {
    if (unit.bytes.length === 0 || unit.bytes.length > UNIT_BYTES_MAX) {
      if (unit.track === 'video') this.framesDropped++;
      return;
    }
    if (unit.track === 'audio') {
      this.#report(unit);
      this.#input.push('audio', this.#audioPacket(unit));
    } else if (!this.#pushVideo(unit)) {
      this.framesDropped++;
      return;
    }
    this.#roll();
    this.#window.bytes += unit.bytes.length;
    if (unit.track === 'video') this.#window.frames++;
  }

  /** Rates of the last whole window; zero once nothing comes any more. */
  rates(): { framesPerSecond: number; kilobitsPerSecond: number } {
    this.#roll();
    return this.#rates;
  }

  #pushVideo(unit: Unit): boolean {
    if (!this.#hasKeyFrame && !unit.keyFrame) return false;
    const stream = {
      ...SOURCE.video,
      sequence: this.#sequence.video,
      timestamp: unit.rtpTimestamp,
    };
    const packets = packetizeAccessUnit(unit.bytes, stream);
    if (packets.length === 0) return false;
    this.#hasKeyFrame = true;
    this.#sequence.video = (this.#sequence.video + packets.length) & 0xffff;
    this.#report(unit);
    for (const packet of packets) this.#input.push('video', packet);
    return true;
  }

  #audioPacket(unit: Unit): Uint8Array {
    const packet = new Uint8Array(RTP_HEADER_LENGTH + unit.bytes.length);
    const sequence = this.#sequence.audio;
    this.#sequence.audio = (sequence + 1) & 0xffff;
    const header = { ...SOURCE.audio, marker: false, sequence, timestamp: unit.rtpTimestamp };
    writeRtpHeader(packet, 0, header);
    packet.set(unit.bytes, RTP_HEADER_LENGTH);
    return packet;
  }

  #report(unit: Unit): void {
    const last = this.#reportedUs[unit.track];
    if (last !== undefined && Math.abs(unit.captureUs - last) < REPORT_PERIOD_US) return;
    this.#reportedUs[unit.track] = unit.captureUs;
    const clock = { ...ntpOf(unit.captureUs), rtpTimestamp: unit.rtpTimestamp };
    this.#input.senderReport(unit.track, clock);
  }

  #roll(): void {
    const nowUs = this.#clock.nowUs();
    const elapsedUs = nowUs - this.#window.startUs;
    if (elapsedUs < RATE_WINDOW_US) return;
    const seconds = elapsedUs / 1_000_000;
    this.#rates = {
      framesPerSecond: this.#window.frames / seconds,
      kilobitsPerSecond: (this.#window.bytes * 8) / 1000 / seconds,
    };
    this.#window = { startUs: nowUs, frames: 0, bytes: 0 };
  }
}
