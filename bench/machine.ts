// What the figures were taken on, without a name, a path or an address of the machine.

import { execFileSync } from 'node:child_process';
import { cpus, release, type as systemType, totalmem } from 'node:os';
import { pause } from './floors.ts';

/** Above this a run is called unclean. */
const BUSY_PERCENT = 10;

export type Machine = {
  processor: string;
  cores: number;
  memoryGigabytes: number;
  system: string;
  node: string;
  browser: string;
  /** Share of all cores that others used in the second before the run, percent. */
  busyBeforePercent: number;
};

export async function machineFacts(browserPath: string | undefined): Promise<Machine> {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? 'unknown processor',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${systemType()} ${release()}`,
    node: process.versions.node,
    browser: browserPath ? browserVersion(browserPath) : 'none',
    busyBeforePercent: await busyPercent(),
  };
}

async function busyPercent(): Promise<number> {
  const sum = () => {
    const times = cpus().map((core) => core.times);
    const idle = times.reduce((total, core) => total + core.idle, 0);
    const all = times.flatMap((core) => Object.values(core)).reduce((total, one) => total + one, 0);
    return { idle, all };
  };
  const before = sum();
  await pause(1_000);
  const after = sum();
  const all = Math.max(1, after.all - before.all);
  return Math.round(100 - (100 * (after.idle - before.idle)) / all);
}

function browserVersion(path: string): string {
  try {
    const text = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 });
    return /[A-Za-z ]+[\d.]+/.exec(text)?.[0].trim() ?? 'unknown version';
  } catch {
    return 'unknown version';
  }
}

export function machineLine(machine: Machine): string {
  return (
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGigabytes} GiB, ` +
    `${machine.system}, Node ${machine.node}, ${machine.browser}, no GPU; ` +
    `${machine.busyBeforePercent} % busy before the run` +
    (machine.busyBeforePercent > BUSY_PERCENT ? ' (**other work was running: no clean run**)' : '')
  );
}
