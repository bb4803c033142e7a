// Starts one ffmpeg child and minds it: what it says is kept as a few masked lines, silence is
// answered by killing it, and it never outlives us. It hands out bytes and knows nothing of what
// they mean. On Linux the child is tied to the thread that started it, so start it from a thread
// that lives as long as the work.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Ffmpeg } from './resolve.ts';

export type FfmpegEnd = {
  /** Exit code, or null when a signal ended it or it never started. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why, in one plain sentence with credentials masked. */
  reason: string;
  /** True when we ended it: kill() or the watchdog. */
  wasKilled: boolean;
  /** True when the watchdog ended it. */
  wasSilent: boolean;
};

export type SpawnOptions = {
  ffmpeg: Ffmpeg;
  /** Without the program's name; `-nostdin` and the log level are added. */
  arguments: readonly string[];
  /** Give it a stdin to write to. Default false. */
  hasInput?: boolean;
  /** File descriptors read from, for instance [1, 3] for pipe:1 and pipe:3. */
  outputs: readonly number[];
  timers: Timers;
  logger: Logger;
  /** Tells the supervisor which process dies with us. */
  onHelper?: ((pid: number, alive: boolean) => void) | undefined;
  /** Bytes of an output. The buffer is not reused. */
  onData(output: number, bytes: Uint8Array): void;
  /** Runs once, when the process is gone and all of its output was delivered. */
  onEnd(end: FfmpegEnd): void;
  /**
   * Killed after this long without any output while one is being read, and after four times as long
   * without one of them; 0 is never.
   */
  silenceMsMax: number;
};

export type FfmpegProcess = {
  readonly pid: number | undefined;
  /**
   * Writes to stdin. Returns false when ffmpeg is not keeping up; `onWritten` runs when the bytes
   * are out of our hands, or when they never will be.
   */
  write(bytes: Uint8Array, onWritten?: () => void): boolean;
  /** Ends stdin, so that ffmpeg finishes what it has. */
  endInput(): void;
  /** Stops or resumes reading an output; a paused one is not watched. */
  setPaused(output: number, isPaused: boolean): void;
  /** The last lines that ffmpeg said, masked. */
  lastLines(): readonly string[];
  /** SIGTERM, one second, SIGKILL. Resolves when the process is gone. */
  kill(): Promise<void>;
};

const LINES_KEPT = 12;
const LINE_CHARACTERS_MAX = 300;
const TERMINATE_WAIT_MS = 1_000;

/** Starts ffmpeg. Never throws: a program that does not start is an `onEnd`. */
export function spawnFfmpeg(options: SpawnOptions): FfmpegProcess {
  const run = new FfmpegRun(options);
  run.start();
  return run;
}

/** A still picture of a recorded screen may rest for long while its sound goes on. */
const ONE_OUTPUT_TIMES = 4;

class FfmpegRun implements FfmpegProcess {
  #options: SpawnOptions;
  #child: ChildProcess | null = null;
  #lines: string[] = [];
  #partial = '';
  #paused = new Set<number>();
  #cancelWatch: CancelTimer = () => {};
  #cancelKill: CancelTimer = () => {};
  /** When each output last gave something: sound may go on for ever where the picture ended. */
  #lastOutputMs = new Map<number, number>();
  #hasEnded = false;
  #wasKilled = false;
  #wasSilent = false;
  #onGone: (() => void)[] = [];

