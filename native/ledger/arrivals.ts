// When the bets of a market arrived and which went back, counted where the rows are: a market of a
// hundred thousand bets is told in a few numbers. A read; nothing waits for it on the disk.

import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { arrivalsOf } from '../../core/markets/fairness.ts';
import type { Journal } from './journal.ts';
import type { RequestArgs, RequestResult } from './protocol.ts';

export function arrivalsView(
  journal: Journal,
  { marketId }: RequestArgs<'arrivals'>,
): RequestResult<'arrivals'> {
  const market = journal.market(marketId);
  if (!market) throw new LedgerRefusal('UNKNOWN_MARKET');
  return arrivalsOf(journal.betsOf(marketId), market);
}
