// Publishes a fan-out by WHIP.

import type { Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { FanOut } from './fanOut.ts';
import type { PeerOptions } from './peer.ts';

export type UplinkState = 'off' | 'connecting' | 'connected' | 'waiting' | 'closed';

export type WhipClientOptions = {
  url: string;
  token: string | null;
  /** The uplink is one more viewer of this fan-out. */
  fanOut: FanOut;
  peer: PeerOptions;
  fetch: typeof fetch;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  /** `reason` is a sentence for the studio's status bar; null when all is well. */
  onState(state: UplinkState, reason: string | null): void;
};

export type WhipClient = {
  state(): UplinkState;
  /** Ends the session on the server (DELETE, at most 2 s) and stops trying. */
  close(): Promise<void>;
};
