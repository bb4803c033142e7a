// For tests only: a real ledger over a real SQLite file behind a real link, and the commands that
// tests repeat. Nothing of the product imports it.

import { deepEqual } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Role } from '../../core/contract/roles.ts';
import { auditJournal } from '../../core/ledger/auditor.ts';
import { type MarketRules, rulesOf } from '../../core/markets/rules.ts';
import { BUILT_IN_TEMPLATES } from '../../core/markets/templates.ts';
import { connectLink, type Link, listenLink } from '../link/link.ts';
import { createLedgerClient, type LedgerClient } from './client.ts';
import type { JournalOptions } from './journal.ts';
import { type JournalStore, openJournalStore } from './journalStore.ts';
import { type AnsweredRequest, Ledger } from './ledger.ts';
import type { RequestResult } from './protocol.ts';
import { createLedgerServer, type LedgerServer } from './server.ts';

export const CHANNEL = 'c'.repeat(32);
export const IDENTITY = { ledgerId: 'a'.repeat(32), channelId: CHANNEL, epoch: 1 };

/** Number as an id of 32 hexadecimal characters. */
export function hexId(number: number): string {
  return number.toString(16).padStart(32, '0');
}

/** Number as a device key of 64 hexadecimal characters. */
export function hexKey(number: number): string {
  return number.toString(16).padStart(64, '0');
}

/** Rules of the built-in 30 s market, changed where a test wants. */
export function rulesAt(opensAtUs: number, changes: Partial<MarketRules> = {}): MarketRules {
  const [template] = BUILT_IN_TEMPLATES;
  if (!template) throw new Error('There is a built-in template');
  return { ...rulesOf(template, opensAtUs, 'ab'.repeat(16)), ...changes };
}

export function act(marketId: string, commandId: string, atUs: number, role: Role = 'owner') {
  return { marketId, commandId, atUs, actor: 'tester', role };
}

export function newFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'morphine-ledger-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export type TestLedger = {
  store: JournalStore;
  ledger: Ledger;
  server: LedgerServer;
  client: LedgerClient;
  /** One more client over a link of its own. */
  connect(): Promise<LedgerClient>;
  freshLink(): Promise<Link>;
  close(): void;
};

/** Starts a ledger on `folder` and connects to it. */
export async function startLedger(
  folder: string,
  onBroken = (cause: Error): void => {
    throw cause;
  },
  options: JournalOptions = {},
): Promise<TestLedger> {
  const store = openJournalStore(join(folder, 'ledger.db'));
  const ledger = new Ledger(store, IDENTITY, 1, options);
  const server = createLedgerServer({
    ledger,
    timers: realTimers,
    logger: silentLogger,
    onBroken,
  });
  const listener = await listenLink((link) => server.serve(link));
  const freshLink = () => connectLink(listener.endpoint);
  const connect = async () => createLedgerClient(await freshLink());
  const client = await connect();
  return {
    store,
    ledger,
    server,
    client,
    connect,
    freshLink,
    close() {
      client.close();
      server.close();
      listener.close();
      store.database.close();
    },
  };
}

type Answers = { [Name in AnsweredRequest]: RequestResult<Name> };

/** A ledger without a link, some subjects bound, its folder gone at `end`, which audits it. */
export function startBareLedger(subjects: readonly string[]) {
  const folder = newFolder();
  const store = openJournalStore(join(folder.path, 'ledger.db'));
  const ledger = new Ledger(store, IDENTITY, 1);
  const ask = <Name extends AnsweredRequest>(name: Name, args: object): Answers[Name] =>
    ledger.answer(name, args) as Answers[Name];
  for (const subject of subjects) {
    ask('bindSubject', { subject, publicKey: hexKey(1), isStaff: false, atUs: 5 });
  }
  return {
    ledger,
    store,
    ask,
    balances: (...of: string[]) => of.map((subject) => ask('balance', { subject }).availableMinor),
    pools: (marketId: string) =>
      ask('market', { marketId }).market?.outcomes.map((outcome) => outcome.poolMinor),
    /** The auditor agrees, and the stored journal folds to the same books. */
    end() {
      ledger.commit();
      const report = auditJournal(store.allRows.iterate());
      const accounts = structuredClone(ledger.journal.state.accounts);
      ledger.journal.reload();
      const isSame = isDeepStrictEqual(ledger.journal.state.accounts, accounts);
      store.database.close();
      folder.remove();
      deepEqual(report.findings, []);
      if (!isSame) throw new Error('The journal folds to other books');
      return report;
    },
  };
}

/** What the auditor says of the rows when the first one of a kind is changed. */
export function findingsWhenBent(
  rows: readonly { body: Buffer; hash: Buffer }[],
  kind: string,
  change: (row: Record<string, unknown>) => object,
): string {
  const at = rows.findIndex((row) => row.body.includes(`"kind":"${kind}"`));
  const found = rows[at];
  if (!found) throw new Error(`There is no row of kind ${kind}`);
  const row = JSON.parse(found.body.toString('utf8')) as Record<string, unknown>;
  const body = Buffer.from(JSON.stringify({ ...row, ...change(row) }));
  const bent = rows.toSpliced(at, 1, { ...found, body });
  return auditJournal(bent)
    .findings.map((finding) => finding.what)
    .join('; ');
}
