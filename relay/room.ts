// What every session of the relay shares: the channels, the witness, who may register, where the
// relay is, and the counters that its metrics read.

import type { MediaClock, Timers } from '../core/base/clock.ts';
import { newId, type RandomBytes } from '../core/base/ids.ts';
import type { Logger } from '../core/base/logger.ts';
import { Channel } from './channel.ts';
import type { FollowedFanOut } from './frameWatch.ts';
import type { GuestTokens } from './guestTokens.ts';
import type { LinkCheck } from './linkCheck.ts';
import type { FanOut } from './nodes/fanOut.ts';
import { type ChannelSpan, NO_SPAN } from './nodes/span.ts';
import type { Owners } from './owners.ts';
import type { PublisherTokens } from './publisherTokens.ts';
import type { MarkSigner } from './relayKey.ts';
import type { FactsSocket } from './webSocket.ts';
import type { Witness } from './witness/witness.ts';

/** Channels held at once, so that an open relay cannot be filled up. */
const CHANNELS_MAX = 10_000;
/** A channel without studio and viewers is forgotten after this; the witness is not. */
const IDLE_MS_MAX = 60_000;

/** The part of the media room that facts need. */
export type MediaSide = {
  stream(channelId: string, socket: FactsSocket, remoteAddress: string): void;
  sendAnalytics(channelId: string, bytes: Uint8Array): void;
  mediaState(channelId: string): string;
  viewerCount(channelId: string): number;
  /** Layers as they come in, best first. */
  taps(channelId: string): { fanOut: FollowedFanOut }[];
};

export type RelayCounters = {
  registrations: number;
  registrationsRefused: number;
  betsForwarded: number;
  betsLimited: number;
  betsWithoutStudio: number;
  messagesLimited: number;
  messagesMalformed: number;
  /** Viewers closed because their queue was full. */
  viewersTooSlow: number;
  /** Joins, bets and chat of banned and timed-out people. */
  viewersBarred: number;
  /** Viewers who came back and heard only what they had missed. */
  viewersResumed: number;
  analyticsForwarded: number;
};

export type RelayRoom = {
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  owners: Owners;
  tokens: PublisherTokens;
  witness: Witness;
  marks: MarkSigner;
  media: MediaSide;
  channels: Channels;
  counters: RelayCounters;
  guestTokens: GuestTokens;
  tokenSecret: string;
  /** An issuer of log-ins is set. */
  canSignIn: boolean;
  /** News for every node at once. */
  fanOut: FanOut;
  /** Looks whether another node has this channel's studio. */
  locate(channelId: string): Promise<void>;
  linkCheck: LinkCheck;
  /** Address of the node that has the channel's pictures; null: they would be here. */
  elsewhere(channelId: string): string | null;
  /** Public address without a trailing slash. */
  publicUrl: string;
  /** The address by which a studio reached us, from its Host header; never a public link. */
  addressFor(hostHeader: string | undefined): string;
};

export function zeroCounters(): RelayCounters {
  return {
    registrations: 0,
    registrationsRefused: 0,
    betsForwarded: 0,
    betsLimited: 0,
    betsWithoutStudio: 0,
    messagesLimited: 0,
    messagesMalformed: 0,
    viewersTooSlow: 0,
    viewersBarred: 0,
    viewersResumed: 0,
    analyticsForwarded: 0,
  };
}

/** Channels that are here now, and those that the witness knows from before a restart. */
export class Channels {
  readonly #clock: MediaClock;
  readonly #random: RandomBytes;
  readonly #isWitnessed: (channelId: string) => boolean;
  readonly #channels = new Map<string, Channel>();
  /** How channels reach other nodes; set before the first one is opened. */
  span: ChannelSpan = NO_SPAN;

  constructor(clock: MediaClock, random: RandomBytes, isWitnessed: (channelId: string) => boolean) {
    this.#clock = clock;
    this.#random = random;
    this.#isWitnessed = isWitnessed;
  }

  get size(): number {
    return this.#channels.size;
  }

  all(): Iterable<Channel> {
    return this.#channels.values();
  }

  /** True when it is open here now. */
  isHere(channelId: string): boolean {
    return this.#channels.has(channelId);
  }

  isKnown(channelId: string): boolean {
    return this.#channels.has(channelId) || this.#isWitnessed(channelId);
  }

  /** A channel that a viewer may join, or null. */
  find(channelId: string): Channel | null {
    if (this.#channels.has(channelId)) return this.#channels.get(channelId) ?? null;
    return this.#isWitnessed(channelId) ? this.openFor(channelId) : null;
  }

  /** The channel of a registered studio; null when the relay is full. */
  openFor(channelId: string): Channel | null {
    const known = this.#channels.get(channelId);
    if (known) return known;
    if (this.#channels.size >= CHANNELS_MAX) return null;
    const channel = new Channel(channelId, this.#clock, this.span, newId(this.#random));
    this.#channels.set(channelId, channel);
    return channel;
  }

  forgetIdle(): void {
    const beforeUs = this.#clock.nowUs() - IDLE_MS_MAX * 1000;
    for (const [id, channel] of this.#channels) {
      if (channel.idleSinceUs === null || channel.idleSinceUs >= beforeUs) continue;
      this.#channels.delete(id);
      this.span.forgotten(id);
    }
  }
}
