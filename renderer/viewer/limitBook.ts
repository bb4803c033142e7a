// Wishes for own limits that the ledger has not answered: stored before they are sent, sent again
// with the same id until it answers, so that a viewer who asked for a break gets one also when the
// page is closed right after. What holds is only what the ledger says.

import { newId, type RandomBytes } from '../../core/base/ids.ts';
import { Attempts, WAITING_CODES } from './attempts.ts';

export type LimitKind = 'stakeDay' | 'lossDay' | 'pausedUntil' | 'excludedUntil';

export type LimitWish = {
  commandId: string;
  limit: LimitKind;
  /** Points, or a time on the media clock in microseconds; null lifts the limit. */
  value: number | null;
};

/** A limit in force, and a looser one that has to wait; times on the media clock. */
export type LimitView = {
  value: number | null;
  waiting: { value: number | null; fromUs: number } | null;
};
export type OwnLimits = Record<LimitKind, LimitView> & { isBanned: boolean };

export type LimitAnswer = { commandId: string; code: string; message: string };

export type LimitStorage = {
  list(): LimitWish[];
  /** Throws when the entry cannot be kept. */
  write(wish: LimitWish): void;
  remove(commandId: string): void;
};

/** Wishes that may wait at once: more is no person. */
const WISHES_MAX = 12;

export class LimitBook {
  readonly #storage: LimitStorage;
  readonly #random: RandomBytes;
  readonly #attempts = new Attempts();
  readonly #wishes = new Map<string, LimitWish>();

  constructor(options: { storage: LimitStorage; random: RandomBytes }) {
    this.#storage = options.storage;
    this.#random = options.random;
    for (const wish of options.storage.list()) this.#wishes.set(wish.commandId, wish);
  }

  /** Wishes without an answer, oldest first. */
  list(): LimitWish[] {
    return [...this.#wishes.values()];
  }

  /**
   * Keeps a wish; sending is up to `takeDue`.
   *
   * @throws RangeError when too many wait, or whatever the storage throws: then there is no wish
   */
  set(limit: LimitKind, value: number | null): void {
    if (this.#wishes.size >= WISHES_MAX) {
      throw new RangeError('Too many changes wait for an answer. Wait until one has come.');
    }
    const wish = { commandId: newId(this.#random), limit, value };
    this.#storage.write(wish);
    this.#wishes.set(wish.commandId, wish);
  }

  takeDue(nowMs: number): LimitWish[] {
    return this.list().filter(({ commandId }) => this.#attempts.take(commandId, nowMs));
  }

  /** True when this ends one of our wishes, whether granted or refused. */
  answered(answer: LimitAnswer, nowMs: number): boolean {
    if (!this.#wishes.has(answer.commandId)) return false;
    if (WAITING_CODES.has(answer.code)) {
      this.#attempts.postpone(answer.commandId, nowMs);
      return false;
    }
    this.#wishes.delete(answer.commandId);
    this.#attempts.done(answer.commandId);
    this.#storage.remove(answer.commandId);
    return true;
  }

  connectionOpened(): void {
    this.#attempts.connectionOpened();
  }
}
