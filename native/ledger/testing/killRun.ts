// For tests and the endurance run: bets and decisions flow into the real ledger process, which is
// killed again and again, also while it starts. Whatever was confirmed must be answered the same
// afterwards, whatever was not is asked again with the same id, and in the end every balance is the
// auditor's, with each id in the journal once.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { auditJournal } from '../../../core/ledger/auditor.ts';
import { createSeededRandom } from '../../../core/markets/testing/seededRandom.ts';
import type { LedgerClient } from '../client.ts';
import { openJournalStore } from '../journalStore.ts';
import type { RequestArgs, RequestResult } from '../protocol.ts';
import { act, hexId, hexKey, newFolder, rulesAt } from '../testLedger.ts';
import {
  forkLedger,
  LEDGER_ENTRY,
  type OpenedLedger,
  startLedgerProcess,
} from './ledgerProcess.ts';

const S = 1_000_000;
const SUBJECTS = 8;
/** Bets under way at once. */
const FLOW = 40;
/** Most confirmations before the kill. */
const CONFIRMED_MAX = 150;
/** Kills on one folder; then it is audited and a fresh one begins. */
const KILLS_A_FOLDER = 50;
/** Guards against a run that stands; it judges no speed. */
const HANG_MS = 60_000;

type BetArgs = RequestArgs<'placeBet'>;
type Receipt = RequestResult<'placeBet'>['receipt'];

export type KillReport = {
  kills: number;
  killsInStart: number;
  confirmed: number;
  /** Committed before the kill, but nobody was told; the repeat found them. */
  untold: number;
  /** Neither committed nor told; the repeat booked them. */
  lostUntold: number;
  decisions: number;
  rows: number;
};

/**
 * Kills the ledger process `kills` times under load.
 *
 * @param entry the process' script, from the sources or built
 * @throws AssertionError naming what was lost, doubled or wrong
 */
export async function runKills(
  kills: number,
  seed: number,
  entry = LEDGER_ENTRY,
): Promise<KillReport> {
  const counts = { confirmed: 0, untold: 0, lostUntold: 0, decisions: 0, rows: 0 };
  const report: KillReport = { kills: 0, killsInStart: 0, ...counts };
  const random = createSeededRandom(seed);
  while (report.kills < kills) {
    const folder = newFolder();
    try {
      const run = new KillRun(folder.path, random, report, entry);
      await run.go(Math.min(KILLS_A_FOLDER, kills - report.kills));
    } finally {
      folder.remove();
    }
  }
  return report;
}

class KillRun {
  readonly #entry: string;
  readonly #folder: string;
  readonly #random: (below: number) => number;
  readonly #report: KillReport;
  readonly #told = new Map<string, { args: BetArgs; receipt: Receipt }>();
  #untold: BetArgs[] = [];
  #decided: { marketId: string; outcome: number }[] = [];
  #nextBet = 1;
  #round = 0;

  constructor(
    folder: string,
    random: (below: number) => number,
    report: KillReport,
    entry: string,
  ) {
    this.#entry = entry;
    this.#folder = folder;
    this.#random = random;
    this.#report = report;
  }

  async go(kills: number): Promise<void> {
    for (this.#round = 0; this.#round < kills; this.#round++) {
      if (this.#random(8) === 0) await this.#killInStart();
      const ledger = await this.#start();
      await this.#askAgain(ledger.client);
      await this.#prepare(ledger.client);
      await this.#flowUntilKilled(ledger);
      this.#report.kills++;
    }
    const ledger = await this.#start();
    await this.#askAgain(ledger.client);
    await this.#audit(ledger.client);
    await ledger.close();
  }

  async #start(): Promise<OpenedLedger> {
    const ledger = await startLedgerProcess(this.#folder, this.#entry);
    assert.ok('client' in ledger, 'refused' in ledger ? ledger.refused : '');
    return ledger;
  }

  async #killInStart(): Promise<void> {
    const { kill } = forkLedger(this.#folder, this.#entry);
    await new Promise((done) => setTimeout(done, this.#random(400)));
    await kill();
    this.#report.killsInStart++;
  }

  /** What was told is the same again; what was not is booked once, now or before. */
  async #askAgain(client: LedgerClient): Promise<void> {
    const lately = [...this.#told.values()].slice(-CONFIRMED_MAX);
    await Promise.all(
      lately.map(async ({ args, receipt }) => {
        const again = await client.placeBet(args);
        assert.equal(again.isKnown, true, `bet ${args.betId} was confirmed and is lost`);
        assert.deepEqual(again.receipt, receipt);
      }),
    );
    await Promise.all(
      this.#untold.map(async (args) => {
        const { isKnown, receipt } = await client.placeBet(args);
        this.#told.set(args.betId, { args, receipt });
        if (isKnown) this.#report.untold++;
        else this.#report.lostUntold++;
      }),
    );
    this.#untold = [];
    for (const decision of this.#decided) await this.#resolve(client, decision);
    this.#decided = [];
  }

  async #prepare(client: LedgerClient): Promise<void> {
    if (this.#round === 0) {
      for (let number = 0; number < SUBJECTS; number++) {
        const subject = hexId(number);
        await client.bindSubject({ subject, publicKey: hexKey(1), isStaff: false, atUs: 1 });
      }
    }
    // Played points come back by watching, so that bets go on.
    const rules = rulesAt(10 * S, { lockAtUs: 20 * S });
    const marketId = `m${this.#round}`;
    await client.openMarket({ ...act(marketId, `open-${marketId}`, 10 * S), rules, reason: '' });
  }

  #resolve(client: LedgerClient, { marketId, outcome }: { marketId: string; outcome: number }) {
    return client.resolveMarket({
      ...act(marketId, `resolve-${marketId}`, 40 * S),
      ...{ outcome, reason: 'So it was', evidence: null },
    });
  }

