// The real OBS Studio, without a screen, as a streamer's own: started, killed as if the machine had
// lost it, started again. It is found beside the checkout; where it is not installed its tests are
// skipped by name. Every process of a run carries a mark, so that none of them outlives it.

import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './studio.ts';

const PUSH = join(root, '../shared/tools/obs-push');
const NEEDED = ['obs', 'Xvfb', 'dbus-launch'];

/** Why the real OBS cannot be run here, or false. */
export const obsSkip = whyNot();

function whyNot(): string | false {
  if (!existsSync(PUSH)) return 'the tool that runs OBS is not beside this checkout';
  const missing = NEEDED.filter((name) => spawnSync('which', [name]).status !== 0);
  return missing.length > 0 ? `${missing.join(', ')} is not installed` : false;
}

/** Three ways in which streamers have it set; `reason` is what the studio then says. */
export const OBS_SETTINGS = {
  zerolatency: { env: { FPS: '30', X264: 'bframes=0 tune=zerolatency keyint=60' }, reason: /^$/ },
  'with B-frames': { env: { FPS: '30', X264: 'bframes=2' }, reason: /B-frames/ },
  '60 fps': { env: { FPS: '60', X264: 'bframes=0 tune=zerolatency keyint=60' }, reason: /^$/ },
} as const;
export type ObsSetting = keyof typeof OBS_SETTINGS;

export type RunningObs = {
  /** SIGKILL to it and to all that came with it. */
  kill(): Promise<void>;
  /** What OBS wrote to its log so far. */
  log(): string;
  ended: Promise<void>;
};

/** Starts OBS; it streams at once and for `seconds` at most. */
export function startObs(
  address: { url: string; key: string },
  setting: ObsSetting,
  seconds = 60,
): RunningObs {
  const mark = `MORPHINE_OBS_RUN=${randomUUID()}`;
  const folder = mkdtempSync(join(tmpdir(), 'morphine-obs-'));
  const [name = '', value = ''] = mark.split('=');
  const child = spawn(PUSH, [address.url, address.key, String(seconds)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      ...{ W: '640', H: '360', KBPS: '1000', TMPDIR: folder, [name]: value },
      ...OBS_SETTINGS[setting].env,
    },
  });
  let log = '';
  child.stderr.on('data', (text: Buffer) => {
    log += text.toString();
  });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  return {
    ended,
    log: () => log || keptLog(folder),
    async kill() {
      // What was being started while the others ended carries the mark, too.
      for (let pids = marked(mark); pids.length > 0; pids = marked(mark)) {
        for (const pid of pids) killIfThere(pid);
        await new Promise((done) => setImmediate(done));
      }
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The tool prints the log of OBS when it ends; a killed one leaves it in its folder. */
function keptLog(folder: string): string {
  const boxes = existsSync(folder) ? readdirSync(folder) : [];
  const logs = boxes.map((box) => join(folder, box, 'obs.log')).filter(existsSync);
  return logs.map((path) => readFileSync(path, 'utf8')).join('\n');
}

function marked(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && hasMark(name, mark))
    .map(Number);
}

function hasMark(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
  } catch {
    return false;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