  constructor(options: SpawnOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { ffmpeg, outputs } = this.#options;
    const command = [
      ...ffmpeg.deathPrefix,
      ffmpeg.path,
      '-hide_banner',
      '-loglevel',
      'warning',
      ...(this.#options.hasInput ? [] : ['-nostdin']),
      ...this.#options.arguments,
    ];
    const descriptors = Math.max(2, ...outputs) + 1;
    const stdio = Array.from({ length: descriptors }, (_, index) => {
      if (index === 0) return this.#options.hasInput ? 'pipe' : 'ignore';
      return index === 2 || outputs.includes(index) ? 'pipe' : 'ignore';
    }) as ('pipe' | 'ignore')[];
    try {
      this.#child = spawn(command[0] ?? '', command.slice(1), { stdio, windowsHide: true });
    } catch (error) {
      // Only bad arguments throw here; the rest comes as 'error'.
      queueMicrotask(() => this.#end(null, null, String(error)));
      return;
    }
    this.#listen(this.#child);
  }

  write(bytes: Uint8Array, onWritten?: () => void): boolean {
    const input = this.#child?.stdin;
    if (!input || input.destroyed || this.#hasEnded) {
      if (onWritten) queueMicrotask(onWritten);
      return false;
    }
    return (input as Writable).write(bytes, () => onWritten?.());
  }

  endInput(): void {
    this.#child?.stdin?.end();
  }

  setPaused(output: number, isPaused: boolean): void {
    if (isPaused === this.#paused.has(output)) return;
    const stream = this.#child?.stdio[output] as Readable | undefined;
    if (isPaused) {
      this.#paused.add(output);
      stream?.pause();
    } else {
      this.#paused.delete(output);
      this.#lastOutputMs.set(output, performance.now());
      stream?.resume();
    }
  }

  lastLines(): readonly string[] {
    return this.#lines;
  }

  kill(): Promise<void> {
    if (this.#hasEnded) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onGone.push(resolve);
      this.#terminate();
    });
  }

  #terminate(): void {
    if (this.#wasKilled) return;
    this.#wasKilled = true;
    // A paused pipe would keep 'close' from ever coming.
    for (const output of this.#options.outputs) this.setPaused(output, false);
    // SIGTERM alone does not wake an ffmpeg that waits for its stdin.
    this.#child?.stdin?.destroy();
    this.#child?.kill('SIGTERM');
    this.#cancelKill = this.#options.timers.after(TERMINATE_WAIT_MS, () => {
      this.#child?.kill('SIGKILL');
    });
  }

  #listen(child: ChildProcess): void {
    const { onHelper, silenceMsMax, timers } = this.#options;
    const pid = child.pid;
    if (pid !== undefined) onHelper?.(pid, true);
    child.once('error', (error) => {
      if (child.pid === undefined) this.#end(null, null, error.message);
    });
    child.once('close', (code, signal) => {
      if (pid !== undefined) onHelper?.(pid, false);
      this.#end(code, signal, '');
    });
    // A closed pipe is an ordinary end of ffmpeg; 'close' tells about it.
    child.stdin?.on('error', () => {});
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (text: string) => this.#hear(text));
    for (const output of this.#options.outputs) {
      const stream = child.stdio[output] as Readable | undefined;
      stream?.on('error', () => {});
      stream?.on('data', (bytes: Buffer) => {
        this.#lastOutputMs.set(output, performance.now());
        this.#options.onData(output, bytes);
      });
      this.#lastOutputMs.set(output, performance.now());
    }
    if (silenceMsMax > 0) {
      this.#cancelWatch = timers.every(Math.max(50, silenceMsMax / 4), () => this.#watch());
    }
  }

  #watch(): void {
    const nowMs = performance.now();
    const { outputs, silenceMsMax } = this.#options;
    if (outputs.every((output) => this.#paused.has(output))) return;
    // A paused output holds ffmpeg up as a whole; then nothing can be said of the others.
    if (this.#paused.size > 0) for (const output of outputs) this.#lastOutputMs.set(output, nowMs);
    const silencesMs = outputs.map((output) => nowMs - (this.#lastOutputMs.get(output) ?? nowMs));
    const isSilent =
      Math.min(...silencesMs) >= silenceMsMax ||
      Math.max(...silencesMs) >= silenceMsMax * ONE_OUTPUT_TIMES;
    if (!isSilent) return;
    this.#wasSilent = true;
    this.#cancelWatch();
    this.#terminate();
  }

  #hear(text: string): void {
    const lines = (this.#partial + text).split(/\r?\n|\r/);
    this.#partial = (lines.pop() ?? '').slice(-LINE_CHARACTERS_MAX);
    for (const line of lines) {
      if (!line.trim()) continue;
      this.#lines.push(maskCredentials(line).slice(0, LINE_CHARACTERS_MAX));
      if (this.#lines.length > LINES_KEPT) this.#lines.shift();
      this.#options.logger.debug('ffmpeg said', { line: this.#lines.at(-1) });
    }
  }

  #end(code: number | null, signal: NodeJS.Signals | null, message: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cancelWatch();
    this.#cancelKill();
    const said = this.#lines.at(-1) ?? '';
    let reason = message || said || `ffmpeg ended with ${signal ?? `code ${code}`}`;
    if (this.#wasSilent) reason = 'ffmpeg gave no more output';
    this.#options.onEnd({
      code,
      signal,
      reason,
      wasKilled: this.#wasKilled,
      wasSilent: this.#wasSilent,
    });
    for (const run of this.#onGone.splice(0)) run();
  }
}

/** Hides user names, passwords, keys and tokens in anything that ffmpeg prints. */
export function maskCredentials(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi, '$1***@')
    .replace(/([?&](?:[a-z_]*(?:key|token|pass\w*|secret|auth\w*|streamid))=)[^&\s'"]*/gi, '$1***');
}
