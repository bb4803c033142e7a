// The long form of the relay's fuzzing: a million cases at each door that reads strangers' bytes,
// and 100,000 requests on connections of their own. It prints what was taken and refused.

import { randomInt } from 'node:crypto';
import { createMediaRoom } from '../../relay/media/mediaRoom.ts';
import { FUZZERS, fuzzHttp } from '../../relay/testing/fuzz.ts';
import {
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from '../../relay/testing/harness.ts';

const CASES = Number(process.env.CASES ?? 1_000_000);
/** Each needs a connection; ports of one machine are few. */
const REQUESTS = Math.ceil(CASES / 10);

/**
 * Runs the section.
 *
 * @param say takes one line of the report
 * @returns false when anything did not hold
 */
export async function runWire(say: (line: string) => void): Promise<boolean> {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  say(`wire: ${CASES} cases a door, seed ${seed}`);
  let isFine = true;
  for (const [name, fuzz] of Object.entries(FUZZERS)) {
    const startedMs = performance.now();
    try {
      const { accepted, refused } = fuzz(CASES, seed);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      say(`  ${name.padEnd(8)} ${accepted} taken, ${refused} refused in ${seconds} s`);
    } catch (error) {
      isFine = false;
      say(`  ${name.padEnd(8)} ${error instanceof Error ? error.stack : error}`);
    }
  }
  return (await runHttp(say, seed)) && isFine;
}

async function runHttp(say: (line: string) => void, seed: number): Promise<boolean> {
  const dataFolder = temporaryFolder();
  const relay = await startTestRelay({ dataFolder, createMedia: createMediaRoom });
  const studio = new TestStudio(relay.url);
  try {
    await studio.ready();
    const target = { port: relay.port, channelId: studio.channelId };
    const statuses = await fuzzHttp(target, REQUESTS, seed);
    say(`  http     ${REQUESTS} requests: ${JSON.stringify([...statuses].sort())}`);
    return true;
  } catch (error) {
    say(`  http     ${error instanceof Error ? error.message : error}`);
    return false;
  } finally {
    studio.close();
    await relay.close();
    removeFolder(dataFolder);
  }
}
