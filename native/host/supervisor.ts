// The only parent of JavaScript processes. Starts ledger, vision, relay and engine, tells the
// engine where the others are, watches all four, and brings back whichever dies: within three
// seconds, at most five times a minute at full speed, then every thirty seconds. A child that says
// its configuration is wrong is never restarted.
//
// It is written once against `ProcessLauncher`; child_process and Electron's utilityProcess each
// implement that. It must never touch media, bets or HTTP.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { BreakDeed } from '../../core/contract/breakIt.ts';
import type { Endpoint, FromChild, ProcessName, ToChild } from '../../core/contract/process.ts';
import { BAD_CONFIGURATION_EXIT_CODE } from '../../core/contract/process.ts';
import { type Breaking, type BreakingOptions, createBreaking } from './breaking.ts';

/** One running child process. */
export type ChildHandle = {
  pid: number | undefined;
  send(message: ToChild): void;
  onMessage(run: (message: FromChild) => void): void;
  /** Runs once. `code` is null when a signal ended it. */
  onExit(run: (code: number | null) => void): void;
  kill(): void;
};

/** How this host starts processes. */
export type ProcessLauncher = {
  launch(name: ProcessName): ChildHandle;
  /** Ends a helper process (ffmpeg) that outlived the child that started it. */
  killHelper(pid: number): void;
};

/** The state of one child as others see it. */
export type ChildState = 'starting' | 'ready' | 'stopping' | 'stopped' | 'crashed';

export type ChildFacts = Readonly<Record<string, unknown>>;

export type SupervisorOptions = {
  launcher: ProcessLauncher;
  timers: Timers;
  logger: Logger;
  /** Processes of this show; a remote relay leaves `relay` out. */
  names: readonly ProcessName[];
  /** The configuration for a start of this child, built anew each time. */
  configOf(name: ProcessName, known: ReadonlyMap<ProcessName, ChildFacts>): unknown;
  /** Processes that must be ready before this one starts. */
  startsAfter(name: ProcessName): readonly ProcessName[];
  /** Something changed that the ready file or the shell shows. */
  onChange(): void;
  /** How children may be broken on purpose; absent: never. */
  breaking?: BreakingOptions;
};

export type Supervisor = {
  /**
   * Starts everything; resolves when all are ready.
   * @throws StartRefused with the line for the person, when a child says its configuration is wrong
   *   or dies repeatedly before it was ever ready.
   */
  start(): Promise<void>;
  /** Asks every child to end, then ends those that did not within the time. */
  stop(withinMs: number): Promise<void>;
  /** Facts each ready child told, by name. */
  facts(): ReadonlyMap<ProcessName, ChildFacts>;
  /** Process ids by name; null while a child is not running. */
  processIds(): Record<ProcessName, number | null>;
  states(): ReadonlyMap<ProcessName, ChildState>;
  /** The handle of a running child, for a shell that hands over window ports. */
  child(name: ProcessName): ChildHandle | undefined;
};

/** The start cannot succeed. `line` names the thing and the fix. */
export class StartRefused extends Error {
  readonly exitCode: number;
  constructor(line: string, exitCode: number) {
    super(line);
    this.exitCode = exitCode;
  }
}

/** First waits between restarts, ms; the first restart is immediate because a viewer is waiting. */
const RESTART_DELAYS_MS = [0, 250, 500, 1000, 1500];
/** Restarts a minute before we say so and slow down. */
const RESTARTS_PER_MINUTE_MAX = 5;
const SLOW_RESTART_MS = 30_000;
const MINUTE_MS = 60_000;
const PING_PERIOD_MS = 1_000;
/** Unanswered pings before a child counts as hung: a busy machine stalls one for a second. */
const PINGS_MISSED_MAX = 5;
/** Deaths before the first ready that end the start. */
const START_ATTEMPTS_MAX = 3;

type Child = {
  name: ProcessName;
  state: ChildState;
  handle: ChildHandle | undefined;
  endpoint: Endpoint | null;
  facts: ChildFacts;
  helpers: Set<number>;
  wasReady: boolean;
  failedLine: string;
  failedCode: number;
  /** Times of recent restarts, in pings since the supervisor started (one a second). */
  restartTimes: number[];
  pingsUnanswered: number;
  cancelRestart: CancelTimer;
};

