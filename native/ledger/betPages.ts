// The bets of everybody, newest first, page by page, each with what became of it. It reads journal
// and shelf and writes nothing. A page looks at so many rows at most, however few bets stand among
// them: whoever asks goes on from where it ended, and others' bets wait for one page only.

import type { Market } from '../../core/ledger/fold.ts';
import { escrowAccount, parseRow, type Row, userAccount } from '../../core/ledger/rows.ts';
import type { MarketRules } from '../../core/markets/rules.ts';
import type { Journal } from './journal.ts';
import type { LedgerHistoryEntry, RequestArgs, RequestResult } from './protocol.ts';
import { historyEntry, rulesOfMarket } from './views.ts';

/** Rows that one page looks at: some milliseconds. */
const ROWS_LOOKED_AT_MAX = 10_000;
/** Read from the disk at once. */
const ROWS_AT_ONCE = 500;
const KIND = Buffer.from('"kind":"bet"');

/** Bets before a row (null: the newest), at most `limit`; of a bettor, in a market where named. */
export function betPage(journal: Journal, args: RequestArgs<'bets'>): RequestResult<'bets'> {
  const entries: LedgerHistoryEntry[] = [];
  const rulesOf = rememberedRules(journal);
  let beforeSeq = args.beforeSeq ?? journal.state.seq + 1;
  const stopSeq = Math.max(1, beforeSeq - ROWS_LOOKED_AT_MAX);
  while (beforeSeq > stopSeq) {
    const fromSeq = Math.max(stopSeq, beforeSeq - ROWS_AT_ONCE);
    const rows = journal.rowsFrom(fromSeq, beforeSeq - fromSeq).reverse();
    for (const { seq, body } of rows) {
      if (!body.includes(KIND)) continue;
      const row = parseRow(body);
      const bet = isWanted(row, args) ? journal.bet(row.id) : undefined;
      if (!bet) continue;
      entries.push(historyEntry(journal, bet, rulesOf));
      if (entries.length === args.limit) return { entries, nextSeq: seq > 1 ? seq : null };
    }
    beforeSeq = fromSeq;
  }
  return { entries, nextSeq: beforeSeq > 1 ? beforeSeq : null };
}

function isWanted(row: Row, { subject, marketId }: RequestArgs<'bets'>): boolean {
  return (
    row.kind === 'bet' &&
    (subject === undefined || row.dr === userAccount(subject)) &&
    (marketId === undefined || row.cr === escrowAccount(marketId))
  );
}

/** A page is about few markets; their rules are read and checked once. */
function rememberedRules(journal: Journal): (market: Market) => MarketRules | null {
  const known = new Map<string, MarketRules | null>();
  return (market) => {
    let rules = known.get(market.id);
    if (rules === undefined) {
      rules = rulesOfMarket(journal, market);
      known.set(market.id, rules);
    }
    return rules;
  };
}
