// One viewer as the audience holds it: who it is, and how much it may ask. A relay that forgets
// its own limits changes nothing, because the same ones stand here.

import type { ViewerJoined } from '../../core/wire/gen/facts_pb.js';
import { TokenBucket } from '../../core/wire/tokenBucket.ts';
import type { Refusal } from '../../core/wire/viewerReplies.ts';

/** Bets, withdrawals and sales of one viewer. */
const MOVES = { perSecond: 5, burst: 20 };
/** Prices asked for: one for every change of the stake, and a few in a burst. */
const QUOTES = { perSecond: 4, burst: 12 };
/** Everything else: history and own limits. */
const QUESTIONS = { perSecond: 1, burst: 8 };

export type Viewer = {
  readonly id: string;
  readonly subject: string;
  readonly publicKey: string;
  /** Keyed hash of where it comes from; empty when unknown. */
  readonly network: string;
  /** It heard all that was said to everybody; only what is its own is told again. */
  readonly hasResumed: boolean;
  /** null: bound. A promise: on the way. A refusal is final for this connection. */
  binding: Promise<Refusal | null> | null;
  readonly moves: TokenBucket;
  readonly quotes: TokenBucket;
  readonly questions: TokenBucket;
  /** Questions without an answer yet. */
  waiting: number;
  report: { atUs: number; delayMs: number } | null;
};

export function newViewer(
  joined: Omit<ViewerJoined, '$typeName' | '$unknown'>,
  nowUs: number,
): Viewer {
  return {
    id: joined.viewerId,
    subject: joined.subject,
    publicKey: joined.publicKey,
    network: joined.network,
    hasResumed: joined.resumed,
    binding: null,
    moves: new TokenBucket({ ...MOVES, nowUs }),
    quotes: new TokenBucket({ ...QUOTES, nowUs }),
    questions: new TokenBucket({ ...QUESTIONS, nowUs }),
    waiting: 0,
    report: null,
  };
}
