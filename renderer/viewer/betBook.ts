// Every bet of this device, so that none is made twice and none stays unsure. A bet is stored with
// its own id before it is sent, and sent again with the same id until a receipt or a refusal comes.
// It must never invent an answer: only the ledger's words move a bet on. What is surprising: the
// same answers in any order, doubled or late, give the same book (a test shuffles them).

import { newId, type RandomBytes } from '../../core/base/ids.ts';

/** How far a bet has come. Later ones outrank earlier ones; nothing ever goes back. */
export type BetState = 'sent' | 'refused' | 'confirmed' | 'won' | 'lost' | 'refunded';

export type BetRecord = {
  betId: string;
  marketId: string;
  outcome: number;
  amountMinor: number;
  marketTitle: string;
  outcomeLabel: string;
  /** When the page made it, ms since 1970, for the order of the list only. */
  madeAtMs: number;
  state: BetState;
  /** Journal row of the receipt; 0 until confirmed. */
  seq: number;
  hash: string;
  /** Journal row of the settlement; a correction is a later row. 0 until settled. */
  settledSeq: number;
  /** Refusal code, or why the last attempt has to wait; empty when neither. */
  code: string;
  message: string;
  paidMinor: number;
  /** Why it was won, lost or refunded, one sentence. */
  reason: string;
};

/** Where bets are kept. Each bet has its own entry, so two tabs never overwrite each other. */
export type BetStorage = {
  list(): BetRecord[];
  /** Throws when the entry cannot be kept. */
  write(record: BetRecord): void;
  remove(betId: string): void;
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
};

/** One line of the ledger about a bet: pending, or how it ended. */
export type BetOutcome = BetAnswer & {
  marketTitle: string;
  outcomeLabel: string;
  result: 'pending' | 'won' | 'lost' | 'refunded';
  paidMinor: number;
  reason: string;
  atMs: number;
};

/** Refusals that say "not now" and decide nothing: the bet waits and is sent again. */
export const WAITING_CODES: ReadonlySet<string> = new Set([
  'STUDIO_AWAY',
  'LEDGER_UNAVAILABLE',
  'RATE_LIMITED',
]);

/** Bets kept on the device; the ledger holds them all. */
export const BETS_KEPT = 200;
/** Bets that may wait for an answer at the same time. */
export const BETS_WAITING_MAX = 20;
/** An answer that does not come in this time is asked for again with the same id. */
export const ANSWER_PATIENCE_MS = 3000;
export const RETRY_FIRST_MS = 500;
export const RETRY_CAP_MS = 8000;

const RANK: Record<BetState, number> = {
  sent: 0,
  refused: 1,
  confirmed: 2,
  lost: 3,
  refunded: 3,
  won: 3,
};

/** When a waiting bet is due again, and how often it was sent. Never stored: a reload asks anew. */
type Attempt = { count: number; dueAtMs: number };

export class BetBook {
  #storage: BetStorage;
  #random: RandomBytes;
  #records = new Map<string, BetRecord>();
  #attempts = new Map<string, Attempt>();

  constructor(options: { storage: BetStorage; random: RandomBytes }) {
    this.#storage = options.storage;
    this.#random = options.random;
    for (const record of options.storage.list()) this.#records.set(record.betId, record);
  }

  /** All bets, newest first. */
  list(): BetRecord[] {
    return [...this.#records.values()].sort(
      (one, other) => other.madeAtMs - one.madeAtMs || (one.betId < other.betId ? -1 : 1),
    );
  }

  /**
   * Makes a bet and stores it; sending is up to `takeDue`.
   *
   * @throws RangeError when too many bets wait, or the amount is not a positive whole number
   * @throws whatever the storage throws: then the bet does not exist and nothing was sent
   */
  place(
    wish: Pick<
      BetRecord,
      'marketId' | 'outcome' | 'amountMinor' | 'marketTitle' | 'outcomeLabel' | 'madeAtMs'
    >,
  ): BetRecord {
    if (!Number.isSafeInteger(wish.amountMinor) || wish.amountMinor <= 0) {
      throw new RangeError('A stake is a whole number of points, at least 1.');
    }
    if (this.#waitingCount() >= BETS_WAITING_MAX) {
      throw new RangeError(
        'Too many bets wait for an answer. Wait until one of them is confirmed.',
      );
    }
    const record: BetRecord = { ...blankRecord(), ...wish, betId: newId(this.#random) };
    this.#storage.write(record);
    this.#records.set(record.betId, record);
    this.#forgetOld();
    return record;
  }

  /** Bets to send now; each is due again after a back-off unless it is answered first. */
  takeDue(nowMs: number): BetRecord[] {
    const due: BetRecord[] = [];
    for (const record of this.#records.values()) {
      if (record.state !== 'sent') continue;
      const attempt = this.#attempts.get(record.betId) ?? { count: 0, dueAtMs: nowMs };
      if (attempt.dueAtMs > nowMs) continue;
      this.#attempts.set(record.betId, {
        count: attempt.count + 1,
        dueAtMs: nowMs + Math.max(ANSWER_PATIENCE_MS, retryDelayMs(attempt.count)),
      });
      due.push(record);
    }
    return due;
  }

