// The long form of the markets' tests: a million random markets that balance, a hundred thousand
// paths of trades with prices in which the house never loses more than it put in.

import { randomInt } from 'node:crypto';
import { walkLmsr } from '../../core/markets/testing/lmsrWalk.ts';
import { walkMarkets } from '../../core/markets/testing/marketWalk.ts';

const MARKETS = 1_000_000;
const PATHS = 100_000;

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
  return broken === '' && priced.result.broken === '';
}

function timed<Result>(run: () => Result): { result: Result; seconds: string } {
  const begun = performance.now();
  const result = run();
  return { result, seconds: ((performance.now() - begun) / 1000).toFixed(1) };
}
