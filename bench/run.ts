// `npm run bench`: every figure beside its target, the machine's own floors and, where it is
// installed, the peer, all in one run. About five minutes in the short form; `-- --only NAME` takes
// one figure, `-- --only sight` those of vision that need no show, `-- --only relay` those of a relay
// under load (four minutes), `-- --only cores` and `-- --only rtspback` those of sources that take
// longer, `-- --only page` those of the studio's own page (eight minutes), `-- --full` all of them
// and each longer. The table goes to the terminal, the same as JSON and Markdown to out/bench/
// (`--out DIR`). Exit code 1 only when something broke: a missed target is a result.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildIfStale } from '../scripts/build.ts';
import { findChromium } from '../scripts/chromium.ts';
import { root } from '../tests/harness/studio.ts';
import { measureBack } from './back.ts';
import { measureBall } from './ball.ts';
import { measureBets, measureClicks, measureSync } from './bets.ts';
import { createContext } from './context.ts';
import { measureCores } from './cores.ts';
import { measureDefaultMotion } from './defaultMotion.ts';
import { measureDelay } from './delay.ts';
import { measureDelayTwo } from './delayTwo.ts';
import { measureEncryption } from './encryption.ts';
import { measureFanFacts } from './fanFacts.ts';
import { type Measurement, notMeasured, ROUNDS } from './figure.ts';
import { takeFloors } from './floors.ts';
import { readGoals } from './goals.ts';
import { measureJoin } from './join.ts';
import { measureJoinLoaded } from './joinLoaded.ts';
import { measureAudit, measureDurable } from './ledger.ts';
import { measureLoad } from './load.ts';
import { machineFacts } from './machine.ts';
import { measureGlue, measurePose } from './models.ts';
import { measureMotion } from './motion.ts';
import { measureObs } from './obs.ts';
import { measureOverlay } from './overlay.ts';
import { measureMemorySlope } from './pageMemory.ts';
import { measureLongTasks } from './pageTasks.ts';
import { measurePhone } from './phone.ts';
import { measureRecording } from './recording.ts';
import { measureRecovery } from './recovery.ts';
import { measureRegions } from './regions.ts';
import { measureRelay } from './relay.ts';
import { measureLosses, measureSteps } from './relayPath.ts';
import { measureRtspBack } from './rtspBack.ts';
import { measureSettlement } from './settlement.ts';
import { measureStart } from './start.ts';
import { measureColdStart, measureMainThread } from './studioPage.ts';
import { type BenchResult, floorSpreads, resultOf, tableOf } from './table.ts';
import { measureTracking } from './tracking.ts';
import { measureVision } from './vision.ts';

const MEASUREMENTS: Record<string, Measurement> = {
  start: measureStart,
  vision: measureVision,
  glue: measureGlue,
  pose: measurePose,
  overlay: measureOverlay,
  bets: measureBets,
  clicks: measureClicks,
  sync: measureSync,
  load: measureLoad,
  phone: measurePhone,
  delay: measureDelay,
  delaytwo: measureDelayTwo,
  join: measureJoin,
  joinloaded: measureJoinLoaded,
  back: measureBack,
  motion: measureMotion,
  motionids: measureDefaultMotion,
  tracking: measureTracking,
  ball: measureBall,
  regions: measureRegions,
  relay: measureRelay,
  relayloss: measureLosses,
  relaystep: measureSteps,
  fanfacts: measureFanFacts,
  durable: measureDurable,
  settlement: measureSettlement,
  audit: measureAudit,
  recovery: measureRecovery,
  obs: measureObs,
  recording: measureRecording,
  encryption: measureEncryption,
  cores: measureCores,
  rtspback: measureRtspBack,
  coldstart: measureColdStart,
  mainthread: measureMainThread,
  memoryslope: measureMemorySlope,
  longtasks: measureLongTasks,
};
/** Vision on pictures and clips alone; not in the short form unless they are asked for. */
const SIGHT = ['glue', 'pose', 'motion', 'motionids', 'tracking', 'ball', 'regions'];
/** The studio's own page. */
const PAGE = ['coldstart', 'mainthread', 'memoryslope', 'longtasks'];
/** What is taken only when it is asked for, or in the full form. */
const ASKED_FOR = [
  ...SIGHT,
  ...['relay', 'relayloss', 'relaystep', 'fanfacts', 'delaytwo'],
  ...['cores', 'rtspback'],
  ...PAGE,
];
const FLOOR_SAMPLES = 100;

const say = (line: string) => void process.stdout.write(`${line}\n`);
const complain = (line: string) => void process.stderr.write(`${line}\n`);

function readArguments(): { isFull: boolean; wanted: string[]; folder: string } {
  const names = ['floors', ...Object.keys(MEASUREMENTS)];
  try {
    const { values } = parseArgs({
      options: {
        out: { type: 'string', default: join(root, 'out/bench') },
        full: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
      },
    });
    const asked = values.only.flatMap((name) =>
      name === 'sight' ? SIGHT : name === 'page' ? PAGE : [name],
    );
    const unknown = asked.find((name) => !names.includes(name));
    if (unknown === undefined) {
      const usual = values.full ? names : names.filter((name) => !ASKED_FOR.includes(name));
      const wanted = asked.length > 0 ? asked : usual;
      return { isFull: values.full, wanted, folder: resolve(values.out) };
    }
    complain(`--only ${unknown}: no such figure; there are ${names.join(', ')}.`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    complain(`${reason} The bench knows --full, --only NAME and --out DIR.`);
  }
  process.exit(2);
}

async function bench(): Promise<boolean> {
  const { isFull, wanted, folder } = readArguments();
  const form = isFull ? 'full' : 'short';
  const machine = await machineFacts(findChromium());
  await buildIfStale({ force: false, say: complain });
  const startedMs = performance.now();
  const result: BenchResult = {
    version: 1,
    dateUtc: new Date().toISOString(),
    form,
    machine,
    durationSeconds: 0,
    floors: [],
    figures: [],
  };
  if (wanted.includes('floors')) {
    complain('floors …');
    for (let round = 0; round < ROUNDS; round++) {
      result.floors.push(
        floorSpreads(await takeFloors(isFull ? FLOOR_SAMPLES * 10 : FLOOR_SAMPLES)),
      );
    }
  }
  const context = createContext(isFull, complain);
  let isWhole = true;
  const goals = readGoals();
  for (const goal of goals) {
    const measure = MEASUREMENTS[goal.figure];
    if (!measure || !wanted.includes(goal.figure)) continue;
    complain(`${goal.figure} …`);
    const measured = await measure(context).catch((cause: unknown) => {
      isWhole = false;
      complain(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
      complain(context.troubles());
      const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
      return [notMeasured(goal.figure, `it broke: ${reason}`)];
    });
    for (const one of measured) {
      const own = goals.find(({ figure }) => figure === one.figure) ?? goal;
      result.figures.push(resultOf(own, one, form));
    }
    complain(`  after ${Math.round((performance.now() - startedMs) / 1000)} s`);
  }
  await context.close();
  result.durationSeconds = Math.round((performance.now() - startedMs) / 1000);
  keep(result, folder);
  return isWhole;
}

function keep(result: BenchResult, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const table = tableOf(result);
  writeFileSync(join(folder, 'bench.json'), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(folder, 'bench.md'), table);
  say(table);
}

process.exit((await bench()) ? 0 : 1);
