// What a person is told while the ledger's disk cannot be written. Reading goes on, and nothing
// that was confirmed is lost: a bet is answered only after its commit.

import { SqliteFailure, type SqliteFailureKind } from '../sqlite/failure.ts';
import type { RequestName } from './protocol.ts';

const SENTENCES: Partial<Record<SqliteFailureKind, string>> = {
  full: 'The studio’s disk is full: free some space.',
  readOnly: 'The studio’s data folder cannot be written: make its disk writable.',
  io: 'The studio’s disk fails: look at its connection.',
  cannotOpen: 'The studio’s data folder cannot be written: make its disk writable.',
};

/** The sentence, or empty when the cause is no trouble of the disk. */
export function diskTroubleOf(cause: unknown): string {
  return cause instanceof SqliteFailure ? (SENTENCES[cause.kind] ?? '') : '';
}

const WRITING: readonly RequestName[] = [
  'placeBet',
  'openMarket',
  'lockMarket',
  'resolveMarket',
  'voidMarket',
  'correctMarket',
  'extendMarket',
  'withdrawBet',
  'sellBet',
  'setPolicy',
  'setBan',
  'noteSuspension',
  'noteAct',
  'setStaff',
  'setLimit',
  'bindSubject',
  'vest',
];

/** Whether a request would have to be made durable. */
export function needsDisk(name: RequestName): boolean {
  return WRITING.includes(name);
}
