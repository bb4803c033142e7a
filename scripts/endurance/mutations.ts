// Switches known mistakes on, one at a time, in a copy of the sources, and demands that a test fails
// for each. A mistake that no test notices is a hole in the tests. The working tree stays untouched.

import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
const FOLDERS = ['core', 'native', 'relay'];
/** A mutated test that hangs has failed, too, ms. */
const HANG_MS = 120_000;

type Mutation = { name: string; file: string; find: string; to: string; tests: string[] };

const LEDGER_TESTS = ['native/ledger/ledger.test.ts', 'native/ledger/verbs.test.ts'];

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'no balance check',
    file: 'native/ledger/positions.ts',
    find: 'if (available < amountMinor) {',
    to: 'if (available < 0) {',
    tests: LEDGER_TESTS,
  },
  {
    name: 'double post',
    file: 'native/ledger/decisions.ts',
    find: 'rows.push(post(bet, atUs));',
    to: "rows.push(post(bet, atUs), { ...post(bet, atUs), id: 'post:again' } as RowDraft);",
    tests: LEDGER_TESTS,
  },
  {
    name: 'Math.round for shares',
    file: 'core/markets/parimutuel.ts',
    find: 'const floor = product / onWinner;',
    to: 'const floor = (2n * product + onWinner) / (2n * onWinner);',
    tests: ['core/markets/parimutuel.test.ts'],
  },
  {
    name: 'Math.round for prices',
    file: 'core/markets/lmsr.ts',
    find: 'return Math.ceil(cost * (1 + SLACK));',
    to: 'return Math.round(cost);',
    tests: ['core/markets/lmsr.test.ts'],
  },
  {
    name: 'sales rounded up',
    file: 'core/markets/lmsr.ts',
    find: 'Math.floor(-cost * (1 - SLACK))',
    to: 'Math.ceil(-cost)',
    tests: ['core/markets/lmsr.test.ts'],
  },
  {
    name: 'confirm before commit',
    file: 'native/ledger/server.ts',
    find: 'this.#options.ledger.commit();',
    to: 'for (const { link, reply } of replies) send(link, reply);\n      this.#options.ledger.commit();',
    tests: ['native/ledger/server.test.ts'],
  },
  {
    name: 'synchronous=NORMAL',
    file: 'native/sqlite/database.ts',
    find: "native.pragma('synchronous = FULL');",
    to: "native.pragma('synchronous = NORMAL');",
    tests: ['native/sqlite/database.test.ts'],
  },
  {
    name: 'lost dedupe',
    file: 'native/ledger/ledger.ts',
    find: 'if (journal.hasId(args.betId)) {',
    to: 'if (journal.hasId(args.betId) && !args) {',
    tests: LEDGER_TESTS,
  },
  {
    name: 'cut-off < for <=',
    file: 'core/markets/mediaClock.ts',
    find: 'return arrivedUs >= cutoff;',
    to: 'return arrivedUs > cutoff;',
    tests: ['core/markets/machine.test.ts'],
  },
  {
    name: 'late withdraw allowed',
    file: 'core/ledger/foldMoves.ts',
    find: 'bet.withdrawnAtUs !== null && (cutoff === null || !isLate(bet.withdrawnAtUs, cutoff))',
    to: 'bet.withdrawnAtUs !== null && (cutoff === null || cutoff >= 0)',
    tests: ['native/ledger/verbs.test.ts'],
  },
  {
    name: 'late sale allowed',
    file: 'core/ledger/decision.ts',
    find: 'cutoff === null || !isLate(sale.atUs, cutoff)',
    to: 'cutoff === null || cutoff >= 0',
    tests: ['native/ledger/prices.test.ts'],
  },
  {
    name: 'rake on the total',
    file: 'core/ledger/decision.ts',
    find: "rakeBase: 'losers'",
    to: "rakeBase: 'total'",
    tests: LEDGER_TESTS,
  },
  {
    name: 'unsorted remainders',
    file: 'core/markets/parimutuel.ts',
    find: 'new SortedRuns(byRemainderThenSeq);',
    to: 'new SortedRuns<Share>((one, other) => 0 * byRemainderThenSeq(one, other));',
    tests: ['core/markets/parimutuel.test.ts'],
  },
  {
    name: 'unchecked previous hash (ledger)',
    file: 'native/ledger/journal.ts',
    find: 'if (!stored.hash.equals(hash)) throw',
    to: 'if (stored.hash.length === 0) throw',
    tests: ['native/ledger/server.test.ts'],
  },
  {
    name: 'unchecked previous hash (relay)',
    file: 'relay/witness/witness.ts',
    find: 'if (known === 0 && !isEqual(previous, batch.prevHash)) {',
    to: 'if (known < 0 && !isEqual(previous, batch.prevHash)) {',
    tests: ['relay/witness/witness.test.ts'],
  },
  {
    name: 'epoch ignored',
    file: 'relay/witness/witness.ts',
    find: 'if (batch.epoch < mark.epoch) {',
    to: 'if (batch.epoch < 0) {',
    tests: ['relay/witness/witness.test.ts'],
  },
  {
    name: 'resolver may bet',
    file: 'core/markets/machine.ts',
    find: "const BETS: readonly Role[] = ['viewer'];",
    to: "const BETS: readonly Role[] = ['viewer', 'owner', 'moderator'];",
    tests: ['core/markets/machine.test.ts', ...LEDGER_TESTS],
  },
  {
    name: 'bettor may resolve',
    file: 'native/ledger/decisions.ts',
    find: "betsOfSubject.get(actorSubject ?? '')",
    to: "betsOfSubject.get(actorSubject && '')",
    tests: ['native/ledger/verbs.test.ts'],
  },
  {
    name: 'a looser limit at once',
    file: 'core/ledger/policy.ts',
    find: 'return isAtOnce ? nowUs : nowUs + LOOSER_AFTER_US;',
    to: 'return isAtOnce ? nowUs : nowUs + 0 * LOOSER_AFTER_US;',
    tests: ['native/ledger/limits.test.ts'],
  },
];