  /** A new connection knows nothing of what the old one lost: everything unanswered is due now. */
  connectionOpened(): void {
    this.#attempts.clear();
  }

  /** A receipt, a refusal, or "not now". */
  answered(answer: BetAnswer, nowMs: number): void {
    const known = this.#records.get(answer.betId);
    if (!known) return;
    if (answer.seq > 0) {
      // The receipt's row is the bet's own, also when the settlement was faster.
      const state = RANK[known.state] > RANK.confirmed ? known.state : 'confirmed';
      this.#keep({ ...known, state, seq: answer.seq, hash: answer.hash, code: '', message: '' });
      return;
    }
    if (answer.code === '') return;
    if (WAITING_CODES.has(answer.code)) {
      this.#wait(known, answer, nowMs);
      return;
    }
    if (RANK[known.state] > RANK.refused) return;
    this.#keep({ ...known, state: 'refused', code: answer.code, message: answer.message });
  }

  /** What the ledger says about a bet, asked for or not. Unknown ones are adopted. */
  told(outcome: BetOutcome): void {
    const known = this.#records.get(outcome.betId) ?? adopt(outcome);
    const receipt = {
      seq: known.seq > 0 ? known.seq : outcome.seq,
      hash: known.seq > 0 ? known.hash : outcome.hash,
      code: '',
      message: '',
    };
    if (outcome.result === 'pending') {
      if (RANK[known.state] < RANK.confirmed) {
        this.#keep({ ...known, ...receipt, state: 'confirmed' });
      }
      return;
    }
    if (outcome.seq < known.settledSeq) return;
    this.#keep({
      ...known,
      ...receipt,
      state: outcome.result,
      settledSeq: outcome.seq,
      paidMinor: outcome.paidMinor,
      reason: outcome.reason,
    });
  }

  #wait(known: BetRecord, answer: BetAnswer, nowMs: number): void {
    if (known.state !== 'sent') return;
    const attempt = this.#attempts.get(known.betId);
    const count = Math.max(1, attempt?.count ?? 1);
    this.#attempts.set(known.betId, { count, dueAtMs: nowMs + retryDelayMs(count - 1) });
    this.#records.set(known.betId, { ...known, code: answer.code, message: answer.message });
  }

  #keep(next: BetRecord): void {
    this.#attempts.delete(next.betId);
    this.#records.set(next.betId, next);
    try {
      this.#storage.write(next);
    } catch {
      // The ledger holds the truth; a full storage only costs this device its copy.
    }
    this.#forgetOld();
  }

  #waitingCount(): number {
    let count = 0;
    for (const record of this.#records.values()) if (record.state === 'sent') count++;
    return count;
  }

  /** Drops the oldest answered bets over the bound; an unanswered one is never dropped. */
  #forgetOld(): void {
    let over = this.#records.size - BETS_KEPT;
    if (over <= 0) return;
    for (const record of this.list().reverse()) {
      if (over <= 0) return;
      if (record.state === 'sent') continue;
      this.#records.delete(record.betId);
      this.#storage.remove(record.betId);
      over--;
    }
  }
}

/** Back-off after the given number of earlier attempts, ms. */
export function retryDelayMs(attempts: number): number {
  return Math.min(RETRY_CAP_MS, RETRY_FIRST_MS * 2 ** Math.min(attempts, 10));
}

function blankRecord(): BetRecord {
  return {
    betId: '',
    marketId: '',
    outcome: 0,
    amountMinor: 0,
    marketTitle: '',
    outcomeLabel: '',
    madeAtMs: 0,
    state: 'sent',
    seq: 0,
    hash: '',
    settledSeq: 0,
    code: '',
    message: '',
    paidMinor: 0,
    reason: '',
  };
}

function adopt(outcome: BetOutcome): BetRecord {
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
