// A ledger of its own for the figures that need many rows: in a folder that goes away, without a
// link, carried out and committed in groups as the ledger process does it.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MarketRules, rulesOf } from '../core/markets/rules.ts';
import { BUILT_IN_TEMPLATES } from '../core/markets/templates.ts';
import { openJournalStore } from '../native/ledger/journalStore.ts';
import { type AnsweredRequest, Ledger } from '../native/ledger/ledger.ts';

const IDENTITY = { ledgerId: 'a'.repeat(32), channelId: 'c'.repeat(32), epoch: 1 };
const SECOND_US = 1_000_000;
/** Requests of one commit, as the server takes them at most. */
export const GROUP_BETS = 2_000;

/** Random as a viewer's ids are, and the same in every run. */
export function idOf(kind: string, number: number): string {
  return createHash('sha256').update(`${kind}${number}`).digest('hex').slice(0, 32);
}

function rulesAt(opensAtUs: number): MarketRules {
  const [template] = BUILT_IN_TEMPLATES;
  if (!template) throw new Error('There is no built-in template');
  return rulesOf(template, opensAtUs, 'ab'.repeat(16));
}

export class LoadedLedger {
  readonly folder = mkdtempSync(join(tmpdir(), 'morphine-bench-'));
  readonly path = join(this.folder, 'ledger.db');
  ledger: Ledger;
  /** Bettors who have points enough for every bet of a run. */
  readonly subjects: string[];
  #bets = 0;
  #commands = 0;

  constructor(subjects: number) {
    this.ledger = this.open();
    this.ask('setPolicy', {
      ...this.#act(1),
      reason: 'bench',
      policy: { ...this.ledger.journal.state.policy, grantMinor: 1_000_000_000 },
    });
    this.subjects = Array.from({ length: subjects }, (_, number) => idOf('viewer', number));
    for (const [index, subject] of this.subjects.entries()) {
      const publicKey = subject + subject;
      this.ask('bindSubject', { subject, publicKey, isStaff: false, atUs: 1 });
      if (index % GROUP_BETS === 0) this.ledger.commit();
    }
    this.ledger.commit();
  }

  open(): Ledger {
    this.ledger = new Ledger(openJournalStore(this.path), IDENTITY, 1);
    return this.ledger;
  }

  ask(name: AnsweredRequest, args: object): unknown {
    return this.ledger.answer(name, args);
  }

  #act(atUs: number) {
    return { commandId: `c${this.#commands++}`, actor: 'bench', role: 'owner', atUs };
  }

  openMarket(number: number): string {
    const marketId = `m${number}`;
    const atUs = 100 * SECOND_US * (number + 1);
    this.ask('openMarket', {
      ...this.#act(atUs),
      marketId,
      rules: rulesAt(atUs),
      reason: '',
    });
    return marketId;
  }

  /** What the engine would ask for the next bet. */
  nextBet(number: number): Record<string, string | number> {
    const bet = this.#bets++;
    return {
      betId: idOf('bet', bet),
      subject: this.subjects[bet % this.subjects.length] ?? '',
      marketId: `m${number}`,
      outcome: bet % 2,
      amountMinor: 1 + (bet % 50),
      arrivedUs: 100 * SECOND_US * (number + 1) + (bet % SECOND_US),
    };
  }

  resolve(number: number): void {
    const marketId = `m${number}`;
    const atUs = 100 * SECOND_US * (number + 1) + 20 * SECOND_US;
    this.ask('resolveMarket', {
      ...this.#act(atUs),
      marketId,
      outcome: 0,
      reason: 'decided',
      evidence: null,
    });
  }

  #correction(number: number) {
    const atUs = 100 * SECOND_US * (number + 1) + 30 * SECOND_US;
    const marketId = `m${number}`;
    const act = { commandId: `correct-${marketId}`, actor: 'bench', role: 'owner', atUs };
    return { ...act, marketId, outcome: 1, tCapUs: null, reason: 'seen again' };
  }

  /** Whether the market's bets have still to come back into memory first. */
  isCorrectionWaiting(number: number): boolean {
    return this.ledger.isWaiting('correctMarket', this.#correction(number));
  }

  /** Decides a market that was resolved for its other outcome. */
  correct(number: number): void {
    this.ask('correctMarket', this.#correction(number));
  }

  /** One market with so many bets, decided; everything durable. */
  playMarket(number: number, bets: number): void {
    this.openMarket(number);
    for (let bet = 0; bet < bets; bet++) {
      this.ask('placeBet', this.nextBet(number));
      if (bet % GROUP_BETS === GROUP_BETS - 1) this.ledger.commit();
    }
    this.resolve(number);
    this.ledger.commit();
  }

  tendAll(): void {
    while (this.ledger.tend()) this.ledger.commit();
    this.ledger.commit();
  }

  close(): void {
    this.ledger.journal.store.database.close();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