/**
 * Runs the section.
 *
 * @param say takes one line of the report
 * @returns false when a mistake went unnoticed
 */
export async function runMutations(say: (line: string) => void): Promise<boolean> {
  say(`mutations: ${MUTATIONS.length}`);
  const folder = mkdtempSync(join(tmpdir(), 'morphine-mutations-'));
  let unnoticed = 0;
  try {
    for (const name of FOLDERS) cpSync(join(root, name), join(folder, name), { recursive: true });
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
    // What is not mutated must pass, or a failure would say nothing.
    const all = [...new Set(MUTATIONS.flatMap((mutation) => mutation.tests))];
    if (!(await passes(folder, all))) {
      say('  the tests fail without any mistake');
      return false;
    }
    for (const mutation of MUTATIONS) {
      const missing = whyNotApplied(mutation, root);
      if (missing) {
        unnoticed++;
        say(`  NOT MADE  ${mutation.name}: ${missing}`);
        continue;
      }
      const isNoticed = await isMistakeNoticed(folder, mutation);
      if (!isNoticed) unnoticed++;
      say(`  ${isNoticed ? 'noticed  ' : 'UNNOTICED'} ${mutation.name}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  say(`  ${MUTATIONS.length - unnoticed} of ${MUTATIONS.length} noticed`);
  return unnoticed === 0;
}

/** Why the mistake cannot be made in the sources as they are; empty when it can. */
export function whyNotApplied(mutation: Mutation, folder: string): string {
  const path = join(folder, mutation.file);
  const isThere = existsSync(path) && readFileSync(path, 'utf8').split(mutation.find).length === 2;
  if (isThere) return '';
  return `${mutation.file} does not hold "${mutation.find}" exactly once`;
}

async function isMistakeNoticed(folder: string, mutation: Mutation): Promise<boolean> {
  const path = join(folder, mutation.file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(mutation.find, () => mutation.to),
  );
  try {
    return !(await passes(folder, mutation.tests));
  } finally {
    writeFileSync(path, text);
  }
}

function passes(folder: string, tests: readonly string[]): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(process.execPath, ['--test', ...tests], {
      cwd: folder,
      stdio: 'ignore',
      timeout: HANG_MS,
    });
    child.on('error', () => done(false));
    child.on('exit', (code) => done(code === 0));
  });
}
