// The double of Electron's utilityProcess: a forked Node whose preload makes it look like one. It
// refuses the options that Electron refuses and has no process id before the start or after the end.

import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { checkTransfer, PortWire } from './ports.ts';
import { utilityHost } from './utilityHost.ts';

type ForkOptions = { stdio?: unknown; serviceName?: unknown };

const KNOWN = new Set(['stdio', 'serviceName', 'cwd', 'env', 'execArgv']);
const preload = `${import.meta.dirname}/utilityChild.ts`;

/** Every child of this process, for its `messages`. */
export const utilityForks: UtilityProcess[] = [];

export class UtilityProcess extends EventEmitter {
  readonly unknownOptions: string[];
  /** What listeners in this process were given. */
  readonly messages: unknown[] = [];
  #child: ChildProcess | undefined;
  #wire: PortWire;
  #hasSpawned = false;

  constructor(modulePath: string, args: string[], options: ForkOptions) {
    super();
    this.unknownOptions = Object.keys(options).filter((key) => !KNOWN.has(key));
    checkOptions(modulePath, options);
    const fork = utilityHost.fork;
    if (!fork) throw new Error('utilityProcess is there in the main process only');
    const child = fork(modulePath, args, {
      execArgv: ['--import', preload, '--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#wire = new PortWire((message) => this.#send(message));
    child.once('spawn', () => {
      this.#hasSpawned = true;
      this.emit('spawn');
    });
    child.on('message', (message) => this.#receive(message));
    child.once('exit', (code) => {
      this.#child = undefined;
      this.#wire.lost();
      this.emit('exit', code ?? 15);
    });
    utilityForks.push(this);
  }

  get pid(): number | undefined {
    return this.#hasSpawned ? this.#child?.pid : undefined;
  }

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    checkTransfer(transfer);
    this.#send({ data: message, ports: transfer.map((port) => this.#wire.carry(port)) });
  }

  kill(): boolean {
    return this.#child?.kill('SIGTERM') ?? false;
  }

  #send(message: object): void {
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  #receive(message: unknown): void {
    if (this.#wire.receive(message)) return;
    const { data } = message as { data: unknown };
    this.messages.push(data);
    this.emit('message', data);
  }
}

function checkOptions(modulePath: string, { stdio, serviceName }: ForkOptions): void {
  if (!modulePath || !existsSync(modulePath))
    throw new Error('Missing UtilityProcess entry script');
  if (serviceName !== undefined && typeof serviceName !== 'string') {
    throw new TypeError('serviceName must be a string');
  }
  if (Array.isArray(stdio)) {
    if (stdio.length < 3) throw new Error('configuration missing for stdin, stdout or stderr');
    if (stdio[0] !== 'ignore') throw new Error('stdin value other than ignore is not supported');
  }
}
