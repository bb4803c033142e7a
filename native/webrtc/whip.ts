// Answers a publisher's WHIP offer.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import type { SenderClock } from '../../core/media/rtcp.ts';
import type { PeerOptions } from './peer.ts';

/** `flowing`: packets arrive; `stalled`: none for 400 ms, though the session still stands. */
export type IngestState = 'connecting' | 'connected' | 'flowing' | 'stalled' | 'closed';

export type WhipOptions = {
  peer: PeerOptions;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  /** One RTP packet, in order of arrival; valid during the call only. */
  onPacket(track: TrackKind, packet: Buffer): void;
  onSenderReport(track: TrackKind, clock: SenderClock): void;
  onState(state: IngestState): void;
};

export type IngestStats = {
  packetsReceived: number;
  packetsLost: number;
  nacksSent: number;
  keyFrameRequestsSent: number;
  bytesReceived: number;
};

export type WhipSession = {
  sessionId: string;
  answerSdp: string;
  requestKeyFrame(): void;
  stats(): IngestStats;
  close(): void;
};
