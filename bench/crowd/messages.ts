// What the bench and its three programs say to each other over a fork's channel. Each question has
// one answer; times are CLOCK_MONOTONIC, which is the same in all processes of a machine.

import type { FanOutCounters } from '../../native/webrtc/fanOut.ts';

/** To the relay under load. */
export type ToHost = { ask: 'stats' };
export type HostStats = {
  state: string;
  viewers: number;
  fanOut: FanOutCounters | null;
  rssBytes: number;
};

/** To the studio that publishes: where its packets go. */
export type ToSource =
  | { ask: 'publish'; whipUrl: string }
  | { ask: 'send'; host: string; videoPort: number; audioPort: number }
  | { ask: 'stop' }
  | { ask: 'stats' };
export type SourceStats = {
  uplink: string;
  /** Key frames that viewers made the relay ask for. */
  keyFrameRequests: number;
  kilobitsPerSecond: number;
  /** Largest key frame as a share of a mean picture. */
  keyFrameShareMax: number;
};

/** To viewers without a screen. */
export type ToCrowd =
  | { ask: 'join'; count: number; whepUrl: string }
  | { ask: 'joinPeer'; count: number; api: string }
  /** One reader straight at the studio: its packets are what the relay's are compared with. */
  | { ask: 'joinDirect'; whepUrl: string }
  | { ask: 'leave'; count: number }
  | { ask: 'loseAll' }
  | { ask: 'mark' }
  | { ask: 'figures' };
export type CrowdFigures = {
  connected: number;
  /** Packets and holes of the sampled viewers since the last mark. */
  packets: number;
  holes: number;
  /** Joins that were tried again since the start. */
  joinsFailed: number;
  /** Added delay of each packet that both a relayed and the direct reader got, ms. */
  addedMs: number[];
};
