// One channel as the relay holds it: its studio, its viewers, and what was last said to everybody.
// It outlives its studio: while that is away viewers stay, hear the last show and markets, and are
// told so. It decides nothing about money and reads of a message only what it needs to route it.
// With several nodes its studio is at one of them, its home; elsewhere it is a guest, which passes
// on what the home says and asks the home as if that were the studio.

import { clone, create, toBinary } from '@bufbuild/protobuf';
import type { MediaClock } from '../core/base/clock.ts';
import { isSameEvent } from '../core/contract/events.ts';
import { LOWER_LAYERS } from '../core/media/feed.ts';
import {
  EventListSchema,
  type FrameFacts,
  type GameEvent,
  type JournalAck,
  type Market,
  MarketListSchema,
  MediaLostSchema,
  type People,
  type Poster,
  type Show,
  ShowSchema,
  type Still,
  type ToStudio,
  type ToViewer,
  ToViewerSchema,
  VideoLayerSchema,
} from '../core/wire/gen/facts_pb.js';
import type { Refusal } from '../core/wire/viewerReplies.ts';
import { KeptNews } from './keptNews.ts';
import { type MediaElsewhere, mediaElsewhereOf } from './mediaElsewhere.ts';
import type { ChannelSpan } from './nodes/span.ts';
import { ChannelPeople } from './people.ts';
import { PosterKeeper } from './poster.ts';
import { StillKeeper } from './stills.ts';
import { StudioClock } from './studioClock.ts';

/** Markets kept for joiners; the studio sends the recent ones again at every registration. */
const MARKETS_KEPT = 50;
/** Events kept for joiners: the last minute or two of a match. */
const EVENTS_KEPT = 8;

const ENDED: Refusal = { code: 'ENDED', message: 'The studio ended this connection.' };

/** A viewer as its channel sees it. */
export type ChannelViewer = {
  readonly id: string;
  readonly subject: string;
  readonly publicKey: string;
  /** Where it comes from; stays in the relay's memory. */
  readonly address: string;
  /** It came back and hears only what it missed. */
  readonly hasResumed: boolean;
  /** A screen of the streamer's own, such as the overlay in OBS: nobody is watching there. */
  readonly isDisplay: boolean;
  /** Says why, and closes the connection. */
  end(refusal: Refusal): void;
  /** Closes itself when it is too slow; the page comes back and hears everything again. */
  send(bytes: Uint8Array): void;
  /** Facts of frames for one whose picture comes by another engine; skipped when it is slow. */
  sendAnalytics(bytes: Uint8Array): void;
};

/** A viewer of another node, as the channel's home sees it. Its own node ends it. */
export type FarViewer = Pick<ChannelViewer, 'id' | 'subject' | 'publicKey' | 'send'> & {
  readonly hasResumed: boolean;
  /** Its network's hash, from its own node. */
  readonly network: string;
};

type Announced = Pick<FarViewer, 'id' | 'subject' | 'publicKey' | 'hasResumed'>;

/** Who reads along without being a viewer: tools. */
export type Watcher = { analytics(facts: FrameFacts): void; markets(markets: Market[]): void };

/** A registered studio as its channel sees it. */
export type ChannelStudio = {
  /** False when the studio does not keep up: facts are then answered as if it were away. */
  send(message: ToStudio['message']): boolean;
  /** Another studio registered the same channel. */
  replaced(): void;
  /** The channel's picture came, stood or went. */
  mediaChanged(): void;
};

export class Channel {
  readonly id: string;
  readonly clock = new StudioClock();
  readonly poster = new PosterKeeper();
  readonly stills: StillKeeper;
  readonly people = new ChannelPeople();
  /** What everybody was told lately; for viewers of this node. */
  readonly news: KeptNews;
  /** Viewers of this node. */
  readonly viewers = new Map<string, ChannelViewer>();
  /** At the home: viewers of other nodes. */
  readonly farViewers = new Map<string, FarViewer>();
  readonly #watchers = new Set<Watcher>();
  readonly #mediaClock: MediaClock;
  readonly #span: ChannelSpan;
  /** The studio is at another node: what that says about show and viewers stands. */
  #isGuest = false;
  #studio: ChannelStudio | null = null;
  #show: Show | null = null;
  #markets = new Map<string, Market>();
  /** Oldest first. */
  #events: readonly GameEvent[] = [];
  #mark: JournalAck | null = null;
  #announcedMark: JournalAck | null = null;
  #videoClockShift = 0;
  #announcedViewers = 0;
  #layers: readonly { id: string; bitsPerSecond: number }[] = [];
  /** Since when nobody is here; null while somebody is. Idle channels are forgotten. */
  idleSinceUs: number | null = null;

