// Every bet of this device, so that none is made twice and none stays unsure. A bet, and what its
// bettor wishes to do with it later, is stored with its own id before it is sent, and sent again
// with the same id until a receipt or a refusal comes.
// It must never invent an answer: only the ledger's words move a bet on. What is surprising: the
// same answers in any order, doubled or late, give the same book (a test shuffles them).

import { newId, type RandomBytes } from '../../core/base/ids.ts';
import { Attempts, WAITING_CODES } from './attempts.ts';
import {
  adopt,
  afterMove,
  type BetAnswer,
  type BetMove,
  type BetOutcome,
  type BetRecord,
  type BetStorage,
  blankRecord,
  type MoveAnswer,
  RANK,
  withToldMoves,
} from './betRecord.ts';

export type {
  BetAnswer,
  BetMove,
  BetOutcome,
  BetRecord,
  BetState,
  BetStorage,
  MoveAnswer,
} from './betRecord.ts';

/** Bets kept on the device; the ledger holds them all. */
export const BETS_KEPT = 200;
/** Bets that may wait for an answer at the same time. */
export const BETS_WAITING_MAX = 20;
export class BetBook {
  #storage: BetStorage;
  #random: RandomBytes;
  #records = new Map<string, BetRecord>();
  readonly #attempts = new Attempts();
  readonly #moveAttempts = new Attempts();
  /** How far the relay's signed mark covers the journal; null while none was heard. */
  #mark: { epoch: number; seq: number } | null = null;

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
    > &
      Partial<Pick<BetRecord, 'quoteSeq' | 'milliSharesMin'>>,
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
    return [...this.#records.values()].filter(
      ({ state, betId }) => state === 'sent' && this.#attempts.take(betId, nowMs),
    );
  }

  /**
   * Asks for the stake of a confirmed bet back; sending is up to `takeDueMoves`.
   *
   * @throws whatever the storage throws: then nothing was asked for
   */
  withdraw(betId: string): void {
    this.#wishFor(betId, { kind: 'withdraw', id: '', milliShares: 0, amountMinor: 0, quoteSeq: 0 });
  }

  /** Sells shares of a confirmed bet for what was offered, or more. Throws as `withdraw`. */
  sell(betId: string, offer: Pick<BetMove, 'milliShares' | 'amountMinor' | 'quoteSeq'>): void {
    this.#wishFor(betId, { ...offer, kind: 'sale', id: newId(this.#random) });
  }

  /** Bets whose withdrawal or sale is to be sent now. A decided bet wishes for nothing more. */
  takeDueMoves(nowMs: number): BetRecord[] {
    return [...this.#records.values()].filter(
      ({ state, move, betId }) =>
        state === 'confirmed' && move?.state === 'sent' && this.#moveAttempts.take(betId, nowMs),
    );
  }

  /** An answer to a withdrawal or a sale, of this tab or another one. */
  moveAnswered(answer: MoveAnswer, nowMs: number): void {
    const known = this.#records.get(answer.betId);
    if (!known) return;
    if (WAITING_CODES.has(answer.code)) {
      const { move } = known;
      if (move?.state !== 'sent' || move.kind !== answer.kind || move.id !== answer.id) return;
      this.#moveAttempts.postpone(known.betId, nowMs);
      const { code, message } = answer;
      this.#records.set(known.betId, { ...known, move: { ...move, code, message } });
      return;
    }
    const next = afterMove(known, answer);
    if (next === known) return;
    this.#moveAttempts.done(known.betId);
    this.#keep(next);
  }

  /** The relay signed that it holds the journal up to `seq`. */
  witnessed(mark: { epoch: number; seq: number }): void {
    if (this.#mark && mark.epoch < this.#mark.epoch) return;
    this.#mark = mark;
    for (const record of this.#records.values()) {
      const next = this.#withWitness(record);
      if (next !== record) this.#keep(next);
    }
  }

  /**
   * The ledger told all recent bets: a receipt of an older epoch that is not among them and below
   * the mark was lost with a machine, and another row stands in its place.
   */
  toldAll(betIds: ReadonlySet<string>): void {
    const mark = this.#mark;
    if (!mark) return;
    for (const record of this.#records.values()) {
      const { state, epoch, seq, isWitnessed, isContested, betId } = record;
      const isOpen = state === 'confirmed' && !isWitnessed && !isContested;
      if (!isOpen || betIds.has(betId) || epoch === 0 || epoch >= mark.epoch) continue;
      if (seq <= mark.seq) this.#keep({ ...record, isContested: true });
    }
  }

  /** A new connection knows nothing of what the old one lost: everything unanswered is due now. */
  connectionOpened(): void {
    this.#attempts.connectionOpened();
    this.#moveAttempts.connectionOpened();
  }

  /** A receipt, a refusal, or "not now". */
  answered(answer: BetAnswer, nowMs: number): void {
    const known = this.#records.get(answer.betId);
    if (!known) return;
    if (answer.seq > 0) {
      // The receipt's row is the bet's own, also when the settlement was faster.
      const state = RANK[known.state] > RANK.confirmed ? known.state : 'confirmed';
      const { seq, hash, milliShares = known.milliShares } = answer;
      const confirmed = { ...known, state, seq, hash, milliShares, code: '', message: '' };
      this.#keep(this.#withWitness({ ...confirmed, epoch: this.#mark?.epoch ?? 0 }));
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
    const before = this.#records.get(outcome.betId) ?? adopt(outcome);
    const known = withToldMoves(before, outcome);
    const isSameRow = known.seq === 0 || known.hash === outcome.hash;
    const receipt = {
      seq: known.seq > 0 ? known.seq : outcome.seq,
      hash: known.seq > 0 ? known.hash : outcome.hash,
      // The ledger as it is now holds this very row.
      epoch: isSameRow ? (this.#mark?.epoch ?? known.epoch) : known.epoch,
      code: '',
      message: '',
    };
    if (outcome.result === 'pending') {
      if (RANK[known.state] > RANK.confirmed) return;
      const next = this.#withWitness({ ...known, ...receipt, state: 'confirmed' });
      const isKnown =
        before.state === 'confirmed' &&
        known === before &&
        next.isWitnessed === before.isWitnessed &&
        next.epoch === before.epoch;
      if (!isKnown) this.#keep(next);
      return;
    }
    if (outcome.seq < known.settledSeq) return;
    this.#keep({
      ...this.#withWitness({ ...known, ...receipt }),
      state: outcome.result,
      settledSeq: outcome.seq,
      paidMinor: outcome.paidMinor,
      reason: outcome.reason,
    });
  }

  #wishFor(betId: string, wish: Omit<BetMove, 'state' | 'code' | 'message'>): void {
    const known = this.#records.get(betId);
    if (known?.state !== 'confirmed') throw new RangeError('Only a confirmed bet can be moved.');
    if (known.move && known.move.state !== 'refused') {
      throw new RangeError('This bet was taken back or sold before.');
    }
    const next: BetRecord = { ...known, move: { ...wish, state: 'sent', code: '', message: '' } };
    this.#storage.write(next);
    this.#moveAttempts.done(betId);
    this.#records.set(betId, next);
  }

  /** The record with what the mark says of its row; the same object when that is nothing new. */
  #withWitness(record: BetRecord): BetRecord {
    const mark = this.#mark;
    if (!mark || record.isWitnessed || record.seq === 0 || record.seq > mark.seq) return record;
    if (record.epoch !== 0 && record.epoch !== mark.epoch) return record;
    return { ...record, isWitnessed: true, isContested: false, epoch: mark.epoch };
  }

  #wait(known: BetRecord, answer: BetAnswer, nowMs: number): void {
    if (known.state !== 'sent') return;
    this.#attempts.postpone(known.betId, nowMs);
    this.#records.set(known.betId, { ...known, code: answer.code, message: answer.message });
  }

  #keep(next: BetRecord): void {
    this.#attempts.done(next.betId);
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
