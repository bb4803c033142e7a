// Figure `back`: a process of the live show is killed with SIGKILL; how long until a viewer's page
// plays on, the studio's page is connected, vision runs and bets are taken again. Whatever was never
// gone costs nothing: a dead vision does not stop the picture.

import type { ProcessName } from '../core/contract/process.ts';
import { openViewer, PHONE, type Viewer } from '../tests/harness/browser.ts';
import type { Owner } from '../tests/harness/owner.ts';
import type { RunningStudio } from '../tests/harness/studio.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';

const KILLED: readonly ProcessName[] = ['vision', 'engine', 'relay', 'ledger'];
/** Kills of each process in a round. */
const KILLS = { short: 1, full: 10 };
/** Between two kills, so that the supervisor's back-off of the last one is over. */
const CALM_MS = 800;
const LOOK_EVERY_MS = 10;
const HANG_MS = 30_000;

type Show = { studio: RunningStudio; owner: Owner; viewer: Viewer };

export async function measureBack(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured('back', 'no browser with H.264')];
  const { studio, owner } = await context.studio('demo:');
  const viewer = await openViewer(browser, studio.facts().viewer ?? '', PHONE);
  const show = { studio, owner, viewer };
  await viewer.untilState('live');
  const parts = KILLED.map((name) => ({ name: `${name} killed`, samples: [] as number[] }));
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const samples: number[] = [];
    for (let kill = 0; kill < (context.isFull ? KILLS.full : KILLS.short); kill++) {
      for (const [index, name] of KILLED.entries()) {
        await pause(CALM_MS);
        const tookMs = await killAndWait(show, name);
        samples.push(tookMs);
        parts[index]?.samples.push(tookMs);
      }
    }
    rounds.push(samples);
  }
  await viewer.page.context().close();
  const remarks = ['one viewer; until page, vision, studio connection and betting are all back'];
  return [{ figure: 'back', rounds, remarks, parts }];
}

/** Kills one process; resolves with the milliseconds until everything is as before. */
async function killAndWait(show: Show, name: ProcessName): Promise<number> {
  const { studio, owner, viewer } = show;
  const pid = studio.facts().processes[name];
  if (!pid) throw new Error(`${name} does not run`);
  const killedMs = performance.now();
  process.kill(pid, 'SIGKILL');
  const untilMs = async (isBack: () => boolean | Promise<boolean>) => {
    for (;;) {
      if (await isBack()) return performance.now();
      if (performance.now() - killedMs > HANG_MS) throw new Error(`${name} is not back`);
      await pause(LOOK_EVERY_MS);
    }
  };
  await untilMs(() => {
    const { processes, state } = studio.facts();
    return processes[name] !== null && processes[name] !== pid && state === 'live';
  });
  const frames = await viewer.figure('frames');
  await untilMs(async () => {
    const now = await viewer.figure('frames');
    return (await viewer.state()) === 'live' && now !== frames;
  });
  const backMs = await untilMs(() => {
    const { show: view, vision } = owner.state();
    return view.state === 'live' && view.bettingSuspended === '' && vision.state === 'running';
  });
  return backMs - killedMs;
}