  #nextArgs(): BetArgs {
    return {
      betId: hexId(this.#nextBet++),
      subject: hexId(this.#random(SUBJECTS)),
      marketId: `m${this.#round}`,
      outcome: this.#random(2),
      amountMinor: 1,
      arrivedUs: 11 * S,
    };
  }

  /** Keeps bets under way, decides the market before, and kills at some confirmation. */
  async #flowUntilKilled(ledger: OpenedLedger): Promise<void> {
    const killAt = 1 + this.#random(CONFIRMED_MAX);
    const waiting = new Map<string, BetArgs>();
    let confirmed = 0;
    let isOver = false;
    await new Promise<void>((over, fail) => {
      const guard = setTimeout(() => fail(new Error('The bets stand')), HANG_MS);
      const end = () => {
        isOver = true;
        clearTimeout(guard);
        over();
      };
      const place = () => {
        if (isOver) return;
        const args = this.#nextArgs();
        waiting.set(args.betId, args);
        ledger.client.placeBet(args).then(
          ({ receipt }) => {
            waiting.delete(args.betId);
            this.#told.set(args.betId, { args, receipt });
            this.#report.confirmed++;
            confirmed++;
            if (confirmed === killAt) void ledger.kill().then(end, fail);
            place();
          },
          (cause: { code?: string }) => {
            if (cause.code === 'LEDGER_UNAVAILABLE') return;
            waiting.delete(args.betId);
            if (cause.code !== 'INSUFFICIENT_BALANCE') fail(cause as Error);
            place();
          },
        );
      };
      if (this.#round > 0) {
        const decision = { marketId: `m${this.#round - 1}`, outcome: this.#random(2) };
        this.#decided.push(decision);
        this.#report.decisions++;
        this.#resolve(ledger.client, decision).catch(() => {});
      }
      for (let at = 0; at < FLOW; at++) place();
    });
    this.#untold = [...waiting.values()];
  }

  /** Journal and balances as they are on disk, against what was told. */
  async #audit(client: LedgerClient): Promise<void> {
    const balances = new Map<string, number>();
    for (let number = 0; number < SUBJECTS; number++) {
      const { availableMinor } = await client.balance(hexId(number));
      balances.set(hexId(number), availableMinor);
    }
    const store = openJournalStore(join(this.#folder, 'ledger.db'));
    const rows = [...store.allRows.iterate()];
    store.database.close();
    const { findings, posted, reserved } = auditJournal(rows);
    assert.deepEqual(findings, []);
    this.#report.rows += rows.length;
    for (const [subject, availableMinor] of balances) {
      const account = `user:${subject}`;
      const left = (posted.get(account) ?? 0n) - (reserved.get(account) ?? 0n);
      assert.equal(BigInt(availableMinor), left, `the balance of ${subject}`);
    }
    const seqs = new Set<number>();
    for (const { receipt } of this.#told.values()) {
      const row = rows[receipt.seq - 1];
      assert.ok(row, `row ${receipt.seq} is there`);
      assert.ok(row.body.includes(`"id":"${receipt.betId}"`), `${receipt.betId} is in its row`);
      assert.equal(row.hash.toString('hex'), receipt.hash);
      seqs.add(receipt.seq);
    }
    assert.equal(seqs.size, this.#told.size, 'each bet has a row of its own');
    const bets = rows.filter((row) => row.body.includes('"kind":"bet"')).length;
    assert.equal(bets, this.#told.size, 'nothing was booked that nobody knows of');
  }
}
