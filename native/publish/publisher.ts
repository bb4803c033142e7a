// Feed -> WHIP uplink and local preview.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import type { FanOutCounters } from '../webrtc/fanOut.ts';
import type { PeerOptions } from '../webrtc/peer.ts';
import type { UplinkState } from '../webrtc/whipClient.ts';

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
};

export type PublisherStats = {
  framesPerSecond: number;
  kilobitsPerSecond: number;
  framesDropped: number;
  uplinkState: UplinkState;
  uplinkReason: string | null;
  previewCount: number;
  fanOut: FanOutCounters;
};

export type Publisher = {
  /** Never waits and never throws on media: a unit that cannot be sent is dropped and counted. */
  push(unit: Unit): void;
  /** Connects (or moves) the uplink; keeps trying until `stopUplink` or `close`. */
  startUplink(target: { url: string; token: string | null }): void;
  stopUplink(): Promise<void>;
  /** WHEP by RPC. Throws OfferRefused (native/webrtc/offerRefused.ts). */
  watchPreview(offerSdp: string): Promise<{ sessionId: string; answerSdp: string }>;
  /** False when there is no such session. */
  leavePreview(sessionId: string): boolean;
  /** Analytics for preview readers that opened the data channel `analytics`. */
  sendAnalytics(bytes: Uint8Array): void;
  stats(): PublisherStats;
  close(): Promise<void>;
};
