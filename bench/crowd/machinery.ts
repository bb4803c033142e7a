// Starts the programs of a load run, each on its core, asks them, reads what a process used, and
// ends them all. Where `taskset` is missing or there is one core only, nothing is pinned and the
// remark says so.

import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

export const canPin = existsSync('/usr/bin/taskset') && cpus().length > 1;

export type Program<Question, Answer> = {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly said: string;
  ask(question: Question): Promise<Answer>;
  end(): Promise<void>;
};

type FromProgram = { ready?: string; answer?: unknown; failed?: string };

/** Starts `bench/crowd/NAME.ts` on a core; `nice` above 0 gives way to the others there. */
export async function startProgram<Question, Answer>(
  name: 'host' | 'source' | 'viewers',
  args: readonly string[],
  core: number,
  nice = 0,
): Promise<Program<Question, Answer>> {
  const file = join(import.meta.dirname, `${name}.ts`);
  const words = ['--disable-warning=ExperimentalWarning', file, ...args];
  const pinned = canPin ? ['/usr/bin/taskset', '-c', String(core)] : [];
  const niced = nice > 0 ? ['nice', '-n', String(nice)] : [];
  const [command = '', ...rest] = [...niced, ...pinned, process.execPath, ...words];
  const child = fork(rest.at(-words.length) ?? '', [], {
    execPath: command,
    execArgv: rest,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const said = await firstWords(child, name);
  return {
    pid: child.pid ?? 0,
    said,
    ask: (question) => askOf<Answer>(child, question as object),
    end: () => endOf(child),
  };
}

function firstWords(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('message', (message: FromProgram) => resolve(message.ready ?? ''));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
  });
}

function askOf<Answer>(child: ChildProcess, question: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`A program ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message: FromProgram) => {
      child.off('exit', ended);
      if (message.failed !== undefined) reject(new Error(message.failed));
      else resolve(message.answer as Answer);
    });
    child.send(question);
  });
}

export function endOf(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once('exit', () => done());
    child.kill('SIGKILL');
  });
}

export type Used = { userMs: number; systemMs: number };

/** Processor time of all threads of a process so far, ms (proc(5), clock ticks of 10 ms). */
export function usedBy(pid: number): Used {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { userMs: Number(fields[11]) * 10, systemMs: Number(fields[12]) * 10 };
}

/** Threads and open files of a process. */
export function heldBy(pid: number): { threads: number; residentBytes: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const value = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
  return { threads: value('Threads'), residentBytes: value('VmRSS') * 1024 };
}
