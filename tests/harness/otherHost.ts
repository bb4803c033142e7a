// Another host with an address of its own, on this machine: two network namespaces. `home` is where
// the viewer's browser runs; it knows one other address, the street's outer one. `street` stands
// between and carries what it is told to. Nothing of the studio's machine is reachable from home by
// its own address, and this machine's own network is left as it is.
//
//   studio's machine 10.213.N.1 ── 10.213.N.2 street 198.51.100.1 ── 198.51.100.7 home

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { CHROMIUM_SWITCHES, findChromium } from '../../scripts/chromium.ts';

/** The relay's address as the viewer's host knows it (RFC 5737, TEST-NET-2). */
export const STREET_ADDRESS = '198.51.100.1';
const HOME_ADDRESS = '198.51.100.7';

/** Why there is no other host here, or false. */
export const otherHostSkip = skipReason();

function skipReason(): string | false {
  if (process.platform !== 'linux') return 'network namespaces are Linux only';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (!findChromium()) return 'no browser with H.264 was found; npm run setup gets one';
  const name = `morphine-try-${process.pid}`;
  try {
    ip(`netns add ${name}`);
    ip(`link add mt${process.pid} netns ${name} type veth peer name mu${process.pid}`);
    ip(`netns del ${name}`);
    return false;
  } catch {
    return 'this kernel makes no network namespaces or veth pairs (ip netns add, ip link add)';
  }
}

export type OtherHost = {
  /** Where the relay listens on this machine. */
  hereAddress: string;
  /** What passes through the street from now on, by port; replaces what passed before. */
  letThrough(ports: { tcp: number[]; udp: number[] }): Promise<void>;
  /** Runs a program in the street until the next call of `letThrough` or `close`. */
  runInStreet(program: string, args: readonly string[]): ChildProcess;
  /** The street's address on the studio's side. */
  streetInnerAddress: string;
  launchBrowser(switches?: readonly string[]): Promise<Browser>;
  close(): Promise<void>;
};

/** Makes the namespaces. Throws where `otherHostSkip` is a reason. */
export function openOtherHost(): OtherHost {
  const number = randomInt(1, 250);
  const id = `${process.pid % 100_000}`;
  const [street, home] = [`morphine-street-${id}`, `morphine-home-${id}`];
  const hereAddress = `10.213.${number}.1`;
  const streetInnerAddress = `10.213.${number}.2`;
  const folder = mkdtempSync(join(tmpdir(), 'other-host-'));
  ip(`netns add ${street}`);
  ip(`netns add ${home}`);
  ip(`link add mh${id} type veth peer name inner netns ${street}`);
  ip(`addr add ${hereAddress}/30 dev mh${id}`);
  ip(`link set mh${id} up`);
  ip(`-n ${street} link add outer type veth peer name wire netns ${home}`);
  ip(`-n ${street} addr add ${streetInnerAddress}/30 dev inner`);
  ip(`-n ${street} addr add ${STREET_ADDRESS}/24 dev outer`);
  ip(`-n ${home} addr add ${HOME_ADDRESS}/24 dev wire`);
  for (const device of ['lo', 'inner', 'outer']) ip(`-n ${street} link set ${device} up`);
  for (const device of ['lo', 'wire']) ip(`-n ${home} link set ${device} up`);

  const running = new Set<ChildProcess>();
  function runInStreet(program: string, args: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', street, program, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }
  async function clear(): Promise<void> {
    for (const child of running) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  }
  return {
    hereAddress,
    streetInnerAddress,
    async letThrough(ports) {
      await clear();
      const script = join(import.meta.dirname, 'streetForwarder.ts');
      const task = JSON.stringify({ from: STREET_ADDRESS, to: hereAddress, ...ports });
      const forwarder = runInStreet(process.execPath, [script, task]);
      if (!forwarder.stdout) throw new Error('The forwarder has no output');
      await once(forwarder.stdout, 'data');
    },
    runInStreet,
    launchBrowser(switches = []) {
      const program = join(folder, 'chromium');
      const words = `exec ip netns exec ${home} ${findChromium()} "$@"`;
      writeFileSync(program, `#!/bin/sh\n${words}\n`);
      chmodSync(program, 0o755);
      const args = [...CHROMIUM_SWITCHES, ...switches];
      return chromium.launch({ executablePath: program, headless: false, args });
    },
    async close() {
      await clear();
      ip(`netns del ${home}`);
      ip(`netns del ${street}`);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ip(words: string): void {
  execFileSync('ip', words.split(' '), { stdio: 'ignore' });
}
