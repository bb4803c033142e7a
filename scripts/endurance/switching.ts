// Section `switching`: a real studio under two Chromium viewers, and every 20 s another source on
// air: the match, a clip of another size, and so on. Nobody may connect anew, the SSRC stays, times
// only rise and go as fast as the clock, and no process may grow. `-- --full` runs 30 minutes, else
// five; MINUTES=n says otherwise. Without Chromium it says so and has not failed.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_FFMPEG_PATH } from '../../native/ffmpeg/testFfmpeg.ts';
import {
  browserSkip,
  launchBrowser,
  openViewer,
  type Viewer,
} from '../../tests/harness/browser.ts';
import { enterStudio, type Owner } from '../../tests/harness/owner.ts';
import { framesFrom, lastFrame, wayOf, writeDown } from '../../tests/harness/pictureWatch.ts';
import { type RunningStudio, startStudio } from '../../tests/harness/studio.ts';

const EVERY_MS = 20_000;
/** A process that grows by more in an hour, beyond its first minutes, leaks. */
const GROWTH_MB_PER_HOUR_MAX = 120;
/** The feed's clock against this machine's, over the whole run. */
const DRIFT_MS_MAX = 250;
const PROCESSES = ['engine', 'relay', 'vision', 'ledger'] as const;

type Point = { minutes: number; megabytes: number };

