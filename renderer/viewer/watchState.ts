// What the viewer page says about the picture, and when it asks for a new connection. Pure, from
// frames and facts, never from a button: "live" means that frames are on the screen now. What is
// surprising: a studio that restarts keeps its viewers' connections, so while the relay says the
// studio is away nobody connects anew; the picture returns on the old connection.

import type { PlayerState } from '../ui/whepPlayer.ts';

export type WatchState = 'connecting' | 'live' | 'stalled' | 'ended' | 'noH264';

/** No new frame for so long: stalled. */
export const STALLED_AFTER_MS = 500;
/** Stalled for so long with a relay that has the studio: a new connection is asked for. */
export const RENEW_AFTER_MS = 1500;
/** A new connection gets this long before the next one is tried; twice as long after each. */
export const RENEW_GAP_MS = 3000;
const RENEW_GAP_MS_MAX = 24_000;

export type WatchFacts = {
  nowMs: number;
  player: PlayerState;
  /** When the last frame was presented, or decoded while the page was hidden; null before any. */
  lastFrameMs: number | null;
  /** As the relay told it; null while unknown or while the line to the relay is down. */
  show: 'ready' | 'live' | 'ended' | null;
  /** Frames come, but they are a still picture in place of one that does not. */
  isSlate?: boolean;
};

/** The state to show. `ended` covers "not begun": in both there is no show and no picture. */
export function watchStateOf(facts: WatchFacts): WatchState {
  if (facts.player === 'noVideoCodec') return 'noH264';
  const { lastFrameMs, nowMs } = facts;
  if (lastFrameMs !== null && nowMs - lastFrameMs < STALLED_AFTER_MS) {
    return facts.isSlate ? 'stalled' : 'live';
  }
  if (facts.show === 'ended' || facts.show === 'ready') return 'ended';
  return lastFrameMs === null ? 'connecting' : 'stalled';
}

export type RenewFacts = {
  nowMs: number;
  state: WatchState;
  player: PlayerState;
  lastFrameMs: number | null;
  /** When the present connection was asked for. */
  connectedAtMs: number;
  /** Connections asked for since the last new frame. */
  renewals: number;
  /** The relay's word that the studio is connected; null while the line to the relay is down. */
  studioConnected: boolean | null;
  /** When the line to the relay came back after a loss; null when it never was lost. */
  relayBackMs: number | null;
};

/** True when the present connection will not come back by itself and another should be tried. */
export function shouldRenew(facts: RenewFacts): boolean {
  if (facts.state !== 'stalled' || facts.lastFrameMs === null) return false;
  // The player is already asking: it retries by itself.
  if (facts.player === 'connecting' || facts.player === 'notLive') return false;
  const { nowMs, connectedAtMs, relayBackMs } = facts;
  // A relay that was away and is back knows nothing of the old connection.
  if (relayBackMs !== null && relayBackMs > connectedAtMs) return true;
  const gapMs = Math.min(RENEW_GAP_MS_MAX, RENEW_GAP_MS * 2 ** Math.max(0, facts.renewals - 1));
  if (nowMs - connectedAtMs < gapMs) return false;
  if (facts.studioConnected === false) return false;
  return nowMs - facts.lastFrameMs >= RENEW_AFTER_MS;
}
