// One stream, many viewers.

import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import type { SenderClock } from '../../core/media/rtcp.ts';

export type FanOutOptions = {
  /** Whose fan-out this is; appears in logs and metrics. */
  owner: string;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  /** A viewer lacks a picture it can decode; at most one call per 500 ms. */
  onKeyFrameRequest(): void;
  onViewersChanged?(viewerCount: number): void;
  /** The publisher's timestamps moved by this many ticks against those that viewers see. */
  onTimestampShift?(track: TrackKind, shift: number): void;
};

/** One publisher's packets. Opening a new input ends the older one; viewers notice nothing. */
export type FanOutInput = {
  /** One RTP packet as received or made; copied, never kept. */
  push(track: TrackKind, packet: Uint8Array): void;
  /** The publisher's clock for a track, from its sender report or from capture time. */
  senderReport(track: TrackKind, clock: SenderClock): void;
  /** True while this input is the newest one. */
  isCurrent(): boolean;
};

/** How one viewer takes one track. */
export type ViewerTrack = {
  payloadType: number;
  ssrc: number;
  /** Identifier of the playout-delay header extension in the viewer's offer; 0 when not offered. */
  playoutDelayId: number;
  /** Sends RTP or RTCP; false when the viewer is gone. The buffer is reused after the call. */
  send(packet: Buffer): boolean;
};

export type FanOutViewer = {
  /** The track can take packets: video starts with the cached key frame. */
  opened(track: TrackKind): void;
  /** RTCP that the viewer sent on a track. */
  rtcp(track: TrackKind, packet: Uint8Array): void;
  /** Latest-wins analytics; absent until the viewer's data channel opens. */
  setAnalytics(
    channel: { bufferedAmount(): number; send(bytes: Buffer): boolean } | undefined,
  ): void;
  stats(): ViewerStats;
  close(): void;
};

export type ViewerStats = {
  roundTripMs: number | null;
  /** 0..1 as of the last receiver report on video. */
  fractionLost: number;
  packetsSent: number;
};

export type FanOutCounters = {
  packetsIn: number;
  packetsRefused: number;
  packetsOut: number;
  sendFailures: number;
  burstPackets: number;
  nacksAsked: number;
  nacksAnswered: number;
  /** Asked again within one round trip: not sent twice. */
  nacksGuarded: number;
  nacksTooOld: number;
  keyFrameRequestsIn: number;
  keyFrameRequestsOut: number;
  viewersJoined: number;
  viewersDropped: number;
  analyticsSent: number;
  analyticsSkipped: number;
};

export type FanOut = {
  openInput(): FanOutInput;
  addViewer(
    tracks: { video?: ViewerTrack; audio?: ViewerTrack },
    onDropped: () => void,
  ): FanOutViewer;
  /** Delivers to every viewer that asked for analytics; skips those with more than 64 KiB queued. */
  sendAnalytics(bytes: Uint8Array): void;
  /** Ticks added to the publisher's timestamps so that viewers see one continuous clock. */
  timestampShift(track: TrackKind): number;
  viewerCount(): number;
  hasKeyFrame(): boolean;
  counters(): FanOutCounters;
  close(): void;
};

export type { CancelTimer };