export async function runSwitching(say: (line: string) => void): Promise<boolean> {
  if (browserSkip) {
    say(`switching: not run, ${browserSkip}`);
    return true;
  }
  const minutes = Number(process.env.MINUTES ?? (process.argv.includes('--full') ? 30 : 5));
  const rounds = Math.max(2, Math.round((minutes * 60_000) / EVERY_MS));
  const folder = mkdtempSync(join(tmpdir(), 'endurance-switching-'));
  const clip = join(folder, 'corner.mp4');
  const made = '-v error -f lavfi -i testsrc2=s=640x480:r=30:d=3 -pix_fmt yuv420p'.split(' ');
  spawnSync(TEST_FFMPEG_PATH, [...made, clip]);
  say(`switching: ${rounds} switches, one every ${EVERY_MS / 1000} s, two viewers`);
  const studio = await startStudio({ args: ['--source', 'demo:'] });
  const owner = await enterStudio(studio.facts().studio ?? '');
  const browser = await launchBrowser();
  try {
    const open = () => openViewer(browser, studio.facts().viewer ?? '', undefined, writeDown);
    const viewers = await Promise.all([open(), open()]);
    for (const { page } of viewers) await framesFrom(page, 0, 30);
    return await switchAll({ say, studio, owner, viewers, rounds, clip });
  } finally {
    await browser.close();
    owner.close();
    await studio.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Run = {
  say(line: string): void;
  studio: RunningStudio;
  owner: Owner;
  viewers: Viewer[];
  rounds: number;
  clip: string;
};

async function switchAll({ say, studio, owner, viewers, rounds, clip }: Run): Promise<boolean> {
  const faults: string[] = [];
  const ways = await Promise.all(viewers.map(({ page }) => wayOf(page)));
  const starts = await Promise.all(viewers.map(({ page }) => lastFrame(page)));
  const grown = new Map<string, Point[]>();
  const begun = performance.now();
  const gaps: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const isClip = round % 2 === 0;
    const url = isClip ? `file:${clip}` : 'demo:';
    await owner.client.studio.sources.select({ url });
    await owner.until(
      `${url} on air`,
      ({ source }) => source.url === url && source.state === 'live',
    );
    for (const [index, viewer] of viewers.entries()) {
      const seen = await framesFrom(viewer.page, isClip ? 640 : 1280, 5);
      gaps.push(...seen.gapsMs);
      if (seen.backwards > 0)
        faults.push(`viewer ${index}: times went back ${seen.backwards} times`);
      const way = await wayOf(viewer.page);
      if (JSON.stringify(way) !== JSON.stringify(ways[index])) {
        faults.push(`viewer ${index} in round ${round + 1}: ${JSON.stringify(way)}`);
      }
    }
    await new Promise((done) =>
      setTimeout(done, begun + (round + 1) * EVERY_MS - performance.now()),
    );
    const minutes = (performance.now() - begun) / 60_000;
    for (const name of PROCESSES) {
      const pid = studio.facts().processes[name];
      const points = grown.get(name) ?? [];
      grown.set(name, points);
      if (pid) points.push({ minutes, megabytes: megabytesOf(pid) });
    }
    if ((round + 1) % 5 === 0) say(`  ${round + 1} switches, ${faults.length} faults`);
  }
  const drifts = await driftOf(viewers, starts);
  for (const [index, ms] of drifts.entries()) {
    if (Math.abs(ms) > DRIFT_MS_MAX) faults.push(`viewer ${index} drifted by ${ms.toFixed(0)} ms`);
  }
  for (const { complaints } of viewers) faults.push(...complaints);
  const slopes = [...grown].map(([name, points]) => ({ name, ...slopeOf(points) }));
  for (const { name, perHour, isKnown } of slopes) {
    if (isKnown && perHour > GROWTH_MB_PER_HOUR_MAX) faults.push(`${name}: ${perHour} MB an hour`);
  }
  for (const fault of faults.slice(0, 10)) say(`  BROKEN ${fault}`);
  report(say, { rounds, gaps, drifts, slopes, ways });
  return faults.length === 0;
}

function report(
  say: (line: string) => void,
  of: {
    rounds: number;
    gaps: number[];
    drifts: number[];
    slopes: (ReturnType<typeof slopeOf> & { name: string })[];
    ways: unknown[];
  },
): void {
  const sorted = of.gaps.sort((one, next) => one - next);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(0);
  say(
    `switching: ${of.rounds} switches, gaps at the cut p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, ` +
      `most ${at(1)} ms; drift ${of.drifts.map((ms) => ms.toFixed(1)).join(' and ')} ms`,
  );
  for (const { name, first, last, perHour } of of.slopes) {
    say(
      `  ${name}: ${first.toFixed(0)} to ${last.toFixed(0)} MB, ${perHour.toFixed(1)} MB an hour`,
    );
  }
  say(`  connections and SSRC from first to last: ${JSON.stringify(of.ways)}`);
}

/** The feed's clock against the page's own, from the first frame to the last. */
async function driftOf(
  viewers: readonly Viewer[],
  starts: readonly { ticks: number; atMs: number }[],
): Promise<number[]> {
  return Promise.all(
    viewers.map(async ({ page }, index) => {
      const [first, last] = [starts[index], await lastFrame(page)];
      if (!first) return Number.NaN;
      // Each frame's own wait differs by some tens of milliseconds: that is no drift.
      return ((last.ticks - first.ticks) | 0) / 90 - (last.atMs - first.atMs);
    }),
  );
}

function megabytesOf(pid: number): number {
  const [, kilobytes = '0'] =
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

/** By least squares over the second half; a run of a few minutes says little of an hour. */
function slopeOf(points: readonly Point[]) {
  const half = points.slice(Math.floor(points.length / 2));
  const mean = (of: (point: Point) => number) =>
    half.reduce((sum, point) => sum + of(point), 0) / Math.max(1, half.length);
  const [x, y] = [mean(({ minutes }) => minutes), mean(({ megabytes }) => megabytes)];
  const above = half.reduce((sum, one) => sum + (one.minutes - x) * (one.megabytes - y), 0);
  const below = half.reduce((sum, one) => sum + (one.minutes - x) ** 2, 0);
  const perHour = below > 0 ? (above / below) * 60 : 0;
  const [first = 0, last = 0] = [points[0]?.megabytes, points.at(-1)?.megabytes];
  return { first, last, perHour, isKnown: (half.at(-1)?.minutes ?? 0) >= 25 };
}
