// The long form of the ledger's model test: a million random commands of every verb, with faults,
// against the model and the independent auditor. SEED=n and RUNS=n repeat a part of it; what does
// not hold is told with its seed and the shortened list of its commands.

import { randomInt } from 'node:crypto';
import { MET_OFTEN, MET_SELDOM, runModel } from '../../native/ledger/testing/modelRun.ts';

/** Commands of one ledger; a fresh one then begins. */
const COMMANDS_A_RUN = 260;
const RUNS = Number(process.env.RUNS ?? 3_850);
/** Runs between two lines of the report. */
const RUNS_A_LINE = 250;
/** From so many commands on, everything that can be met must have been. */
const ALL_MET_FROM = 500_000;

/**
 * Runs the section.
 *
 * @param say takes one line of the report
 * @returns false when anything did not hold
 */
export async function runModelAtLength(say: (line: string) => void): Promise<boolean> {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  say(`model: ${RUNS} runs of ${COMMANDS_A_RUN} commands, seed ${seed}`);
  const seen = new Map<string, number>();
  const sums = { commands: 0, rows: 0, payouts: 0, debts: 0 };
  const begun = performance.now();
  for (let first = 0; first < RUNS; first += RUNS_A_LINE) {
    try {
      const runs = Math.min(RUNS_A_LINE, RUNS - first);
      const report = runModel({ runs, commands: COMMANDS_A_RUN, seed: seed + first });
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += report[name];
      for (const [what, count] of report.seen) seen.set(what, (seen.get(what) ?? 0) + count);
    } catch (cause) {
      say(
        `  BROKEN after ${sums.commands} commands: ${cause instanceof Error ? cause.message : cause}`,
      );
      return false;
    }
    const seconds = Math.round((performance.now() - begun) / 1000);
    say(`  ${sums.commands} commands, ${sums.rows} rows, 0 violations, ${seconds} s`);
  }
  const faults = ['abandon ok', 'die ok'].map((what) => seen.get(what) ?? 0);
  const full = [...seen].filter(([what]) => what.endsWith('DISK_FULL'));
  say(
    `  ${sums.payouts} payouts, ${sums.debts} debts; groups dropped ${faults[0]}, deaths ${faults[1]}, ` +
      `disk full ${full.reduce((sum, [, count]) => sum + count, 0)} times; ` +
      `${seen.size} kinds of answers`,
  );
  const missing = [...MET_OFTEN, ...MET_SELDOM].filter((what) => !seen.has(what));
  if (sums.commands < ALL_MET_FROM || missing.length === 0) return true;
  say(`  never met: ${missing.join(', ')}`);
  return false;
}
