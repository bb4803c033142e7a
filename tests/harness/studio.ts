// Starts a real studio as a person would, waits for its ready file, and speaks to it as its owner.
// Everything a test needs of a running show, and nothing that looks inside it.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { realTimers } from '../../core/base/clock.ts';
import type { StudioState } from '../../core/contract/state.ts';
import type { ReadyFacts } from '../../native/host/readyFile.ts';
import './leftovers.ts';

export const root = resolve(import.meta.dirname, '../..');

/** A wait that only guards against hanging for ever; it judges no speed. */
const HANG_MS = 75_000;

export type RunningStudio = {
  folder: string;
  facts(): ReadyFacts;
  /** Waits until the ready file says so. */
  until(what: string, isSo: (facts: ReadyFacts) => boolean): Promise<ReadyFacts>;
  process: ChildProcess;
  /** Everything the process printed, both streams. */
  output(): string;
  exited: Promise<number | null>;
  /** SIGTERM; resolves with the exit code. Removes the folder unless told to keep it. */
  stop(options?: { keepFolder?: boolean }): Promise<number | null>;
};

export type StudioStart = {
  args?: readonly string[];
  env?: Record<string, string>;
  /** A data folder of an earlier run. */
  dataFolder?: string;
  /** Default true. */
  isLive?: boolean;
  /** True: nothing says what to show, as whoever is new starts it. */
  isFirst?: boolean;
  /** False: no flag says anything of a relay, as most people start it. */
  isRelayNamed?: boolean;
};

/** Starts `npm start -- --headless` without npm in between; rejects when it ends before ready. */
export async function startStudio(start: StudioStart = {}): Promise<RunningStudio> {
  const folder = mkdtempSync(join(tmpdir(), 'morphine-test-'));
  const readyFile = join(folder, 'ready.json');
  const given = start.args ?? [];
  const standard = (flag: string, value: string) => (given.includes(flag) ? [] : [flag, value]);
  const args = [
    join(root, 'scripts/launch.mjs'),
    'scripts/start.ts',
    '--headless',
    ...((start.isLive ?? true) ? ['--live'] : []),
    ...standard('--data', start.dataFolder ?? join(folder, 'data')),
    ...(start.isFirst ? [] : standard('--source', 'demo:')),
    ...standard('--port', '0'),
    ...standard('--rtmp-port', '0'),
    ...(given.includes('--relay') || start.isRelayNamed === false
      ? []
      : standard('--relay-port', '0')),
    ...standard('--ready-file', readyFile),
    ...given,
  ];
  const child = spawn(process.execPath, args, {
    cwd: root,
    // The channel ends the studio should the test's own process die.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, MORPHINE_LOG: 'info', ...start.env },
  });
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const studio: RunningStudio = {
    folder,
    facts: () => readFacts(readyFile),
    until: (what, isSo) => untilFacts(readyFile, what, isSo, exited, () => text),
    process: child,
    output: () => text,
    exited,
    async stop(options) {
      child.kill('SIGTERM');
      const code = await exited;
      if (!options?.keepFolder) rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
  const wanted = (start.isLive ?? true) ? 'live' : 'ready';
  try {
    await studio.until(`the state ${wanted}`, (facts) => facts.state === wanted);
  } catch (cause) {
    // Whoever waits for it never gets it to stop it.
    child.kill('SIGKILL');
    throw cause;
  }
  return studio;
}

function readFacts(path: string): ReadyFacts {
  return JSON.parse(readFileSync(path, 'utf8')) as ReadyFacts;
}

async function untilFacts(
  path: string,
  what: string,
  isSo: (facts: ReadyFacts) => boolean,
  exited: Promise<number | null>,
  output: () => string,
): Promise<ReadyFacts> {
  const look = () => {
    if (!existsSync(path)) return undefined;
    const facts = readFacts(path);
    return isSo(facts) ? facts : undefined;
  };
  return new Promise((done, fail) => {
    const finish = (run: () => void) => {
      watcher.close();
      clearTimeout(guard);
      clearInterval(poll);
      run();
    };
    const check = () => {
      try {
        const facts = look();
        if (facts) finish(() => done(facts));
      } catch {
        // Between the removal of the old file and the new one.
      }
    };
    const watcher = watch(resolve(path, '..'), check);
    const poll = setInterval(check, 100);
    const guard = setTimeout(
      () => finish(() => fail(new Error(`Waited for ${what} in vain.\n${output()}`))),
      HANG_MS,
    );
    void exited.then((code) =>
      finish(() => fail(new Error(`The studio ended with ${code} before ${what}.\n${output()}`))),
    );
    check();
  });
}

/** Waits for a fact that a function tells; polls because facts come from other processes. */
export async function waitFor<Value>(
  what: string,
  look: () => Value | undefined | null | false | Promise<Value | undefined | null | false>,
  hangMs = HANG_MS,
): Promise<Value> {
  const endMs = performance.now() + hangMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > endMs) throw new Error(`Waited for ${what} in vain`);
    await new Promise<void>((done) => realTimers.after(50, done));
  }
}

/** Asks again while the picture stands still or the ledger is away, as a person would. */
export function whenSteady(what: string, call: () => Promise<unknown>): Promise<true> {
  return waitFor(what, () =>
    call().then(
      () => true as const,
      (refusal: Error) => {
        if (!/picture|ledger is away/.test(refusal.message)) throw refusal;
        return false;
      },
    ),
  );
}

export type Json = Record<string, unknown>;

/** Fetches JSON from the relay's witness page. */
export async function witnessOf(facts: ReadyFacts): Promise<{ seq: number; hash: string } & Json> {
  const answer = await fetch(`${facts.relay}/witness/${facts.channel}`);
  if (!answer.ok) throw new Error(`witness answered ${answer.status}`);
  return (await answer.json()) as { seq: number; hash: string } & Json;
}

/** True while a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export type { ReadyFacts, StudioState };