/** Makes the supervisor of one studio (or of one relay). */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  return new ProcessSupervisor(options);
}

class ProcessSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #children = new Map<ProcessName, Child>();
  #seconds = 0;
  #isStopping = false;
  #cancelPings: CancelTimer = () => {};
  #settleStart: { resolve(): void; reject(cause: Error): void } | undefined;
  readonly #breaking: Breaking | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#breaking = options.breaking && createBreaking(options.breaking, this.#breakable());
    for (const name of options.names) {
      this.#children.set(name, {
        name,
        state: 'stopped',
        handle: undefined,
        endpoint: null,
        facts: {},
        helpers: new Set(),
        wasReady: false,
        failedLine: '',
        failedCode: 1,
        restartTimes: [],
        pingsUnanswered: 0,
        cancelRestart: () => {},
      });
    }
  }

  start(): Promise<void> {
    this.#cancelPings = this.#options.timers.every(PING_PERIOD_MS, () => this.#ping());
    return new Promise((resolve, reject) => {
      this.#settleStart = { resolve, reject };
      this.#launchWhatCan();
    });
  }

  async stop(withinMs: number): Promise<void> {
    this.#isStopping = true;
    this.#cancelPings();
    const running = [...this.#children.values()].filter((child) => child.handle);
    const gone = running.map(
      (child) => new Promise<void>((resolve) => child.handle?.onExit(() => resolve())),
    );
    for (const child of this.#children.values()) {
      child.cancelRestart();
      if (!child.handle) continue;
      child.state = 'stopping';
      child.handle.send({ type: 'stop' });
    }
    const cancel = this.#options.timers.after(withinMs, () => {
      for (const child of running) {
        if (child.state !== 'stopping') continue;
        this.#options.logger.warn('process did not stop in time and was ended', {
          process: child.name,
        });
        child.handle?.kill();
      }
    });
    await Promise.all(gone);
    cancel();
  }

  facts(): ReadonlyMap<ProcessName, ChildFacts> {
    return new Map([...this.#children].map(([name, child]) => [name, child.facts]));
  }

  processIds(): Record<ProcessName, number | null> {
    const idOf = (name: ProcessName) => this.#children.get(name)?.handle?.pid ?? null;
    return {
      engine: idOf('engine'),
      ledger: idOf('ledger'),
      vision: idOf('vision'),
      relay: idOf('relay'),
    };
  }

  states(): ReadonlyMap<ProcessName, ChildState> {
    return new Map([...this.#children].map(([name, child]) => [name, child.state]));
  }

  child(name: ProcessName): ChildHandle | undefined {
    return this.#children.get(name)?.handle;
  }

  #breakable() {
    const ready = (name: ProcessName) => {
      const child = this.#children.get(name);
      return child?.state === 'ready' ? child : undefined;
    };
    return {
      pidOf: (name: ProcessName) => ready(name)?.handle?.pid ?? null,
      deathsLately: (name: ProcessName) => this.#lateRestarts(this.#children.get(name)).length,
      kill: (name: ProcessName) => ready(name)?.handle?.kill(),
      tell: (deed: BreakDeed) => this.child('engine')?.send({ type: 'broken', deed }),
    };
  }

  #launchWhatCan(): void {
    for (const child of this.#children.values()) {
      if (child.handle || child.wasReady || child.state !== 'stopped') continue;
      const waitsFor = this.#options.startsAfter(child.name);
      const isFree = waitsFor.every((name) => this.#children.get(name)?.wasReady ?? true);
      if (isFree) this.#launch(child);
    }
  }

  #launch(child: Child): void {
    child.state = 'starting';
    child.pingsUnanswered = 0;
    child.failedLine = '';
    const handle = this.#options.launcher.launch(child.name);
    child.handle = handle;
    handle.onMessage((message) => this.#receive(child, message));
    handle.onExit((code) => this.#exited(child, code));
    handle.send({ type: 'start', config: this.#options.configOf(child.name, this.facts()) });
    if (child.name === 'engine') {
      for (const deed of this.#breaking?.deeds() ?? []) handle.send({ type: 'broken', deed });
    }
    // A restarted child learns where the others already are.
    for (const other of this.#children.values()) {
      if (other !== child && other.endpoint) {
        handle.send({ type: 'peer', name: other.name, endpoint: other.endpoint });
      }
    }
    this.#options.onChange();
  }

  #receive(child: Child, message: FromChild): void {
    switch (message.type) {
      case 'ready':
        child.state = 'ready';
        child.wasReady = true;
        child.endpoint = message.endpoint;
        child.facts = message.facts;
        this.#breaking?.ready(child.name, child.handle?.pid ?? null, message.facts);
        this.#options.logger.info('process is ready', { process: child.name });
        if (message.endpoint) this.#tellPeers(child, message.endpoint);
        this.#settleIfReady();
        break;
      case 'facts':
        child.facts = { ...child.facts, ...message.facts };
        break;
      case 'pong':
        child.pingsUnanswered = 0;
        return;
      case 'helper':
        if (message.alive) child.helpers.add(message.pid);
        else child.helpers.delete(message.pid);
        return;
      case 'failed':
        child.failedLine = message.line;
        child.failedCode = message.exitCode;
        return;
      case 'break':
        if (child.name === 'engine') this.#breaking?.order(message.order);
        return;
    }
    this.#options.onChange();
  }

  #settleIfReady(): void {
    if ([...this.#children.values()].every((child) => child.wasReady)) {
      this.#settleStart?.resolve();
      this.#settleStart = undefined;
      return;
    }
    this.#launchWhatCan();
  }

  #tellPeers(child: Child, endpoint: Endpoint | null): void {
    for (const other of this.#children.values()) {
      if (other !== child) other.handle?.send({ type: 'peer', name: child.name, endpoint });
    }
  }

  #exited(child: Child, code: number | null): void {
    child.handle = undefined;
    child.endpoint = null;
    for (const pid of child.helpers) this.#options.launcher.killHelper(pid);
    child.helpers.clear();
    if (this.#isStopping) {
      child.state = 'stopped';
      return;
    }
    child.state = 'crashed';
    this.#breaking?.exited(child.name);
    this.#tellPeers(child, null);
    const isRefusal = code === BAD_CONFIGURATION_EXIT_CODE || child.failedLine !== '';
    this.#options.logger.warn('process ended unexpectedly', {
      process: child.name,
      code,
      line: child.failedLine,
    });
    if (this.#settleStart && (isRefusal || child.restartTimes.length >= START_ATTEMPTS_MAX - 1)) {
      const line =
        child.failedLine || `The ${child.name} process ended with code ${code ?? 'none'}`;
      const exitCode = isRefusal ? child.failedCode : 1;
      this.#settleStart.reject(new StartRefused(line, exitCode));
      this.#settleStart = undefined;
      return;
    }
    this.#options.onChange();
    // What once served was configured well: a full disk, say, refuses a start and passes.
    if (code !== BAD_CONFIGURATION_EXIT_CODE || child.wasReady) this.#restartLater(child);
  }

  /** Restarts of the last minute. */
  #lateRestarts(child: Child | undefined): number[] {
    const { restartTimes = [] } = child ?? {};
    return restartTimes.filter((at) => (this.#seconds - at) * 1000 < MINUTE_MS);
  }

  #restartLater(child: Child): void {
    child.restartTimes = this.#lateRestarts(child);
    const count = child.restartTimes.length;
    child.restartTimes.push(this.#seconds);
    const isSlow = count >= RESTARTS_PER_MINUTE_MAX;
    const delayMs = isSlow ? SLOW_RESTART_MS : (RESTART_DELAYS_MS[count] ?? SLOW_RESTART_MS);
    if (isSlow) {
      this.#options.logger.error('process keeps ending; trying again every 30 s', {
        process: child.name,
      });
    }
    child.cancelRestart = this.#options.timers.after(delayMs, () => {
      if (!this.#isStopping) this.#launch(child);
    });
  }

  #ping(): void {
    this.#seconds++;
    for (const child of this.#children.values()) {
      if (!child.handle || child.state !== 'ready') continue;
      if (child.pingsUnanswered >= PINGS_MISSED_MAX) {
        this.#options.logger.error('process hangs and is ended', { process: child.name });
        child.handle.kill();
        continue;
      }
      child.pingsUnanswered++;
      child.handle.send({ type: 'ping', id: this.#seconds });
    }
  }
}
