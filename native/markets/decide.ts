// What the clock and the judged picture demand of a market. Pure: no timers, no ledger. "It did not
// happen" is a statement about every frame of the question, so one missing stretch forbids it.

import type { GameEvent } from '../../core/contract/events.ts';
import { EVENTS_OF_PLACES } from '../../core/contract/visionState.ts';
import type { MarketRules } from '../../core/markets/rules.ts';
import type { LedgerMarket } from '../ledger/protocol.ts';

/** A stretch of the capture clock that nobody judged, and why, as the sentence for the bettors. */
export type Hole = {
  fromUs: number;
  toUs: number;
  kind: 'picture' | 'cut' | 'vision' | 'places' | 'restart';
};

/** Shorter ones of the picture are a camera's stutter, no missing picture: 15 frames at 30 fps. */
export const HOLE_US_MIN = 500_000;

export type Due =
  | { kind: 'lock'; reason: string; tCapUs?: number }
  | { kind: 'resolve'; outcome: number; reason: string }
  | { kind: 'void'; reason: string };

/** Whether this event decides a market with these rules. Both ends of the question count. */
export function eventDecides(rules: MarketRules, event: GameEvent): boolean {
  return isBound(rules, rules.decideOn, event);
}

/** Whether this event ends the betting of a market with these rules, before its time. */
export function eventLocks(rules: MarketRules, event: GameEvent): boolean {
  return isBound(rules, rules.lockOn ?? null, event);
}

function isBound(
  rules: MarketRules,
  on: NonNullable<MarketRules['lockOn']> | null,
  event: GameEvent,
): boolean {
  return (
    on !== null &&
    event.type === on.type &&
    (on.subject === null || on.subject === event.subject) &&
    event.confidence * 1000 >= on.minimumConfidencePermille &&
    event.captureUs >= rules.opensAtUs &&
    event.captureUs <= rules.horizonAtUs
  );
}

/** Why "it did not happen" cannot be said of this market; empty when it can. */
export function whyUndecidable(
  market: Pick<LedgerMarket, 'opensAtUs' | 'horizonAtUs'> & { rules?: LedgerMarket['rules'] },
  holes: readonly Hole[],
): string {
  const inside = holes.filter(
    (hole) =>
      (hole.kind !== 'picture' || hole.toUs - hole.fromUs > HOLE_US_MIN) &&
      (hole.kind !== 'places' || isOfPlaces(market)) &&
      hole.toUs > market.opensAtUs &&
      hole.fromUs < market.horizonAtUs,
  );
  if (inside.some((hole) => hole.kind === 'restart')) {
    return 'The studio restarted while the question ran.';
  }
  const missing = inside.filter((hole) => hole.kind === 'picture');
  if (missing.length > 0) {
    const totalUs = missing.reduce((sum, hole) => sum + hole.toUs - hole.fromUs, 0);
    return `The picture was missing for ${(totalUs / 1_000_000).toFixed(1)} s.`;
  }
  // No frame is missing, but what ran on before the cut was not seen to its end.
  if (inside.some((hole) => hole.kind === 'cut')) {
    return 'The show switched to another source while the question ran.';
  }
  if (inside.some((hole) => hole.kind === 'vision')) {
    return 'The picture could not be judged for a while.';
  }
  const lost =
    'Where the lines lie was not known for a while: the camera moved or the picture was cut.';
  return inside.length > 0 ? lost : '';
}

function isOfPlaces({ rules }: { rules?: LedgerMarket['rules'] }): boolean {
  return rules?.decideOn ? EVENTS_OF_PLACES.includes(rules.decideOn.type) : false;
}

/**
 * What is due now, or null. A deciding event is no matter of time and comes elsewhere.
 *
 * @param judgedUntilUs all frames captured up to then have been judged
 * @param isDisputed witnesses disagree: only people decide, until the deadline
 */
export function dueNow(
  market: LedgerMarket,
  now: { nowUs: number; judgedUntilUs: number; holes: readonly Hole[]; isDisputed?: boolean },
): Due | null {
  if (market.state !== 'OPEN' && market.state !== 'LOCKED') return null;
  if (market.rules?.decideOn && now.judgedUntilUs >= market.horizonAtUs && !now.isDisputed) {
    const reason = whyUndecidable(market, now.holes);
    return reason === ''
      ? { kind: 'resolve', outcome: market.rules.otherwise, reason: 'It did not happen in time.' }
      : { kind: 'void', reason };
  }
  if (now.nowUs >= market.deadlineAtUs) {
    return { kind: 'void', reason: 'The question could not be decided in time.' };
  }
  if (market.state === 'OPEN' && now.nowUs >= market.lockAtUs) {
    return { kind: 'lock', reason: 'The betting window ended.' };
  }
  return null;
}
