// What the ledger tells about a market, a balance or a bet: the folded state joined with the texts
// that stand beside the journal. Reads only.

import { type Bet, isStaffOf, type Market } from '../../core/ledger/fold.ts';
import { milliSharesLeft } from '../../core/ledger/foldMoves.ts';
import { debtAccount, HOUSE, userAccount } from '../../core/ledger/rows.ts';
import { type MarketRules, marketRulesSchema } from '../../core/markets/rules.ts';
import type { Journal } from './journal.ts';
import { pricesPermille } from './positions.ts';
import type {
  LedgerBalance,
  LedgerHistoryEntry,
  LedgerMarket,
  Receipt,
  RequestResult,
} from './protocol.ts';

/** The rules of a market, or null when their text was erased. */
export function rulesOfMarket(journal: Journal, market: Market): MarketRules | null {
  const text = journal.textOf(market.rules);
  if (!text) return null;
  const parsed = marketRulesSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

export function marketView(journal: Journal, market: Market): LedgerMarket {
  const rules = rulesOfMarket(journal, market);
  return {
    id: market.id,
    templateId: rules?.templateId ?? '',
    title: rules?.title ?? '(erased)',
    outcomes: market.poolsMinor.map((poolMinor, index) => ({
      label: rules?.outcomes[index] ?? `Outcome ${index + 1}`,
      poolMinor,
      bettors: market.shelved?.bettors[index] ?? market.bettors[index]?.size ?? 0,
    })),
    state: market.isSettling ? 'LOCKED' : market.state,
    opensAtUs: market.opensAtUs,
    lockAtUs: market.lockAtUs,
    horizonAtUs: market.horizonAtUs,
    deadlineAtUs: market.deadlineAtUs,
    guardMs: market.guardMs,
    winner: market.isSettling ? null : market.winner,
    reason: journal.textOf(market.reason) ?? '(erased)',
    decidedCaptureUs: market.tCapUs ?? 0,
    rulesHash: market.rules,
    voidedBets: market.voidedBets,
    paidMinor: market.paidMinor,
    ...(market.budgetMinor > 0
      ? { prices: { quoteSeq: market.quoteSeq, permille: pricesPermille(market) } }
      : {}),
    ...(market.revision > 0 ? { revision: market.revision } : {}),
    rules,
    cutoffUs: market.cutoffUs,
    ...(market.state === 'RESOLVED' && !market.isSettling
      ? { resolvedAtUs: market.resolvedAtUs }
      : {}),
  };
}

export function balanceView(journal: Journal, subject: string): LedgerBalance {
  const account = journal.state.accounts.get(userAccount(subject));
  if (!account) return { availableMinor: 0, stakedMinor: 0 };
  const debtMinor = -(journal.state.accounts.get(debtAccount(subject))?.posted ?? 0);
  return {
    availableMinor: account.posted - account.pendingOut,
    stakedMinor: account.pendingOut,
    ...(debtMinor > 0 ? { debtMinor } : {}),
  };
}

/** All points together: every account is counted, so it is asked for rarely. */
export function booksView(journal: Journal): RequestResult<'books'> {
  const { accounts, seq } = journal.state;
  let count = 0;
  let pointsMinor = 0;
  for (const [name, { posted }] of accounts) {
    if (!name.startsWith('user:')) continue;
    count++;
    pointsMinor += posted;
  }
  const grantedMinor = -(accounts.get(HOUSE)?.posted ?? 0);
  const hash = Buffer.from(journal.lastHash).toString('hex');
  return { seq, hash, accounts: count, pointsMinor, grantedMinor };
}

/** Who bet or is banned: banned ones first, then whoever bet last. */
export function bettorsView(journal: Journal, limit: number): RequestResult<'bettors'>['bettors'] {
  const { state } = journal;
  const view = (subject: string) => {
    const { bets, lastAtUs } = state.bettors.get(subject) ?? { bets: 0, lastAtUs: 0 };
    return {
      subject,
      isBanned: state.banned.has(subject),
      isStaff: isStaffOf(state, subject, ''),
      bets,
      ...balanceView(journal, subject),
      lastBetAtUs: lastAtUs,
    };
  };
  const others = [...state.bettors]
    .filter(([subject]) => !state.banned.has(subject))
    .sort(([, one], [, other]) => other.lastSeq - one.lastSeq)
    .map(([subject]) => subject);
  const crew = [...state.staff.keys()].filter(
    (subject) => !state.banned.has(subject) && !state.bettors.has(subject),
  );
  return [...state.banned, ...crew, ...others].slice(0, limit).map(view);
}

export function receiptOf(bet: Bet, hash: string): Receipt {
  return {
    betId: bet.id,
    subject: bet.subject,
    marketId: bet.market,
    outcome: bet.outcome,
    amountMinor: bet.amountMinor,
    seq: bet.seq,
    hash,
    atUs: bet.atUs,
  };
}

export function historyEntry(
  journal: Journal,
  bet: Bet,
  rulesOf = (market: Market) => rulesOfMarket(journal, market),
): LedgerHistoryEntry {
  const market = journal.market(bet.market);
  const rules = market ? rulesOf(market) : null;
  return {
    ...receiptOf(bet, journal.hashHexOf(bet.seq)),
    marketTitle: rules?.title ?? '(erased)',
    outcomeLabel: rules?.outcomes[bet.outcome] ?? `Outcome ${bet.outcome + 1}`,
    ...movesOf(bet),
    ...(market ? resultOf(journal, bet, market) : { result: 'PENDING', paidMinor: 0, reason: '' }),
  };
}

/** What its bettor did with it since. */
function movesOf(bet: Bet): Pick<LedgerHistoryEntry, 'withdrawnAtUs' | 'shares'> {
  const { milliShares, withdrawnAtUs } = bet;
  const standing = bet.sales.filter((sale) => sale.state !== 'VOID');
  const soldMinor = standing.reduce((sum, sale) => sum + sale.amountMinor, 0);
  return {
    ...(withdrawnAtUs === null ? {} : { withdrawnAtUs }),
    ...(milliShares > 0
      ? { shares: { milliShares, milliSharesLeft: milliSharesLeft(bet), soldMinor } }
      : {}),
  };
}

type Result = Pick<LedgerHistoryEntry, 'result' | 'paidMinor' | 'reason'>;

function resultOf(journal: Journal, bet: Bet, market: Market): Result {
  if (bet.state === 'PENDING' || market.isSettling)
    return { result: 'PENDING', paidMinor: 0, reason: '' };
  if (bet.state === 'VOID') {
    return {
      result: 'REFUNDED',
      paidMinor: bet.amountMinor,
      reason: refundReason(journal, bet, market),
    };
  }
  const reason = journal.textOf(market.reason) ?? '';
  return bet.paidMinor > 0
    ? { result: 'WON', paidMinor: bet.paidMinor, reason }
    : { result: 'LOST', paidMinor: 0, reason };
}

function refundReason(journal: Journal, bet: Bet, market: Market): string {
  if (bet.why === 'LATE_MEDIA') return 'The bet arrived after the picture that decided the market.';
  if (bet.why === 'GUEST_SHARE') return 'Guests may hold only a part of this pool.';
  if (bet.why === 'WITHDRAWN') return 'You took this bet back in time.';
  if (bet.why === 'MARKET_VOID') return journal.textOf(market.reason) ?? '';
  const hadWinner =
    market.shelved?.hadWinner ??
    market.bets.some((other) => other.why === 'REFUND' && other.outcome === market.winner);
  return hadWinner ? 'Nobody else had bet.' : 'Nobody had bet on the winning outcome.';
}
