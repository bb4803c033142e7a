// The long form of the kill test: a thousand SIGKILLs of the real, built ledger process while bets
// flow.

import { randomInt } from 'node:crypto';
import { join, resolve } from 'node:path';
import { runKills } from '../../native/ledger/testing/killRun.ts';
import { buildIfStale } from '../build.ts';

const KILLS = Number(process.env.KILLS ?? 1_000);
/** Kills between two lines of the report. */
const KILLS_A_LINE = 100;

/**
 * Runs the section.
 *
 * @param say takes one line of the report
 * @returns false when anything did not hold
 */
export async function runKillsAtLength(say: (line: string) => void): Promise<boolean> {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  say(`kills: ${KILLS}, seed ${seed}`);
  await buildIfStale({ force: false, say });
  const entry = join(resolve(import.meta.dirname, '../..'), 'out/main/ledger.js');
  const sums = { kills: 0, killsInStart: 0, confirmed: 0, untold: 0, lostUntold: 0, rows: 0 };
  const begun = performance.now();
  for (let first = 0; first < KILLS; first += KILLS_A_LINE) {
    try {
      const report = await runKills(Math.min(KILLS_A_LINE, KILLS - first), seed + first, entry);
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += report[name];
    } catch (cause) {
      say(`  BROKEN after ${sums.kills} kills: ${cause instanceof Error ? cause.message : cause}`);
      return false;
    }
    const seconds = Math.round((performance.now() - begun) / 1000);
    say(
      `  ${sums.kills} kills and ${sums.killsInStart} in the start: ${sums.confirmed} bets confirmed, ` +
        `0 lost, 0 doubled; ${sums.untold} booked and not told, ${sums.lostUntold} neither; ` +
        `${sums.rows} rows audited, ${seconds} s`,
    );
  }
  return true;
}
