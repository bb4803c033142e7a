// The publishers of one layer: at most one that counts, and perhaps the next one, which takes over
// with its first packet. Viewers notice nothing but the picture.

import type { MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import type { SenderClock } from '../../core/media/rtcp.ts';
import { createFanOut, type FanOut, type FanOutInput } from '../../native/webrtc/fanOut.ts';
import type { PeerOptions } from '../../native/webrtc/peer.ts';
import { answerWhip, type IngestState, type WhipSession } from '../../native/webrtc/whip.ts';
import type { Layer } from './layerViewer.ts';

/** Layers that a publisher may send, best first; each is a WHIP session of its own. */
export const LAYERS = ['high', 'medium', 'low'] as const;
export type LayerId = (typeof LAYERS)[number];

const NO_STATS = {
  ...{ packetsReceived: 0, packetsLost: 0, nacksSent: 0 },
  ...{ keyFrameRequestsSent: 0, bytesReceived: 0 },
};

/** The rate is measured over this long. */
const RATE_WINDOW_US = 1_000_000;

export type LayerSourceOptions = {
  owner: string;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  peer: PeerOptions;
  /** Packets come, stopped coming, or the publisher is gone. */
  onChange(change: 'flowing' | 'stalled' | 'gone'): void;
  onTimestampShift(track: 'video' | 'audio', shift: number): void;
};

/** A publisher that is elsewhere: its packets come by another way than WHIP. */
export type Injection = {
  push(track: TrackKind, packet: Uint8Array): void;
  senderReport(track: TrackKind, clock: SenderClock): void;
  setFlowing(isFlowing: boolean): void;
};

type Publisher = { session: WhipSession | undefined; input: FanOutInput | undefined };

export class LayerSource implements Layer {
  readonly id: LayerId;
  readonly fanOut: FanOut;
  readonly #options: LayerSourceOptions;
  /** Whose packets go to viewers. */
  #current: Publisher | undefined;
  /** Negotiated, but no packet yet: the current one goes on until this one delivers. */
  #next: Publisher | undefined;
  #rate = { sinceUs: 0 as MediaTimeUs, bytes: 0, bitsPerSecond: 0 };

  constructor(id: LayerId, options: LayerSourceOptions) {
    this.id = id;
    this.#options = options;
    this.fanOut = createFanOut({
      owner: options.owner,
      clock: options.clock,
      timers: options.timers,
      random: options.random,
      logger: options.logger,
      onKeyFrameRequest: () => this.#current?.session?.requestKeyFrame(),
      onTimestampShift: (track, shift) => options.onTimestampShift(track, shift),
    });
  }

  get ingest(): WhipSession | undefined {
    return this.#current?.session;
  }

  /** Somebody publishes, or is about to. */
  get isTaken(): boolean {
    return this.#current !== undefined || this.#next !== undefined;
  }

  isFlowing(): boolean {
    return this.#current?.session?.state() === 'flowing';
  }

  bitsPerSecond(): number {
    return this.#rate.bitsPerSecond;
  }

  /** The publisher's session with this id, also while another one still counts. */
  publisher(sessionId: string): WhipSession | undefined {
    for (const each of [this.#current, this.#next]) {
      if (each?.session?.sessionId === sessionId) return each.session;
    }
    return undefined;
  }

  /** Throws OfferRefused. The session counts once its first packet comes. */
  async publish(offerSdp: string, isStillWanted: () => boolean): Promise<WhipSession | null> {
    const { clock, timers, random, logger, peer } = this.#options;
    const publisher: Publisher = { session: undefined, input: undefined };
    const session = await answerWhip(offerSdp, {
      peer,
      clock,
      timers,
      random,
      logger,
      onPacket: (track, packet) => {
        if (track === 'video') this.#count(packet.length);
        publisher.input?.push(track, packet);
      },
      onSenderReport: (track, senderClock) => publisher.input?.senderReport(track, senderClock),
      onState: (state) => this.#takeState(publisher, state),
    });
    if (!isStillWanted()) {
      session.close();
      return null;
    }
    publisher.session = session;
    const older = this.#next;
    this.#next = publisher;
    older?.session?.close();
    return session;
  }

  /** Takes packets that another process received. */
  inject(requestKeyFrame: () => void): Injection {
    let isFlowing = false;
    const session: WhipSession = {
      ...{ sessionId: '', answerSdp: '', iceUserFragment: '', addCandidates() {}, requestKeyFrame },
      state: () => (isFlowing ? 'flowing' : 'stalled'),
      stats: () => NO_STATS,
      close() {},
    };
    const publisher: Publisher = { session, input: undefined };
    this.#takeOver(publisher);
    return {
      push: (track, packet) => {
        if (track === 'video') this.#count(packet.length);
        publisher.input?.push(track, packet);
      },
      senderReport: (track, clock) => publisher.input?.senderReport(track, clock),
      setFlowing: (flows) => {
        isFlowing = flows;
        this.#takeState(publisher, flows ? 'flowing' : 'stalled');
      },
    };
  }

  close(): void {
    for (const each of [this.#next, this.#current]) each?.session?.close();
  }

  #takeState(publisher: Publisher, state: IngestState): void {
    if (state === 'flowing') this.#takeOver(publisher);
    if (state === 'closed' && this.#next === publisher) this.#next = undefined;
    if (this.#current !== publisher) return;
    if (state === 'closed') this.#current = undefined;
    if (state === 'flowing' || state === 'stalled') this.#options.onChange(state);
    if (state === 'closed') this.#options.onChange('gone');
  }

  /** The first packet of a publisher makes it the one that counts. */
  #takeOver(publisher: Publisher): void {
    if (this.#current === publisher) return;
    const older = this.#current;
    this.#current = publisher;
    if (this.#next === publisher) this.#next = undefined;
    publisher.input = this.fanOut.openInput();
    if (!older) return;
    this.#options.logger.info('Another publisher took over', { layer: this.id });
    older.session?.close();
  }

  #count(bytes: number): void {
    const nowUs = this.#options.clock.nowUs();
    const rate = this.#rate;
    rate.bytes += bytes;
    const passedUs = nowUs - rate.sinceUs;
    if (passedUs < RATE_WINDOW_US) return;
    const isFresh = passedUs < RATE_WINDOW_US * 3;
    const bitsPerSecond = isFresh ? (rate.bytes * 8_000_000) / passedUs : rate.bitsPerSecond;
    this.#rate = { sinceUs: nowUs, bytes: 0, bitsPerSecond };
  }
}
