// Runs the built shell over the double and is the world around it: the person, the system and the
// pages. What the shell does arrives as notes; what the world does goes as asks.

import { type ChildProcess, fork } from 'node:child_process';
import { waitFor } from '../harness/studio.ts';
import { type MessagePortMain, PortWire } from './ports.ts';

export type Note = { note: string } & Record<string, unknown>;

type Answer = { answer: number; value?: unknown; error?: string };

function isAnswer(told: Note | Answer): told is Answer {
  return 'answer' in told;
}

export type ShellProcess = {
  process: ChildProcess;
  notes: readonly Note[];
  notesOf(name: string): Note[];
  /** Waits for the count-th note of this name that fits. */
  untilNote(name: string, fits?: (note: Note) => boolean): Promise<Note>;
  onNote(run: (note: Note) => void): void;
  /** Lets the world do something; resolves with what the shell made of it. */
  ask(ask: string, args?: Record<string, unknown>): Promise<unknown>;
  /** The port that came with a note. */
  land(id: string): MessagePortMain;
  stdout(): string;
  output(): string;
  exited: Promise<number | null>;
};

const register = `${import.meta.dirname}/register.ts`;

/** Starts a script of JavaScript that believes to be Electron's main process. */
export function startShellProcess(
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): ShellProcess {
  const child = fork(script, [...args], {
    execArgv: ['--import', register, '--disable-warning=ExperimentalWarning'],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, MORPHINE_LOG: 'info', ...env },
  });
  let stdout = '';
  let output = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output += chunk;
  });
  const notes: Note[] = [];
  const listeners: ((note: Note) => void)[] = [];
  const answers = new Map<number, (answer: Answer) => void>();
  const tell = (message: object) => void (child.connected && child.send(message, () => {}));
  const wire = new PortWire(tell);
  child.on('message', (message) => {
    if (wire.receive(message)) return;
    const told = message as Note | Answer;
    if (isAnswer(told)) {
      answers.get(told.answer)?.(told);
      answers.delete(told.answer);
    } else {
      notes.push(told);
      for (const run of listeners) run(told);
    }
  });
  const exited = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  void exited.then(() => wire.lost());
  let asked = 0;
  return {
    process: child,
    notes,
    notesOf: (name) => notes.filter((one) => one.note === name),
    untilNote: (name, fits = () => true) =>
      waitFor(`the note ${name}`, () => {
        const found = notes.find((one) => one.note === name && fits(one));
        if (!found && child.exitCode !== null) throw new Error(`The shell ended.\n${output}`);
        return found;
      }),
    onNote: (run) => listeners.push(run),
    ask(ask, given = {}) {
      const id = ++asked;
      tell({ ask, id, args: given });
      return new Promise((done, fail) => {
        answers.set(id, ({ value, error }) =>
          error === undefined ? done(value) : fail(new Error(error)),
        );
        void exited.then(() => fail(new Error(`The shell ended.\n${output}`)));
      });
    },
    land: (id) => wire.land(id),
    stdout: () => stdout,
    output: () => output,
    exited,
  };
}
