// One channel's media: at most one publisher that counts, any number of viewers, and the state that
// viewers are told. It is live when packets flow, not when somebody is connected. A publisher that
// comes back or is replaced changes nothing for viewers but the picture.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { FanOut } from '../../native/webrtc/fanOut.ts';
import { OfferRefused } from '../../native/webrtc/offerRefused.ts';
import type { PeerOptions } from '../../native/webrtc/peer.ts';
import { answerWhep, type WhepSession } from '../../native/webrtc/whep.ts';
import type { WhipSession } from '../../native/webrtc/whip.ts';
import { type Injection, LAYERS, type LayerId, LayerSource } from './layerSource.ts';
import { LayerSpread } from './layerSpread.ts';
import { StreamSpread } from './streamSpread.ts';

/** A publisher that vanished may come back this long before the channel counts as ended. */
const RETURN_MS = 30_000;

/** After a DELETE: a studio that reconnects posts again at once; viewers need not hear of it. */
const FAREWELL_MS = 1000;

/** A viewer's session, and what it may choose. */
export type ChannelViewer = WhepSession & {
  /** Null: by its path. False when there is no such layer. */
  chooseLayer(id: string | null): boolean;
  /** Id of the layer that is sent now. */
  layer(): string;
};

export type MediaState = 'live' | 'stalled' | 'ended';

export type ChannelOptions = {
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  peer: PeerOptions;
  onState(state: MediaState): void;
  onViewerCount(viewerCount: number): void;
  onTimestampShift(track: 'video' | 'audio', shift: number): void;
};

export class Channel {
  state: MediaState = 'ended';
  readonly spread: LayerSpread;
  /** To those whose network lets no UDP through. */
  readonly stream: StreamSpread;
  readonly viewers = new Map<string, ChannelViewer>();
  readonly #options: ChannelOptions;
  readonly #connected = new Set<string>();
  readonly #name: string;
  readonly #best: LayerSource;
  readonly #lower = new Map<LayerId, LayerSource>();
  #cancelEnd: (() => void) | undefined;
  #isClosed = false;

