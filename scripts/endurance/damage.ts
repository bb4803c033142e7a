// The long forms of the damage test: a thousand ledgers with one bit turned, a thousand cut or torn.
// Every eleventh is opened by the real process, the others by the same ledger in this one.

import { randomInt } from 'node:crypto';
import { createSeededRandom } from '../../core/markets/testing/seededRandom.ts';
import {
  type Damage,
  type DamageReport,
  flipBit,
  runDamage,
  tear,
} from '../../native/ledger/testing/damageRun.ts';
import { startLedgerHere, startLedgerProcess } from '../../native/ledger/testing/ledgerProcess.ts';

const COPIES = Number(process.env.COPIES ?? 1_000);
/** Copies between two lines of the report. */
const COPIES_A_LINE = 250;
/** Odd, so that both kinds of files (they take turns) meet the process. */
const PROCESS_EVERY = 11;

/**
 * Runs the section `torn`.
 *
 * @param say takes one line of the report
 * @returns false when anything did not hold
 */
export async function runTorn(say: (line: string) => void): Promise<boolean> {
  return runAtLength('torn', tear, say);
}

/**
 * Runs the section `flips`.
 *
 * @param say takes one line of the report
 * @returns false when anything did not hold
 */
export async function runFlips(say: (line: string) => void): Promise<boolean> {
  return runAtLength('flips', flipBit, say);
}

async function runAtLength(
  name: string,
  damage: Damage,
  say: (line: string) => void,
): Promise<boolean> {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  const random = createSeededRandom(seed);
  say(`${name}: ${COPIES} copies, seed ${seed}`);
  const sums: DamageReport = {
    ...{ refused: 0, suspended: 0, shorter: 0, 'words lost': 0, 'no effect': 0 },
  };
  const begun = performance.now();
  for (let first = 0; first < COPIES; first += COPIES_A_LINE) {
    try {
      const report = await runDamage({
        ...{ damage, random, count: Math.min(COPIES_A_LINE, COPIES - first) },
        startOf: (number) => (number % PROCESS_EVERY === 0 ? startLedgerProcess : startLedgerHere),
      });
      for (const kind of Object.keys(sums) as (keyof DamageReport)[]) sums[kind] += report[kind];
    } catch (cause) {
      say(`  BROKEN: ${cause instanceof Error ? cause.message : cause}`);
      return false;
    }
    const seconds = Math.round((performance.now() - begun) / 1000);
    const counts = Object.entries(sums).map(([kind, count]) => `${kind} ${count}`);
    say(`  ${counts.join(', ')}; 0 wrong balances, rows or words; ${seconds} s`);
  }
  return true;
}
