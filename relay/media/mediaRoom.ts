// Media of all channels: WHIP in, WHEP out.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { FanOutCounters } from '../../native/webrtc/fanOut.ts';
import type { PeerOptions } from '../../native/webrtc/peer.ts';
import type { IngestStats } from '../../native/webrtc/whip.ts';

/** What the HTTP server hands over: any method on /whip/... and /whep/.... */
export type MediaRequest = {
  method: string;
  /** Path without query, as sent: `/whep/{channel}` or `/whep/{channel}/{session}`. */
  path: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** At most 64 KiB + 1 byte need to be read: longer bodies are answered with 413. */
  body: string | Uint8Array;
  /** For rate limits only. */
  remoteAddress: string;
};

export type MediaResponse = {
  status: number;
  /** An array value is sent as several header lines. */
  headers: Record<string, string | string[]>;
  body: string;
};

export type MediaState = 'live' | 'stalled' | 'ended';

export type IceServerLink = { url: string; username?: string; credential?: string };

export type MediaRoomOptions = {
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  peer: PeerOptions;
  /** Told to browsers by Link headers; default none. */
  iceServerLinks?: readonly IceServerLink[];
  isKnownChannel(channel: string): boolean;
  /** Compares in constant time; `token` is '' when none was sent. */
  isPublisherAllowed(channel: string, token: string): boolean;
  /** Another WHEP endpoint for new viewers of a channel (307); null keeps them here. */
  redirectViewersTo?(channel: string): string | null;
  /** `live`: packets flow. `stalled`: none for 400 ms. `ended`: the publisher is gone. */
  onMediaState(channel: string, state: MediaState): void;
  onViewerCount(channel: string, viewerCount: number): void;
  /** Ticks between the publisher's RTP timestamps and those that viewers see. */
  onTimestampShift?(channel: string, track: 'video' | 'audio', shift: number): void;
  /** Viewers of this process; more are answered 503 with Retry-After. Default 150. */
  viewersMax?: number;
  /** POSTs per minute and address; more are answered 429. Default 120. */
  postsPerMinuteMax?: number;
};

export type ChannelMediaStats = {
  state: MediaState;
  viewerCount: number;
  ingest: IngestStats | null;
  fanOut: FanOutCounters;
};

export type MediaRoom = {
  /** Undefined when the path is not /whip/... or /whep/.... Never throws. */
  handle(request: MediaRequest): Promise<MediaResponse | undefined>;
  /** Latest-wins analytics to the viewers of a channel that opened the data channel. */
  sendAnalytics(channel: string, bytes: Uint8Array): void;
  mediaState(channel: string): MediaState;
  viewerCount(channel?: string): number;
  /** Ends a channel: its publisher and its viewers are closed. */
  endChannel(channel: string): void;
  stats(): ReadonlyMap<string, ChannelMediaStats>;
  close(): void;
};