  constructor(name: string, options: ChannelOptions) {
    this.#name = name;
    this.#options = options;
    this.#best = this.#source('high');
    const { clock, timers } = options;
    this.spread = new LayerSpread({ clock, timers, best: this.#best });
    this.stream = new StreamSpread({
      ...{ fanOut: this.spread, clock, timers },
      onViewerCount: () => options.onViewerCount(this.viewerCount),
    });
  }

  get fanOut(): FanOut {
    return this.#best.fanOut;
  }

  get viewerCount(): number {
    return this.#connected.size + this.stream.viewerCount;
  }

  get ingest(): WhipSession | undefined {
    return this.#best.ingest ?? this.#sources().find(({ ingest }) => ingest)?.ingest;
  }

  /** The publisher's session with this id, also while another one still counts. */
  publisher(sessionId: string): WhipSession | undefined {
    for (const source of this.#sources()) {
      const session = source.publisher(sessionId);
      if (session) return session;
    }
    return undefined;
  }

  /** Throws OfferRefused. */
  async publish(offerSdp: string, layer: LayerId = 'high'): Promise<WhipSession> {
    const session = await this.#sourceOf(layer).publish(offerSdp, () => !this.#isClosed);
    if (!session) throw closedMeanwhile();
    return session;
  }

  /** Ends a publisher's session on its own wish. False when there is none with this id. */
  unpublish(sessionId: string): boolean {
    const session = this.publisher(sessionId);
    if (!session) return false;
    const isCurrent = this.#sources().some(({ ingest }) => ingest === session);
    session.close();
    if (isCurrent && !this.#isFlowing()) this.#endAfter(FAREWELL_MS);
    return true;
  }

  /** Throws OfferRefused. `wish`: the layer that the viewer wants; null: by its path. */
  async watch(offerSdp: string, wish: string | null = null): Promise<WhepSession> {
    const { timers, random, logger, peer } = this.#options;
    let isGone = false;
    const seat = this.spread.seat();
    const session = await answerWhep(offerSdp, seat.fanOut, {
      peer,
      timers,
      random,
      logger,
      onConnected: () => {
        this.#connected.add(session.sessionId);
        this.#options.onViewerCount(this.viewerCount);
      },
      onClosed: () => {
        isGone = true;
        this.viewers.delete(session.sessionId);
        if (!this.#connected.delete(session.sessionId)) return;
        this.#options.onViewerCount(this.viewerCount);
      },
    });
    if (this.#isClosed) {
      session.close();
      throw closedMeanwhile();
    }
    seat.viewer()?.choose(wish);
    const chooseLayer = (id: string | null) => seat.viewer()?.choose(id) ?? false;
    const layer = () => seat.viewer()?.layer ?? '';
    if (!isGone) this.viewers.set(session.sessionId, { ...session, chooseLayer, layer });
    return session;
  }

  /** Packets of a layer that another process received. */
  inject(layer: LayerId, requestKeyFrame: () => void): Injection {
    return this.#sourceOf(layer).inject(requestKeyFrame);
  }

  /** Every layer that somebody publishes, for whoever passes them on. */
  taps(): { layer: LayerId; fanOut: FanOut; isFlowing(): boolean }[] {
    return this.#sources()
      .filter((source) => source.isTaken)
      .map((source) => ({
        layer: source.id,
        fanOut: source.fanOut,
        isFlowing: () => source.isFlowing(),
      }));
  }

  /** Layers that flow, best first, with their measured rates. */
  layers(): { id: LayerId; bitsPerSecond: number; viewers: number }[] {
    const counts = this.spread.viewersByLayer();
    return this.#sources()
      .filter((source) => source.isFlowing())
      .map((source) => ({
        id: source.id,
        bitsPerSecond: Math.round(source.bitsPerSecond()),
        viewers: counts[source.id] ?? 0,
      }));
  }

  /** Closes the publishers and all viewers. */
  close(): void {
    this.#isClosed = true;
    this.#cancelEnd?.();
    for (const source of this.#sources()) source.close();
    this.#cancelEnd?.();
    for (const viewer of [...this.viewers.values()]) viewer.close();
    this.stream.close();
    this.#enter('ended');
    this.spread.close();
  }

  /** Best first. */
  #sources(): LayerSource[] {
    const lower = LAYERS.map((id) => this.#lower.get(id));
    return [this.#best, ...lower.filter((source) => source !== undefined)];
  }

  #sourceOf(id: LayerId): LayerSource {
    if (id === 'high') return this.#best;
    const known = this.#lower.get(id);
    if (known) return known;
    const source = this.#source(id);
    this.#lower.set(id, source);
    this.spread.setLower(this.#sources().slice(1));
    return source;
  }

  #source(id: LayerId): LayerSource {
    const { clock, timers, random, logger, peer } = this.#options;
    return new LayerSource(id, {
      ...{ clock, timers, random, logger, peer },
      owner: id === 'high' ? `relay ${this.#name}` : `relay ${this.#name} ${id}`,
      onChange: (change) => this.#layerChanged(change),
      onTimestampShift: (track, shift) => {
        // Viewers map frames by one clock, that of the best layer; the others have the same.
        if (id === 'high') this.#options.onTimestampShift(track, shift);
      },
    });
  }

  #isFlowing(): boolean {
    return this.#sources().some((source) => source.isFlowing());
  }

  #layerChanged(change: 'flowing' | 'stalled' | 'gone'): void {
    if (change === 'flowing') this.#cancelEnd?.();
    if (this.#isFlowing()) this.#enter('live');
    else {
      this.#enter('stalled');
      if (change === 'gone') this.#endAfter(RETURN_MS);
    }
    this.spread.layersChanged();
  }

  #endAfter(delayMs: number): void {
    this.#cancelEnd?.();
    this.#cancelEnd = this.#options.timers.after(delayMs, () => this.#enter('ended'));
  }

  #enter(state: MediaState): void {
    if (this.state === state) return;
    this.state = state;
    this.#options.onState(state);
  }
}

function closedMeanwhile(): OfferRefused {
  return new OfferRefused(409, 'Channel ended', 'The channel was ended while you connected.');
}
