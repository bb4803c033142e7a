// Answers a viewer's WHEP offer with a session of a fan-out.

import type { Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { PeerOptions } from './peer.ts';

export type WhepOptions = {
  peer: PeerOptions;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  /** ICE and DTLS are through. */
  onConnected?(): void;
  /** The viewer left, failed or was closed; called once. */
  onClosed?(): void;
};

export type WhepSession = {
  /** 128 random bits, hexadecimal. */
  sessionId: string;
  answerSdp: string;
  /** The answer's ICE user fragment: a restart shows by another one. */
  close(): void;
};
