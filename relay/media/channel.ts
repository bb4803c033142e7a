// One channel's media: at most one publisher that counts, any number of viewers, and the state that
// viewers are told. It is live when packets flow, not when somebody is connected. A publisher that
// comes back or is replaced changes nothing for viewers but the picture.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import { createFanOut, type FanOut, type FanOutInput } from '../../native/webrtc/fanOut.ts';
import { OfferRefused } from '../../native/webrtc/offerRefused.ts';
import type { PeerOptions } from '../../native/webrtc/peer.ts';
import { answerWhep, type WhepSession } from '../../native/webrtc/whep.ts';
import { answerWhip, type IngestState, type WhipSession } from '../../native/webrtc/whip.ts';
import { StreamSpread } from './streamSpread.ts';

/** A publisher that vanished may come back this long before the channel counts as ended. */
const RETURN_MS = 30_000;

/** After a DELETE: a studio that reconnects posts again at once; viewers need not hear of it. */
const FAREWELL_MS = 1000;

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

type Publisher = { session: WhipSession | undefined; input: FanOutInput | undefined };

export class Channel {
  state: MediaState = 'ended';
  readonly fanOut: FanOut;
  /** To those whose network lets no UDP through. */
  readonly stream: StreamSpread;
  readonly viewers = new Map<string, WhepSession>();
  readonly #options: ChannelOptions;
  readonly #connected = new Set<string>();
  /** Whose packets go to viewers. */
  #current: Publisher | undefined;
  /** Negotiated, but no packet yet: the current one goes on until this one delivers. */
  #next: Publisher | undefined;
  #cancelEnd: (() => void) | undefined;
  #isClosed = false;

  constructor(name: string, options: ChannelOptions) {
    this.#options = options;
    this.fanOut = createFanOut({
      owner: `relay ${name}`,
      clock: options.clock,
      timers: options.timers,
      random: options.random,
      logger: options.logger,
      onKeyFrameRequest: () => this.#current?.session?.requestKeyFrame(),
      onTimestampShift: (track, shift) => options.onTimestampShift(track, shift),
    });
    this.stream = new StreamSpread({
      fanOut: this.fanOut,
      clock: options.clock,
      timers: options.timers,
      onViewerCount: () => options.onViewerCount(this.viewerCount),
    });
  }

  get viewerCount(): number {
    return this.#connected.size + this.stream.viewerCount;
  }

  get ingest(): WhipSession | undefined {
    return this.#current?.session;
  }

  /** The publisher's session with this id, also while another one still counts. */
  publisher(sessionId: string): WhipSession | undefined {
    for (const each of [this.#current, this.#next]) {
      if (each?.session?.sessionId === sessionId) return each.session;
    }
    return undefined;
  }

  /** Throws OfferRefused. */
  async publish(offerSdp: string): Promise<WhipSession> {
    const { clock, timers, random, logger, peer } = this.#options;
    const publisher: Publisher = { session: undefined, input: undefined };
    const session = await answerWhip(offerSdp, {
      peer,
      clock,
      timers,
      random,
      logger,
      onPacket: (track, packet) => publisher.input?.push(track, packet),
      onSenderReport: (track, senderClock) => publisher.input?.senderReport(track, senderClock),
      onState: (state) => this.#takeIngestState(publisher, state),
    });
    if (this.#isClosed) {
      session.close();
      throw closedMeanwhile();
    }
    publisher.session = session;
    const older = this.#next;
    this.#next = publisher;
    older?.session?.close();
    return session;
  }

  /** Ends a publisher's session on its own wish. False when there is none with this id. */
  unpublish(sessionId: string): boolean {
    const session = this.publisher(sessionId);
    if (!session) return false;
    const isCurrent = this.#current?.session === session;
    session.close();
    if (isCurrent) this.#endAfter(FAREWELL_MS);
    return true;
  }

  /** Throws OfferRefused. */
  async watch(offerSdp: string): Promise<WhepSession> {
    const { timers, random, logger, peer } = this.#options;
    let isGone = false;
    const session = await answerWhep(offerSdp, this.fanOut, {
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
    if (!isGone) this.viewers.set(session.sessionId, session);
    return session;
  }

  /** Closes the publisher and all viewers. */
  close(): void {
    this.#isClosed = true;
    this.#cancelEnd?.();
    for (const each of [this.#next, this.#current]) each?.session?.close();
    this.#cancelEnd?.();
    for (const viewer of [...this.viewers.values()]) viewer.close();
    this.stream.close();
    this.#enter('ended');
    this.fanOut.close();
  }

  #takeIngestState(publisher: Publisher, state: IngestState): void {
    if (state === 'flowing') this.#takeOver(publisher);
    if (state === 'closed' && this.#next === publisher) this.#next = undefined;
    if (this.#current !== publisher) return;
    if (state === 'flowing') this.#enter('live');
    if (state === 'stalled' || state === 'closed') this.#enter('stalled');
    if (state === 'closed') {
      this.#current = undefined;
      this.#endAfter(RETURN_MS);
    }
  }

  /** The first packet of a publisher makes it the one that counts. */
  #takeOver(publisher: Publisher): void {
    this.#cancelEnd?.();
    if (this.#current === publisher) return;
    const older = this.#current;
    this.#current = publisher;
    if (this.#next === publisher) this.#next = undefined;
    publisher.input = this.fanOut.openInput();
    if (!older) return;
    this.#options.logger.info('Another publisher took over');
    older.session?.close();
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
