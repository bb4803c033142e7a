// The auditor's own books: what it remembers of bets and markets. Types only.

export type AuditedSale = { at: number; shares: bigint; amount: bigint };
export type AuditedBet = {
  id: string;
  amount: bigint;
  user: string;
  market: string;
  outcome: number;
  arrivedUs: number;
  withdrawnUs: number;
  fate: 'open' | 'posted' | 'void';
  /** Given back because guests held too much of the pool. */
  isOverShare: boolean;
  hasPayout: boolean;
  /** All that it brought. */
  paid: bigint;
  /** What its bettor gained by it in all transfers; a debt counts as paid. */
  net: bigint;
  shares: bigint;
  sales: AuditedSale[];
};
export type MarketBook = {
  bets: AuditedBet[];
  isLocked: boolean;
  hasEnded: boolean;
  isInParts: boolean;
  /** What is done in parts is a correction, and its row comes next. */
  isToCorrect: boolean;
  guardUs: number;
  lockAtUs: number;
  deadlineAtUs: number;
  cutoffUs: number;
  winner: number;
  isPaid: boolean;
  rakePoints: number;
  rake: bigint;
  /** 0n where winners share the pool. */
  budget: bigint;
  lastMoveUs: number;
  resolvedAtUs: number;
  hasGuestShare: boolean;
  revision: number;
};

/** Until when somebody may not bet, and a looser end that waits. */
export type Exclusion = { untilUs: number; waiting: { untilUs: number; fromUs: number } | null };
