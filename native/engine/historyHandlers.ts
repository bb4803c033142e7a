// Bets and markets that were, for the studio's page: pages of the ledger with the names that the
// crew knows. Names are joined here because the ledger knows pseudonyms only, so a search for one
// looks through pages here, a few at a time. Reads only.

import type { PastBet } from '../../core/contract/historyOperations.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { MarketView } from '../../core/contract/state.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { LedgerHistoryEntry } from '../ledger/protocol.ts';
import type { Markets } from '../markets/markets.ts';
import { type CrewActRooms, wallOf } from './crewActs.ts';

/** Pages of the ledger that one search looks through. */
const SEARCH_PAGES = 5;
const SEARCH_PAGE = 200;

export type HistoryRooms = Pick<CrewActRooms, 'around'> & {
  ledger: Pick<LedgerClient, 'bets'>;
  markets: Pick<Markets, 'history'>;
  peopleRooms: { chat: Pick<CrewActRooms['peopleRooms']['chat'], 'nameOf'> };
};

/** @param refusable turns a room's refusal into the contract's error */
export function createHistoryHandlers(
  rooms: HistoryRooms,
  refusable: <Result>(run: () => Promise<Result>) => Promise<Result> = (run) => run(),
): Pick<Handlers, 'history'> {
  return {
    history: {
      bets: (args) => refusable(() => pastBets(rooms, args)),
      markets: (args) => refusable(() => pastMarkets(rooms, args)),
    },
  };
}

type BetArgs = Parameters<Handlers['history']['bets']>[0];

async function pastBets(rooms: HistoryRooms, { words, limit, subject, marketId, ...at }: BetArgs) {
  const wanted = plain(words);
  const of = { ...(subject ? { subject } : {}), ...(marketId ? { marketId } : {}) };
  const bets: PastBet[] = [];
  let nextSeq = at.beforeSeq;
  for (let page = 0; page < SEARCH_PAGES && bets.length < limit; page++) {
    const asked = wanted === '' ? limit - bets.length : SEARCH_PAGE;
    const found = await rooms.ledger.bets({ beforeSeq: nextSeq, limit: asked, ...of });
    nextSeq = found.nextSeq;
    for (const entry of found.entries) {
      const bet = pastBetOf(rooms, entry);
      if (!textOfBet(bet).includes(wanted)) continue;
      bets.push(bet);
      if (bets.length < limit) continue;
      nextSeq = entry.seq > 1 ? entry.seq : null;
      break;
    }
    if (nextSeq === null) break;
  }
  return { bets, nextSeq };
}

function pastBetOf(rooms: HistoryRooms, entry: LedgerHistoryEntry): PastBet {
  const { seq, betId, subject, marketId, marketTitle, outcome, outcomeLabel } = entry;
  const { amountMinor, result, paidMinor, atUs } = entry;
  return {
    ...{ seq, betId, subject, name: rooms.peopleRooms.chat.nameOf(subject) },
    ...{ marketId, question: marketTitle, outcome, outcomeLabel },
    ...{ amountMinor, result, paidMinor, atMs: wallOf(rooms.around, atUs) },
  };
}

type MarketArgs = Parameters<Handlers['history']['markets']>[0];

async function pastMarkets({ markets: room }: HistoryRooms, { words, limit, ...at }: MarketArgs) {
  const wanted = plain(words);
  const markets: MarketView[] = [];
  let nextOpensAtUs = at.beforeOpensAtUs;
  for (let page = 0; page < SEARCH_PAGES && markets.length < limit; page++) {
    const found = await room.history({ beforeOpensAtUs: nextOpensAtUs, limit });
    for (const market of found) {
      if (market.state === 'OPEN' || !textOfMarket(market).includes(wanted)) continue;
      markets.push(market);
      if (markets.length === limit) return { markets, nextOpensAtUs: market.opensAtUs };
    }
    nextOpensAtUs = found.length < limit ? null : (found.at(-1)?.opensAtUs ?? null);
    if (nextOpensAtUs === null) break;
  }
  return { markets, nextOpensAtUs };
}

const plain = (words: string) => words.trim().toLowerCase();
const textOfBet = ({ question, outcomeLabel, name }: PastBet) =>
  plain([question, outcomeLabel, name].join(' '));
const textOfMarket = ({ title, outcomes, reason }: MarketView) =>
  plain([title, ...outcomes.map(({ label }) => label), reason].join(' '));
