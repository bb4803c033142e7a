// The long form of the markets' and the ledger's tests: a million random markets that balance, a
// hundred thousand paths of trades with prices, a million random commands against the ledger's
// model with the independent auditor at the end of each run.

import { randomInt } from 'node:crypto';
import { walkLmsr } from '../../core/markets/testing/lmsrWalk.ts';
import { walkMarkets } from '../../core/markets/testing/marketWalk.ts';
import { runModel } from '../../native/ledger/testing/model.ts';

const MARKETS = 1_000_000;
const PATHS = 100_000;
const COMMANDS = Number(process.env.COMMANDS ?? 1_000_000);
/** Commands of one ledger; a fresh one then begins. */
const COMMANDS_A_RUN = 176;
/** Runs between two lines of the report. */
const RUNS_A_LINE = 500;

/**
 * Runs the section.
 *
 * @param say takes one line of the report
 * @returns false when anything did not hold
 */
export async function runMarkets(say: (line: string) => void): Promise<boolean> {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  say(`markets: seed ${seed}`);
  const walked = timed(() => walkMarkets(MARKETS, seed));
  const { markets, stakes, refunds, large, broken } = walked.result;
  say(
    `  ${markets} markets (${stakes} stakes, ${refunds} refunds, ${large} beyond 2^53) balance in ` +
      `${walked.seconds} s ${broken === '' ? '' : `BROKEN: ${broken}`}`,
  );
  const priced = timed(() => walkLmsr(PATHS, seed));
  say(
    `  ${PATHS} paths with prices (${priced.result.trades} buys, ${priced.result.sales} sales), ` +
      `worst loss ${(priced.result.worstOfBudget * 100).toFixed(1)} % of the budget, ` +
      `${priced.seconds} s ${priced.result.broken === '' ? '' : `BROKEN: ${priced.result.broken}`}`,
  );
  const isModelFine = runCommands(say, seed);
  return broken === '' && priced.result.broken === '' && isModelFine;
}

function runCommands(say: (line: string) => void, seed: number): boolean {
  const runs = Math.ceil(COMMANDS / (COMMANDS_A_RUN + 4));
  let commands = 0;
  let rows = 0;
  let debts = 0;
  const begun = performance.now();
  for (let first = 0; first < runs; first += RUNS_A_LINE) {
    try {
      const report = runModel({
        runs: Math.min(RUNS_A_LINE, runs - first),
        commands: COMMANDS_A_RUN,
        seed: seed + first,
      });
      commands += report.commands;
      rows += report.rows;
      debts += report.debts;
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      say(`  ${commands} commands, ${rows} rows, ${debts} debts, 0 violations, ${seconds} s`);
    } catch (cause) {
      say(`  BROKEN after ${commands} commands: ${cause instanceof Error ? cause.message : cause}`);
      return false;
    }
  }
  return true;
}

function timed<Result>(run: () => Result): { result: Result; seconds: string } {
  const begun = performance.now();
  const result = run();
  return { result, seconds: ((performance.now() - begun) / 1000).toFixed(1) };
}
