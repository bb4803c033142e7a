// The long form of the relay's fuzzing: a million cases at each door that reads strangers' bytes:
// what viewers, studios and nodes say, tokens, RTCP, HTTP on connections of their own, and SDP. It
// prints what was taken and refused. DOORS=rtcp,http runs some of them, CASES=n so many.

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { createMediaRoom } from '../../relay/media/mediaRoom.ts';
import { FUZZERS, fuzzHttp } from '../../relay/testing/fuzz.ts';
import {
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from '../../relay/testing/harness.ts';

const CASES = Number(process.env.CASES ?? 1_000_000);
const DOORS = process.env.DOORS?.split(',') ?? null;
const isAsked = (door: string) => DOORS === null || DOORS.includes(door);

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
    if (!isAsked(name)) continue;
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
  if (isAsked('http')) isFine = (await runHttp(say, seed)) && isFine;
  if (isAsked('sdp')) isFine = (await runSdp(say, seed)) && isFine;
  return isFine;
}

/** In a process of its own: each offer that is taken opens a real peer connection. */
async function runSdp(say: (line: string) => void, seed: number): Promise<boolean> {
  const startedMs = performance.now();
  const file = resolve(import.meta.dirname, '../../relay/media/sdpFuzz.test.ts');
  const env = { ...process.env, OFFERS: String(CASES), SEED: String(seed) };
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const code = await new Promise<number | null>((done) => {
    child.once('error', () => done(null));
    child.once('exit', done);
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const statuses = /\{[^}]*\}/.exec(output)?.[0].replace(/\s+/g, ' ') ?? output.slice(-2_000);
  say(`  sdp      ${CASES} offers: ${statuses} in ${seconds} s`);
  return code === 0;
}

async function runHttp(say: (line: string) => void, seed: number): Promise<boolean> {
  const dataFolder = temporaryFolder();
  const relay = await startTestRelay({ dataFolder, createMedia: createMediaRoom });
  const studio = new TestStudio(relay.url);
  try {
    await studio.ready();
    const target = { port: relay.port, channelId: studio.channelId };
    const statuses = await fuzzHttp(target, CASES, seed);
    say(`  http     ${CASES} requests: ${JSON.stringify([...statuses].sort())}`);
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
