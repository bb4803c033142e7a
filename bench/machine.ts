// What the figures were taken on, without a name, a path or an address of the machine.

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, type as systemType, totalmem } from 'node:os';

export type Machine = {
  processor: string;
  cores: number;
  memoryGigabytes: number;
  system: string;
  node: string;
  browser: string;
  /** Load of the last minute before the run: above a core or two, somebody else was at work. */
  loadBefore: number;
};

export function machineFacts(browserPath: string | undefined): Machine {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? 'unknown processor',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${systemType()} ${release()}`,
    node: process.versions.node,
    browser: browserPath ? browserVersion(browserPath) : 'none',
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
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
    `load ${machine.loadBefore} before the run` +
    (machine.loadBefore > machine.cores
      ? ' (**other work just ran or runs: not a clean run**)'
      : '')
  );
}
