// By which way the picture comes: WebRTC, or a WebSocket where a network lets no UDP through. Pure,
// from what arrives and when, never from a guess about the network: the other way is begun beside
// the first when no picture came for a moment, whichever brings one is shown, and the way back is
// tried later. Surprising: a publisher that stalls looks the same from here, so both are tried and
// the first to bring something new wins.

import type { PlayerState } from '../ui/whepPlayer.ts';
import type { Transport } from './address.ts';

/**
 * Why the picture comes by WebSocket. `blocked`: no way was found for UDP. `starved`: one was, and
 * too little came by it; a machine that is too busy looks so, too.
 */
export type TransportReason = 'blocked' | 'starved' | 'noH264' | 'asked';

/** No new picture for so long though the show is live: the other way is begun as well, ms. */
export const BEGIN_STREAM_AFTER_MS = 1200;
/** WebRTC is given up when it brought nothing for so long and the other way plays, ms. */
export const GIVE_UP_AFTER_MS = 6000;
/** The way back is tried after this long, twice as long after each failure, ms. */
export const TRY_BACK_FIRST_MS = 30_000;
export const TRY_BACK_MS_MAX = 300_000;
/** A try takes this long, ms. */
const TRY_MS = 5000;

export type TransportFacts = {
  nowMs: number;
  player: PlayerState;
  /** WebRTC found a way to here. */
  hasPath: boolean;
  /** When the present WebRTC connection was asked for. */
  connectedAtMs: number;
  /** New pictures by each way, null before any. */
  elementFrameMs: number | null;
  streamFrameMs: number | null;
  /** The relay says that the show is live and the studio there. */
  isShowLive: boolean;
};

export type TransportPlan = {
  /** Which players must run. */
  webrtc: boolean;
  stream: boolean;
  /** Whose pictures are shown. */
  shown: Transport;
  reason: TransportReason | null;
};

export type TransportOptions = {
  /** From the page's address; null: as it turns out. */
  asked: Transport | null;
  /** This browser can decode by itself. */
  canStream: boolean;
};

export class TransportChooser {
  readonly #options: TransportOptions;
  #plan: TransportPlan;
  /** When both ways were begun. */
  #sinceMs = 0;
  #tryBackAtMs = 0;
  #tryBackMs = TRY_BACK_FIRST_MS;
  #isTrying = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    const isAsked = options.asked === 'websocket' && options.canStream;
    this.#plan = isAsked
      ? { webrtc: false, stream: true, shown: 'websocket', reason: 'asked' }
      : { webrtc: true, stream: false, shown: 'webrtc', reason: null };
  }

  get plan(): TransportPlan {
    return this.#plan;
  }

  /** What must run now. */
  look(facts: TransportFacts): TransportPlan {
    const { asked, canStream } = this.#options;
    if (asked === 'webrtc' || this.#plan.reason === 'asked') return this.#plan;
    if (!canStream) this.#cannotStream(facts);
    else if (facts.player === 'noVideoCodec') {
      this.#plan = { webrtc: false, stream: true, shown: 'websocket', reason: 'noH264' };
    } else if (!this.#plan.stream) this.#onlyWebrtc(facts);
    else if (this.#plan.webrtc) this.#both(facts);
    else this.#onlyStream(facts);
    return this.#plan;
  }

  /** Nothing to fall back on; but why there is no picture is known after a while. */
  #cannotStream(facts: TransportFacts): void {
    const since = Math.max(facts.connectedAtMs, facts.elementFrameMs ?? 0);
    const isBlocked = facts.isShowLive && facts.player === 'connecting' && !facts.hasPath;
    const reason = isBlocked && facts.nowMs - since > GIVE_UP_AFTER_MS ? 'blocked' : null;
    this.#plan = { ...this.#plan, reason };
  }

  #onlyWebrtc(facts: TransportFacts): void {
    if (!facts.isShowLive || facts.player === 'notLive') return;
    const since = Math.max(facts.connectedAtMs, facts.elementFrameMs ?? 0);
    if (facts.nowMs - since < BEGIN_STREAM_AFTER_MS) return;
    this.#sinceMs = facts.nowMs;
    this.#isTrying = false;
    this.#plan = { webrtc: true, stream: true, shown: 'webrtc', reason: null };
  }

  #both(facts: TransportFacts): void {
    const { nowMs, elementFrameMs, streamFrameMs } = facts;
    if (elementFrameMs !== null && elementFrameMs > this.#sinceMs) {
      this.#tryBackMs = TRY_BACK_FIRST_MS;
      this.#plan = { webrtc: true, stream: false, shown: 'webrtc', reason: null };
      return;
    }
    const hasStream = streamFrameMs !== null && streamFrameMs > this.#sinceMs;
    const reason = facts.hasPath ? 'starved' : 'blocked';
    if (hasStream) this.#plan = { ...this.#plan, shown: 'websocket', reason };
    const givenMs = this.#isTrying ? TRY_MS : GIVE_UP_AFTER_MS;
    if (!hasStream || nowMs - this.#sinceMs < givenMs) return;
    if (this.#isTrying) this.#tryBackMs = Math.min(TRY_BACK_MS_MAX, this.#tryBackMs * 2);
    this.#tryBackAtMs = nowMs + this.#tryBackMs;
    this.#plan = { ...this.#plan, webrtc: false };
  }

  #onlyStream(facts: TransportFacts): void {
    const { nowMs, streamFrameMs } = facts;
    const isSilent =
      facts.isShowLive && nowMs - Math.max(streamFrameMs ?? 0, this.#sinceMs) > GIVE_UP_AFTER_MS;
    if (nowMs < this.#tryBackAtMs && !isSilent) return;
    this.#sinceMs = nowMs;
    this.#isTrying = true;
    this.#plan = { ...this.#plan, webrtc: true };
  }
}
