// What another guard would have changed: each bet of a decided market, judged by the media-clock
// rule once with the guard it had and once with the other. Pure; it reads commands and moves nothing.

import { z } from 'zod';
import { cutoffUs, isLate } from '../../core/markets/mediaClock.ts';
import { requestArgs } from '../../native/ledger/protocol.ts';
import type { Command } from './readShow.ts';

export type Flip = {
  marketId: string;
  title: string;
  betId: string;
  outcome: number;
  amountMinor: number;
  /** How long before the deciding picture it arrived, ms; negative: after it. */
  beforeMs: number;
  /** What it would be now. */
  now: 'stands' | 'void';
};

const bound = z.object({ marketId: z.string() });

/**
 * Bets that the other guard would have decided otherwise, in the order of their arrival.
 *
 * @param accepted ids of the bets that the ledger took
 */
export function guardFlips(
  commands: readonly Command[],
  guardMs: number,
  accepted: ReadonlySet<string>,
): Flip[] {
  const rules = new Map<string, { title: string; guardMs: number }>();
  const moments = new Map<string, number>();
  const bets: z.infer<typeof requestArgs.placeBet>[] = [];
  for (const { name, args } of commands) {
    const { data } = bound.safeParse(args);
    if (!data) continue;
    if (name === 'openMarket') rules.set(data.marketId, requestArgs.openMarket.parse(args).rules);
    if (name === 'placeBet') bets.push(requestArgs.placeBet.parse(args));
    const momentUs = momentOf(name, args);
    if (momentUs === null) continue;
    // A correction's moment takes the place of the first; before that the earliest cuts.
    const known = name === 'correctMarket' ? undefined : moments.get(data.marketId);
    moments.set(data.marketId, Math.min(momentUs, known ?? momentUs));
  }
  return bets.flatMap((bet) => {
    const market = rules.get(bet.marketId);
    const tCapUs = moments.get(bet.marketId);
    if (!market || tCapUs === undefined || !accepted.has(bet.betId)) return [];
    const was = isLate(bet.arrivedUs, cutoffUs(tCapUs, market.guardMs));
    const is = isLate(bet.arrivedUs, cutoffUs(tCapUs, guardMs));
    if (was === is) return [];
    const { marketId, betId, outcome, amountMinor } = bet;
    const beforeMs = (tCapUs - bet.arrivedUs) / 1000;
    const now = is ? ('void' as const) : ('stands' as const);
    return [{ marketId, title: market.title, betId, outcome, amountMinor, beforeMs, now }];
  });
}

function momentOf(name: string, args: unknown): number | null {
  if (name === 'lockMarket') return requestArgs.lockMarket.parse(args).tCapUs;
  if (name === 'correctMarket') return requestArgs.correctMarket.parse(args).tCapUs;
  if (name !== 'resolveMarket') return null;
  return requestArgs.resolveMarket.parse(args).evidence?.captureUs ?? null;
}