  constructor(id: string, mediaClock: MediaClock, span: ChannelSpan, feed: string) {
    this.id = id;
    this.stills = new StillKeeper(id);
    this.news = new KeptNews(feed);
    this.#mediaClock = mediaClock;
    this.#span = span;
  }

  get viewerCount(): number {
    let count = this.farViewers.size;
    for (const { isDisplay } of this.viewers.values()) if (!isDisplay) count++;
    return count;
  }

  get studio(): ChannelStudio | null {
    return this.#studio;
  }

  /** The show as everybody is told of it. */
  /** Open, locked and recently ended ones, newest first. */
  get markets(): Market[] {
    return [...this.#markets.values()];
  }

  /** Ends when the answer is called. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    this.#noteIdle();
    return () => {
      this.#watchers.delete(watcher);
      this.#noteIdle();
    };
  }

  get show(): Show {
    return this.#currentShow();
  }

  /** The studio's newest registration wins; the older one is told and closed. */
  studioCame(studio: ChannelStudio): void {
    this.#studio?.replaced();
    this.#studio = studio;
    this.#isGuest = false;
    this.clock.restart();
    this.#announceAll();
    this.#span.studioCame(this);
    this.sendShow();
    this.#noteIdle();
  }

  /** The studio is at another node, reached by `home`; null: nobody knows where. */
  movedTo(home: ChannelStudio | null): void {
    this.#studio?.replaced();
    this.#studio = home;
    this.#isGuest = true;
    this.farViewers.clear();
    this.clock.restart();
    this.#announceAll();
    this.sendShow();
    this.#noteIdle();
  }

  studioWent(studio: ChannelStudio): void {
    if (this.#studio !== studio) return;
    this.#studio = null;
    this.sendShow();
    this.#noteIdle();
  }

  /** @param missed what it has not heard since it was here before; null: all that stands */
  viewerCame(viewer: ChannelViewer, missed: readonly Uint8Array[] | null): void {
    this.viewers.set(viewer.id, viewer);
    this.#noteIdle();
    for (const bytes of missed ?? this.opening()) viewer.send(bytes);
    this.#announce(viewer, this.people.networkOf(viewer.address));
  }

  viewerWent(viewer: ChannelViewer): void {
    if (!this.viewers.delete(viewer.id)) return;
    this.#wentAway(viewer.id);
  }

  /** A viewer of another node; it hears what everybody hears from there. */
  farViewerCame(viewer: FarViewer): void {
    this.farViewers.set(viewer.id, viewer);
    this.#noteIdle();
    this.#announce(viewer, viewer.network);
  }

  farViewerWent(viewerId: string): void {
    if (this.farViewers.delete(viewerId)) this.#wentAway(viewerId);
  }

  /** What a joiner hears; a node that joins hears it too. */
  opening(): Uint8Array[] {
    const opening: ToViewer['message'][] = [
      { case: 'show', value: this.#currentShow() },
      { case: 'markets', value: this.#marketList() },
    ];
    if (this.#events.length > 0) opening.push({ case: 'events', value: this.#eventList() });
    if (this.#mark) opening.push({ case: 'witnessed', value: this.#mark });
    return opening.map(encode);
  }

  #wentAway(viewerId: string): void {
    this.#noteIdle();
    const value = { $typeName: 'morphine.facts.v1.ViewerLeft', viewerId } as const;
    this.#studio?.send({ case: 'viewerLeft', value });
  }

  /** Passes the studio's words on and remembers what a joiner must hear. */
  deliver(viewerIds: readonly string[], message: ToViewer): void {
    const { message: part } = message;
    if (viewerIds.length > 0) {
      const bytes = toBinary(ToViewerSchema, message);
      for (const id of viewerIds) (this.viewers.get(id) ?? this.farViewers.get(id))?.send(bytes);
      return;
    }
    switch (part.case) {
      case 'show':
        this.#show = part.value;
        this.sendShow();
        return;
      case 'markets':
        this.#markets = new Map();
        for (const market of part.value.markets.slice(0, MARKETS_KEPT)) {
          this.#markets.set(market.id, market);
        }
        for (const watcher of this.#watchers) watcher.markets(part.value.markets);
        break;
      case 'market':
        this.#remember(part.value);
        for (const watcher of this.#watchers) watcher.markets([part.value]);
        break;
      case 'events':
        this.#events = part.value.events.slice(-EVENTS_KEPT);
        break;
      case 'event':
        if (this.#events.some((known) => isSameEvent(known, part.value))) return;
        this.#events = [...this.#events, part.value].slice(-EVENTS_KEPT);
        break;
      case 'witnessed':
        this.#mark = part.value;
        break;
      default:
        break;
    }
    this.#everybody(part);
  }

  /** What the studio decided about people holds from now on, also for who is here already. */
  setPeople(people: People): void {
    const nowUs = this.#mediaClock.nowUs();
    const knewNetworks = this.people.hasNetworkKey;
    this.people.apply(people, nowUs);
    const ended = new Set(people.endViewers);
    for (const viewer of [...this.viewers.values()]) {
      const refusal = this.people.refusal(viewer, 'join', nowUs);
      if (refusal) viewer.end(refusal);
      else if (ended.has(viewer.id)) viewer.end(ENDED);
      // This node heard of the channel after its viewers came: now their networks have names.
      else if (!knewNetworks) this.#announce(viewer, this.people.networkOf(viewer.address));
    }
  }

  /** Told at once: nobody may bet on a picture that stands. */
  mediaChanged(): void {
    this.#studio?.mediaChanged();
  }

  /** Ticks that the media room adds to the studio's video timestamps; may be below zero. */
  setVideoClockShift(ticks: number): void {
    // On the wire it is a distance on the clock's circle of 32 bits.
    const shift = ticks >>> 0;
    if (shift === this.#videoClockShift) return;
    this.#videoClockShift = shift;
    this.sendShow();
  }

  /** WHEP sessions that ended without a goodbye: their pages come again at once. */
  mediaLost(sessionIds: readonly string[]): void {
    const value = create(MediaLostSchema, { sessionIds: [...sessionIds] });
    this.#everybody({ case: 'mediaLost', value });
  }

  /** The layers that the media room has of this channel, best first; told when they change. */
  setLayers(layers: readonly { id: string; bitsPerSecond: number }[]): void {
    // One layer is no choice.
    const choice = layers.length > 1 ? layers : [];
    const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id).join();
    const hasChanged = ids(choice) !== ids(this.#layers);
    this.#layers = choice;
    if (hasChanged) this.sendShow();
  }

  /** Where viewers find the picture, and whether they are to take it from there now. */
  get mediaElsewhere(): MediaElsewhere | null {
    return mediaElsewhereOf(this.#show);
  }

  /** Facts of one frame for those who take the picture from another engine. */
  sendAnalytics(analytics: FrameFacts): void {
    if (!this.#isGuest) this.#span.analyticsToGuests(this.id, analytics);
    for (const watcher of this.#watchers) watcher.analytics(analytics);
    if (!this.mediaElsewhere?.isMoved) return;
    const bytes = encode({ case: 'analytics', value: analytics });
    for (const viewer of this.viewers.values()) viewer.sendAnalytics(bytes);
  }

  /** The show as it looks now, for previews of its link, here and at other nodes. */
  takePoster(poster: Poster): void {
    this.poster.take(poster, this.#mediaClock.nowUs());
    if (!this.#isGuest) this.#span.posterToGuests(this.id, poster);
  }

  /** The frame that decided a market, here and at other nodes; only what the channel signed. */
  takeStill(still: Still): void {
    const isTaken = this.stills.take(still);
    if (isTaken && !this.#isGuest) this.#span.stillToGuests(this.id, still);
  }

  sendShow(): void {
    this.#announcedViewers = this.viewerCount;
    this.#everybody({ case: 'show', value: this.#currentShow() });
  }

  /** The witness's newest signed mark: receipts up to it are told to be witnessed. */
  witnessed(mark: JournalAck): void {
    this.#mark = mark;
  }

  /** Called once a second: tells the number of viewers and the mark where they changed. */
  announceChanges(): void {
    if (this.#isGuest) return;
    if (this.#announcedViewers !== this.viewerCount) this.sendShow();
    if (this.#mark === null || this.#mark === this.#announcedMark) return;
    this.#announcedMark = this.#mark;
    this.#everybody({ case: 'witnessed', value: this.#mark });
  }

  #announce(viewer: Announced, network: string): void {
    this.#studio?.send({
      case: 'viewerJoined',
      value: {
        $typeName: 'morphine.facts.v1.ViewerJoined',
        viewerId: viewer.id,
        subject: viewer.subject,
        publicKey: viewer.publicKey,
        network,
        resumed: viewer.hasResumed,
      },
    });
  }

  #remember(market: Market): void {
    // Newest first, as the studio lists them; a known one keeps its place.
    if (this.#markets.has(market.id)) this.#markets.set(market.id, market);
    else {
      const kept = [...this.#markets].slice(0, MARKETS_KEPT - 1);
      this.#markets = new Map([[market.id, market], ...kept]);
    }
  }

  #announceAll(): void {
    // A studio that is new here greets everybody.
    for (const viewer of this.viewers.values())
      this.#announce({ ...idOf(viewer), hasResumed: false }, this.people.networkOf(viewer.address));
    for (const viewer of this.farViewers.values())
      this.#announce({ ...idOf(viewer), hasResumed: false }, viewer.network);
  }

  #everybody(message: ToViewer['message']): void {
    const bytes = this.news.take(message);
    if (!this.#isGuest) this.#span.toGuests(this.id, bytes);
    for (const viewer of this.viewers.values()) viewer.send(bytes);
  }

  #currentShow(): Show {
    const show = this.#show ? clone(ShowSchema, this.#show) : create(ShowSchema);
    if (this.#isGuest) {
      show.studioConnected &&= this.#studio !== null;
      return show;
    }
    show.studioConnected = this.#studio !== null;
    show.layers = this.#layers.map(layerWord);
    show.viewers = this.viewerCount;
    show.videoClockShift = this.#videoClockShift;
    show.videoClockOffset = (show.videoClockOffset + this.#videoClockShift) >>> 0;
    return show;
  }

  #marketList() {
    return create(MarketListSchema, { markets: [...this.#markets.values()] });
  }

  #eventList() {
    return create(EventListSchema, { events: [...this.#events] });
  }

  #noteIdle(): void {
    const readers = this.viewerCount + this.#watchers.size;
    const isIdle = readers === 0 && (this.#isGuest || this.#studio === null);
    this.idleSinceUs = isIdle ? (this.idleSinceUs ?? this.#mediaClock.nowUs()) : null;
  }
}

function idOf({ id, subject, publicKey }: Announced) {
  return { id, subject, publicKey };
}

function encode(message: ToViewer['message']): Uint8Array {
  return toBinary(ToViewerSchema, create(ToViewerSchema, { message }));
}

/** Sizes are known of our own studio's smaller copies only. */
function layerWord({ id, bitsPerSecond }: { id: string; bitsPerSecond: number }) {
  const size = id === 'medium' || id === 'low' ? LOWER_LAYERS[id] : { width: 0, height: 0 };
  const kilobitsPerSecond = Math.round(bitsPerSecond / 1000);
  return create(VideoLayerSchema, { id, ...sizeOf(size), kilobitsPerSecond });
}

function sizeOf({ width, height }: { width: number; height: number }) {
  return { width, height };
}
