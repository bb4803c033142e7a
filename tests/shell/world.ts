// The double's line to the test that plays the world: what the shell does goes out as notes, what
// the world does comes in as asks. Kept apart so that every part of the double can speak.

import type { EventEmitter } from 'node:events';
import { PortWire } from './ports.ts';

type Ask = { ask: string; id: number; args: Record<string, unknown> };
type RunAsk = (args: Record<string, unknown>) => unknown;

/** How this run's computer is; from the environment, as JSON. */
export type DoubleComputer = {
  /** Another studio has the lock. */
  isSecond?: boolean;
  isPackaged?: boolean;
  backend?: string;
  languages?: string[];
  hasTray?: boolean;
  /** Answers of boxes, in order; the last one stays. */
  answers?: number[];
};
export const computer: DoubleComputer = JSON.parse(process.env.SHELL_DOUBLE ?? '{}');

// A packed app has its models and its place of updates there, and no script among its arguments.
Object.assign(process, { resourcesPath: import.meta.dirname });
if (computer.isPackaged) process.argv.splice(1, 1);

const send = process.send?.bind(process);
// The shell must not find out that it is a child here.
delete process.send;
process.on('disconnect', () => process.exit(1));

export const tell = (message: object) => void send?.(message, undefined, undefined, () => {});
export const note = (name: string, facts: object = {}) => tell({ note: name, ...facts });
export const wire = new PortWire(tell);

const asks = new Map<string, RunAsk>();

/** Lets the test ask for a person's, a page's or the system's doing. */
export function onAsk(all: Record<string, RunAsk>): void {
  for (const [name, run] of Object.entries(all)) asks.set(name, run);
}

process.on('message', (message) => {
  if (wire.receive(message)) return;
  const { ask, id, args } = message as Ask;
  const run = asks.get(ask) ?? (() => Promise.reject(new Error(`Unknown ask ${ask}`)));
  Promise.resolve()
    .then(() => run(args))
    .then(
      (value) => tell({ answer: id, value }),
      (cause: unknown) => tell({ answer: id, error: String(cause) }),
    );
});

/** Emits a signal that listeners may prevent; true when one did. */
export function emitPreventable(target: EventEmitter, name: string, ...args: unknown[]): boolean {
  let isPrevented = false;
  const signal = {
    preventDefault() {
      isPrevented = true;
    },
  };
  target.emit(name, signal, ...args);
  return isPrevented;
}
