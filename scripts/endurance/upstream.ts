// The long form of the relay's link test: 100,000 rows through a link that drops a fifth of its
// messages, doubles a fifth, lets a fifth overtake each other and is cut fifty times. Studio, file
// and PostgreSQL must end with one hash. Then a lost desktop at row 1,000,000, rebuilt from the
// relay. It prints what happened and says whether all held.

import { randomInt } from 'node:crypto';
import { toHex } from '../../core/base/ids.ts';
import { chaosJournal, runChaos } from '../../relay/testing/chaosRun.ts';
import { randomHex } from '../../relay/testing/harness.ts';
import { rebuildLostDesktop } from '../../relay/testing/lostDesktop.ts';
import { embeddedStores, postgresStores, TEST_DATABASE_URL } from '../../relay/testing/stores.ts';

const ROWS = 100_000;
const CUTS = 50;
const ROWS_LOST = Number(process.env.ROWS_LOST ?? 1_000_000);

/**
 * Runs the section.
 *
 * @param say takes one line of the report
 * @returns false when anything did not hold
 */
export async function runUpstream(say: (line: string) => void): Promise<boolean> {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  say(`upstream: ${ROWS} rows, ${CUTS} cuts, seed ${seed}`);
  const ledgerId = randomHex(16);
  const journal = chaosJournal(ROWS, ledgerId, seed);
  const hash = toHex(journal.lastHash);
  say(`  studio      ${hash}`);
  let isFine = true;
  for (const stores of [embeddedStores(), await postgresStores()]) {
    if (stores.skip) {
      say(`  ${stores.name}: skipped (${stores.skip})`);
      continue;
    }
    const databaseUrl = stores.name === 'PostgreSQL' ? TEST_DATABASE_URL : null;
    const outcome = await runChaos({
      ...{ journal, ledgerId, seed, databaseUrl, cuts: CUTS },
      reopen: (folder) => stores.open(databaseUrl ?? `${folder}/witness.sqlite`),
    });
    stores.forget(outcome.channelId);
    await stores.clear();
    const { dropped, doubled, overtaken, cuts } = outcome.link;
    const holds =
      outcome.markHash === hash &&
      outcome.storedHash === hash &&
      outcome.rows === ROWS &&
      outcome.sumMinor === 0 &&
      cuts === CUTS;
    if (!holds) isFine = false;
    say(`  ${stores.name.padEnd(11)} ${outcome.storedHash} ${holds ? 'equal' : 'NOT EQUAL'}`);
    say(
      `    ${outcome.rows} rows in ${outcome.seconds.toFixed(1)} s; messages dropped ${dropped}, ` +
        `doubled ${doubled}, overtaken ${overtaken}; ${outcome.connections} connections`,
    );
  }
  return (await runLostDesktop(say, seed)) && isFine;
}

async function runLostDesktop(say: (line: string) => void, seed: number): Promise<boolean> {
  const { rows, seconds, isEqual } = await rebuildLostDesktop(ROWS_LOST, seed);
  say(
    `  lost desktop: ${rows} rows rebuilt in ${seconds.toFixed(1)} s ` +
      `(${Math.round(rows / seconds)} rows/s), hash ${isEqual ? 'equal' : 'NOT EQUAL'}`,
  );
  return isEqual && rows === ROWS_LOST;
}
