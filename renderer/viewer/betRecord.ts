// One bet as this device keeps it, and the pure steps that answers take it through. Nothing here
// invents an answer: only words of the ledger move a record on, and none of them moves it back.

/** How far a bet has come. Later ones outrank earlier ones; nothing ever goes back. */
export type BetState = 'sent' | 'refused' | 'confirmed' | 'won' | 'lost' | 'refunded';

/** What its bettor wished for since: the stake back, or shares sold. Stored before it is sent. */
export type BetMove = {
  kind: 'withdraw' | 'sale';
  /** A sale's own id; empty for a withdrawal, which the bet's id makes unique. */
  id: string;
  state: 'sent' | 'confirmed' | 'refused';
  milliShares: number;
  /** A sale: the least that was wanted; once confirmed, what is paid when the market ends. */
  amountMinor: number;
  quoteSeq: number;
  code: string;
  message: string;
};

export type BetRecord = {
  betId: string;
  marketId: string;
  outcome: number;
  amountMinor: number;
  marketTitle: string;
  outcomeLabel: string;
  /** When the page made it, ms since 1970, for the order of the list only. */
  madeAtMs: number;
  /** Where bets have prices: the price that was seen, and the least that the stake must buy. */
  quoteSeq: number | null;
  milliSharesMin: number | null;
  state: BetState;
  /** Journal row of the receipt; 0 until confirmed. */
  seq: number;
  hash: string;
  /** The ledger's epoch in which the receipt was last known to hold; 0 while unknown. */
  epoch: number;
  /** A mark that the relay signed covers the row. */
  isWitnessed: boolean;
  /** The relay holds another row in this place: the receipt is the proof. */
  isContested: boolean;
  /** Thousandths of shares bought; 0 where winners share the pool. */
  milliShares: number;
  move: BetMove | null;
  /** Journal row of the settlement; a correction is a later row. 0 until settled. */
  settledSeq: number;
  /** Refusal code, or why the last attempt has to wait; empty when neither. */
  code: string;
  message: string;
  paidMinor: number;
  /** Why it was won, lost or refunded, one sentence. */
  reason: string;
};

/** An answer to a bet, as it came from the wire. */
export type BetAnswer = {
  betId: string;
  marketId: string;
  outcome: number;
  amountMinor: number;
  seq: number;
  hash: string;
  code: string;
  message: string;
  milliShares?: number;
};

/** An answer to a withdrawal or a sale. */
export type MoveAnswer = Pick<BetMove, 'kind' | 'id' | 'amountMinor' | 'code' | 'message'> & {
  betId: string;
  milliShares: number;
};

/** One line of the ledger about a bet: pending, or how it ended. */
export type BetOutcome = BetAnswer & {
  marketTitle: string;
  outcomeLabel: string;
  result: 'pending' | 'won' | 'lost' | 'refunded';
  paidMinor: number;
  reason: string;
  atMs: number;
  isWithdrawn?: boolean;
  /** What its sales bring; 0 when nothing was sold. */
  soldMinor?: number;
};

/** Where bets are kept. Each bet has its own entry, so two tabs never overwrite each other. */
export type BetStorage = {
  list(): BetRecord[];
  /** Throws when the entry cannot be kept. */
  write(record: BetRecord): void;
  remove(betId: string): void;
};

export const RANK: Record<BetState, number> = {
  sent: 0,
  refused: 1,
  confirmed: 2,
  lost: 3,
  refunded: 3,
  won: 3,
};

export function blankRecord(): BetRecord {
  return {
    betId: '',
    marketId: '',
    outcome: 0,
    amountMinor: 0,
    marketTitle: '',
    outcomeLabel: '',
    madeAtMs: 0,
    quoteSeq: null,
    milliSharesMin: null,
    state: 'sent',
    seq: 0,
    hash: '',
    epoch: 0,
    isWitnessed: false,
    isContested: false,
    milliShares: 0,
    move: null,
    settledSeq: 0,
    code: '',
    message: '',
    paidMinor: 0,
    reason: '',
  };
}

/** A record of a bet that another tab or an earlier visit made. */
export function adopt(outcome: BetOutcome): BetRecord {
  return {
    ...blankRecord(),
    betId: outcome.betId,
    marketId: outcome.marketId,
    outcome: outcome.outcome,
    amountMinor: outcome.amountMinor,
    marketTitle: outcome.marketTitle,
    outcomeLabel: outcome.outcomeLabel,
    madeAtMs: outcome.atMs,
  };
}

/** The record after an answer to its withdrawal or sale; the same object when nothing changed. */
export function afterMove(known: BetRecord, answer: MoveAnswer): BetRecord {
  const { move } = known;
  const { kind, id, milliShares, amountMinor, code, message } = answer;
  const isOurs = move !== null && move.kind === kind && move.id === id;
  if (code === '') {
    if (isOurs && move.state === 'confirmed') return known;
    const quoteSeq = move?.quoteSeq ?? 0;
    const taken = { kind, id, milliShares, amountMinor, quoteSeq, code, message };
    return { ...known, move: { ...taken, state: 'confirmed' } };
  }
  if (!isOurs || move.state === 'confirmed') return known;
  return { ...known, move: { ...move, state: 'refused', code, message } };
}

/** The record with what the ledger says its bettor did; wishes of ours that wait stay. */
export function withToldMoves(known: BetRecord, outcome: BetOutcome): BetRecord {
  const milliShares = outcome.milliShares || known.milliShares;
  const soldMinor = outcome.soldMinor ?? 0;
  const record = milliShares === known.milliShares ? known : { ...known, milliShares };
  const none = { id: '', state: 'confirmed', milliShares: 0, quoteSeq: 0, code: '', message: '' };
  const isTaken = record.move?.state === 'confirmed';
  if (outcome.isWithdrawn === true && !isTaken) {
    const move = { ...none, kind: 'withdraw', amountMinor: 0 } as const satisfies object;
    return { ...record, move: { ...move, state: 'confirmed' } };
  }
  if (soldMinor > 0 && record.move?.state !== 'sent') {
    if (isTaken && record.move?.amountMinor === soldMinor) return record;
    const id = record.move?.id ?? '';
    return {
      ...record,
      move: { ...none, kind: 'sale', id, state: 'confirmed', amountMinor: soldMinor },
    };
  }
  return record;
}
