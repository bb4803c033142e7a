// Figures `cores` and `coresdemo`: what a live show takes of a core, all processes of the studio but
// vision and what vision starts, with the picture encoded here: a file and the drawn match, 720p30.
// Read from /proc; nobody watches, because a browser is not the studio's.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_FFMPEG_PATH } from '../native/ffmpeg/testFfmpeg.ts';
import { enterStudio, type Owner } from '../tests/harness/owner.ts';
import { type RunningStudio, startStudio } from '../tests/harness/studio.ts';
import { usedBy } from './crowd/machinery.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';

const CLIP =
  '-v error -f lavfi -i testsrc2=s=1280x720:r=30:d=10 -f lavfi -i sine=r=48000:d=10 ' +
  '-pix_fmt yuv420p -c:v libx264 -preset veryfast -c:a aac';
const WARM_UP_MS = 5_000;
const ROUND_MS = { short: 5_000, full: 30_000 };
/** How often the rate of pictures is looked at. */
const LOOK_MS = 1_000;
/** Pictures a second that a round must have had to be one of 30. */
const RATE_MIN = 28;
/** Processes whose share is below this are summed up as the others, percent. */
const SHOWN_PERCENT = 0.5;

type Show = { studio: RunningStudio; owner: Owner; roundMs: number };

export async function measureCores(context: BenchContext): Promise<Measured[]> {
  if (!existsSync('/proc/self/stat')) {
    return ['cores', 'coresdemo'].map((figure) => notMeasured(figure, 'this system has no /proc'));
  }
  await context.quiet();
  const folder = mkdtempSync(join(tmpdir(), 'morphine-bench-'));
  const clip = join(folder, 'clip.mp4');
  const made = spawnSync(TEST_FFMPEG_PATH, [...CLIP.split(' '), clip]);
  if (made.status !== 0) throw new Error(`No clip could be made: ${made.stderr}`);
  const roundMs = context.isFull ? ROUND_MS.full : ROUND_MS.short;
  try {
    return [
      await measureSource('cores', `file:${clip}`, roundMs),
      await measureSource('coresdemo', 'demo:', roundMs),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A studio of its own, so that no process is left of another source. */
async function measureSource(figure: string, url: string, roundMs: number): Promise<Measured> {
  const studio = await startStudio({ args: ['--source', url] });
  const owner = await enterStudio(studio.facts().studio ?? '');
  try {
    return await measureShow({ studio, owner, roundMs }, figure);
  } finally {
    owner.close();
    await studio.stop();
  }
}

async function measureShow(show: Show, figure: string): Promise<Measured> {
  const { studio, owner, roundMs } = show;
  const source = await owner.until('a picture', ({ source: one }) => one.state === 'live' && one);
  await pause(WARM_UP_MS);
  const rounds: number[][] = [];
  const pictures: string[] = [];
  const shares = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    const [before, startMs] = [usedOf(studio), performance.now()];
    const rates: number[] = [];
    while (performance.now() - startMs < roundMs) {
      await pause(LOOK_MS);
      rates.push(owner.readings()?.framesPerSecond ?? 0);
    }
    const [after, elapsedMs] = [usedOf(studio), performance.now() - startMs];
    let sum = 0;
    for (const [pid, { name, usedMs }] of after) {
      const share = (100 * (usedMs - (before.get(pid)?.usedMs ?? 0))) / elapsedMs;
      sum += share;
      shares.set(name, (shares.get(name) ?? 0) + share / ROUNDS);
    }
    const rate = rates.reduce((all, one) => all + one, 0) / rates.length;
    pictures.push(rate.toFixed(1));
    // A show that gets no processor uses little of it.
    rounds.push(rate >= RATE_MIN ? [sum] : []);
  }
  const { madeBy } = source;
  const remarks = [
    `720p30 made by ${madeBy ?? 'nobody here'}; nobody watches`,
    `${pictures.join(', ')} pictures a second in the rounds; below ${RATE_MIN} a round counts as not taken`,
    `by process, mean of the rounds: ${sharesText(shares)} % of a core`,
  ];
  return { figure, rounds, remarks };
}

function sharesText(shares: ReadonlyMap<string, number>): string {
  const sorted = [...shares].sort(([, one], [, other]) => other - one);
  const shown = sorted.filter(([, share]) => share >= SHOWN_PERCENT);
  const rest = sorted.slice(shown.length).reduce((sum, [, share]) => sum + share, 0);
  return [...shown, ['others', rest] as const]
    .map(([name, share]) => `${name} ${share.toFixed(1)}`)
    .join(', ');
}

type UsedProcess = { name: string; usedMs: number };

/** Every process of the studio but vision and what it started, by process id. */
function usedOf(studio: RunningStudio): Map<number, UsedProcess> {
  const { processes } = studio.facts();
  const named = new Map(Object.entries(processes).map(([name, pid]) => [pid, name]));
  const children = childrenByParent();
  const used = new Map<number, UsedProcess>();
  const waiting = [studio.process.pid ?? 0];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    if (pid === processes.vision) continue;
    try {
      const { userMs, systemMs } = usedBy(pid);
      used.set(pid, { name: named.get(pid) ?? nameOf(pid), usedMs: userMs + systemMs });
    } catch {
      // It ended meanwhile.
    }
    waiting.push(...(children.get(pid) ?? []));
  }
  return used;
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended meanwhile.
    }
  }
  return children;
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}
