// For tests and the endurance run: random commands on the real ledger beside its model. What does not
// hold is told with its seed, and its commands shortened to what the failure needs.

import { newFolder } from '../testLedger.ts';
import { type Command, randomCommands } from './modelCommands.ts';
import { ModelledLedger } from './modelledLedger.ts';

/** Time to shorten a failing run, ms, and the commands that are printed when it stays long. */
const SHORTEN_MS = 60_000;
const PRINTED_MAX = 50;

/** What ten thousand commands must have met, or they do not test what they claim to. */
export const MET_OFTEN = [
  ...met('bind', 'ok SUBJECT_BOUND'),
  ...met('open', 'ok MARKET_EXISTS NOT_ALLOWED'),
  ...met('bet', 'ok ID_REUSED UNKNOWN_SUBJECT UNKNOWN_MARKET MARKET_LOCKED MARKET_NOT_OPEN'),
  ...met('bet', 'BAD_OUTCOME BAD_AMOUNT INSUFFICIENT_BALANCE STAFF_MAY_NOT_BET BANNED'),
  ...met('bet', 'BETTING_SUSPENDED LIMIT_REACHED STALE_QUOTE SELF_EXCLUDED TIME_OUT'),
  ...met('withdraw', 'ok UNKNOWN_BET MARKET_LOCKED MARKET_NOT_OPEN NOT_OFFERED'),
  ...met('sell', 'ok UNKNOWN_BET MARKET_LOCKED NOT_OFFERED BAD_SHARES'),
  ...met('extend', 'ok BAD_TIMES MARKET_ENDED'),
  ...met('lock', 'ok MARKET_ENDED'),
  ...met('resolve', 'ok MARKET_ENDED BAD_OUTCOME CONFLICT_OF_INTEREST'),
  ...met('correct', 'ok MARKET_NOT_RESOLVED'),
  ...met('suspend', 'ok'),
  ...['void ok', 'policy ok', 'policy NOT_ALLOWED', 'ban ok', 'limit ok', 'vest ok', 'again ok'],
  ...[
    'again ID_REUSED',
    'commit ok',
    'abandon ok',
    'die ok',
    'close ok',
    'tend ok',
    'full ok',
    'pass ok',
  ],
] as const;

/** What a million commands must have met besides. */
export const MET_SELDOM = [
  ...met('sell', 'ID_REUSED STALE_QUOTE BETTING_SUSPENDED MARKET_NOT_OPEN STAFF_MAY_NOT_BET'),
  ...met('withdraw', 'BETTING_SUSPENDED STAFF_MAY_NOT_BET'),
  ...met('lock', 'NOT_ALLOWED CONFLICT_OF_INTEREST'),
  ...met('correct', 'DISPUTE_OVER NOT_ALLOWED MARKET_ENDED CONFLICT_OF_INTEREST BAD_OUTCOME'),
  ...met('void', 'NOT_ALLOWED CONFLICT_OF_INTEREST MARKET_ENDED'),
  ...met('vest', 'STAFF_MAY_NOT_BET UNKNOWN_SUBJECT'),
  ...['extend NOT_ALLOWED', 'ban NOT_ALLOWED', 'limit UNKNOWN_SUBJECT', 'commit DISK_FULL'],
  ...['resolve DISK_FULL', 'correct DISK_FULL', 'open DISK_FULL', 'policy DISK_FULL'],
] as const;

function met(verb: string, codes: string): string[] {
  return codes.split(' ').map((code) => `${verb} ${code}`);
}

export type ModelReport = {
  commands: number;
  rows: number;
  payouts: number;
  debts: number;
  /** "verb answer" -> how often. */
  seen: Map<string, number>;
};

/**
 * Runs random commands against ledger and model: `runs` fresh ledgers, the seeds counting up.
 *
 * @throws Error with the seed of the run that failed and its commands, shortened
 */
export function runModel(options: { runs: number; commands: number; seed: number }): ModelReport {
  const report: ModelReport = { commands: 0, rows: 0, payouts: 0, debts: 0, seen: new Map() };
  for (let run = 0; run < options.runs; run++) {
    const seed = options.seed + run;
    const commands = randomCommands(options.commands, seed);
    const failure = failureOf(commands, report);
    if (failure) throw failureToTell(seed, commands, failure);
  }
  return report;
}

/** Runs a list of commands on a fresh ledger. */
export function failureOf(commands: readonly Command[], report?: ModelReport): Error | null {
  const folder = newFolder();
  const both = new ModelledLedger(folder.path);
  try {
    for (const one of commands) both.run(one);
    const met = both.end();
    if (!report) return null;
    report.commands += commands.length;
    for (const name of ['rows', 'payouts', 'debts'] as const) report[name] += met[name];
    for (const [what, count] of both.seen) {
      report.seen.set(what, (report.seen.get(what) ?? 0) + count);
    }
    return null;
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  } finally {
    both.store.database.close();
    folder.remove();
  }
}

/** Leaves out whatever the failure does not need, for at most a minute. */
function failureToTell(seed: number, commands: readonly Command[], failure: Error): Error {
  const endMs = performance.now() + SHORTEN_MS;
  let short = commands;
  for (let size = Math.ceil(short.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < short.length && performance.now() < endMs; ) {
      const fewer = [...short.slice(0, from), ...short.slice(from + size)];
      if (failureOf(fewer)) short = fewer;
      else from += size;
    }
  }
  const last = short.slice(-PRINTED_MAX).map((one) => `  ${JSON.stringify(one)}`);
  return new Error(
    `SEED=${seed} RUNS=1: ${failure.message}\nThe last of ${short.length} commands ` +
      `(shortened from ${commands.length}):\n${last.join('\n')}`,
    { cause: failure },
  );
}
