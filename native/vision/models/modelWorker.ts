// A model in a thread of its own, as the pipeline sees it: hand it a picture, get an answer or
// nothing. A crash, a hang or a lie of it costs answers and never a picture. It is restarted with
// growing pauses, given up after too many failures in a row, and both are sentences in the state.
// Pictures are in shared memory, so handing one over copies nothing.

import { Worker } from 'node:worker_threads';
import type { CancelTimer, Timers } from '../../../core/base/clock.ts';
import type { Logger } from '../../../core/base/logger.ts';
import type { Box } from '../tracking/track.ts';
import type { Model } from './manifest.ts';
import type { Picture, Region } from './picture.ts';
import type { Trial } from './providers.ts';
import type { Provider } from './runtime.ts';

export type WorkerStart = {
  model: Model;
  providers: readonly Provider[];
  /** Providers that failed at work, with the reason: they are not tried again. */
  distrusted: Partial<Record<Provider, string>>;
  /** Where a trial of a provider leaves its mark; null keeps none. */
  markFile: string | null;
  /** The memory in which pictures with an address lie. */
  pictures: WebAssembly.Memory | null;
};

/** How the picture lies to the one that the same model was shown before it. */
export type Moved = {
  /** What came before says nothing about this one. */
  isFirst: boolean;
  /** Pixels that the content moved to the right and down. */
  x: number;
  y: number;
  /** Pictures that have passed. */
  steps: number;
};

/**
 * `boxes`: people to look at, normalised; `moved`: for who compares pictures; `region`: the part to
 * look at, pixels, null for the whole.
 */
export type Subject = {
  picture: Picture;
  boxes?: readonly Box[];
  moved?: Moved;
  region?: Region | null;
};
export type Look = Subject & { type: 'look'; id: number };
export type ToWorker = Look | { type: 'stop' };
export type FromWorker<Seen> =
  | { type: 'ready'; provider: Provider; medianMs: number; refusals: Trial[] }
  | { type: 'seen'; id: number; seen: Seen }
  | { type: 'failed'; reason: string };

export type ModelState = {
  /** `givenUp`: it failed too often and is not tried again. */
  state: 'starting' | 'running' | 'failed' | 'givenUp';
  /** Empty when all is well. */
  reason: string;
  /** Provider in use; empty when it does not run. */
  provider: Provider | '';
  /** Inference at the start on that provider, ms. */
  medianMs: number | null;
  /** Why each better provider was not taken. */
  refusals: readonly Trial[];
};

export type ModelWorkerOptions = {
  model: Model;
  providers: readonly Provider[];
  /** Providers that are not tried, with the reason. */
  refused?: Readonly<Partial<Record<Provider, string>>> | undefined;
  /** File of the worker: TypeScript in a checkout, built in an app. */
  workerUrl: URL;
  timers: Timers;
  logger: Logger;
  markFile?: string | null;
  /** The memory in which pictures with an address lie. */
  pictures?: WebAssembly.Memory | null;
  /** What goes on without this model, for the state's sentence. */
  consolation: string;
};

/** An inference that takes longer hangs; the slowest sane model takes a tenth of it, ms. */
const HANG_MS = 2_000;
/** Opening a model takes 40 to 220 ms on a quiet machine, a GPU's kernels some seconds, ms. */
const START_MS = 30_000;
/** One that hung is ended by force only then, ms. */
const FORCE_HUNG_MS = 15_000;
const RESTART_DELAYS_MS = [250, 1_000, 5_000, 30_000];
/** Failures without one answer in between after which a model is given up. */
const FAILURES_MAX = 8;

export class ModelWorker<Seen> {
  readonly #options: ModelWorkerOptions;
  readonly #listeners: (() => void)[] = [];
  readonly #distrusted: Partial<Record<Provider, string>>;
  #worker: Worker | null = null;
  #state: ModelState = {
    ...{ state: 'starting', reason: '', provider: '' },
    ...{ medianMs: null, refusals: [] },
  };
  #pending: ((seen: Seen | null) => void) | null = null;
  #id = 0;
  #failures = 0;
  #cancelWatch: CancelTimer = () => {};
  #cancelRestart: CancelTimer = () => {};
  #isClosed = false;

  constructor(options: ModelWorkerOptions) {
    this.#options = options;
    this.#distrusted = { ...options.refused };
    this.#start();
  }

  get model(): Model {
    return this.#options.model;
  }

  state(): ModelState {
    return this.#state;
  }

  /** False while it starts, works on another picture or is broken. */
  isIdle(): boolean {
    return this.#state.state === 'running' && this.#pending === null;
  }

  onChange(run: () => void): void {
    this.#listeners.push(run);
  }

  /** The answer, or null when the model broke, took too long or is busy. Never throws. */
  look(subject: Subject): Promise<Seen | null> {
    const worker = this.#worker;
    if (!worker || !this.isIdle()) return Promise.resolve(null);
    const message: Look = { type: 'look', id: ++this.#id, ...subject };
    return new Promise((resolve) => {
      this.#pending = resolve;
      worker.postMessage(message);
      this.#watch(HANG_MS, 'took longer than 2 s for one picture');
    });
  }

  /** Resolves when the model is let go; a picture in work is finished first. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelWatch();
    this.#cancelRestart();
    const worker = this.#worker;
    this.#worker = null;
    this.#settle(null);
    if (worker) await this.#retire(worker);
  }

  #start(): void {
    const { model, providers, workerUrl, markFile = null, pictures = null } = this.#options;
    const distrusted = this.#distrusted;
    const data: WorkerStart = { model, providers, distrusted, markFile, pictures };
    const worker = new Worker(workerUrl, { workerData: data, name: model.id });
    this.#worker = worker;
    worker.on('message', (message: FromWorker<Seen>) => {
      if (worker === this.#worker) this.#receive(message);
    });
    worker.on('error', (error) => this.#fail(worker, error.message));
    worker.on('exit', () => this.#fail(worker, 'its thread ended'));
    this.#watch(START_MS, 'did not start within 30 s');
  }

  #receive(message: FromWorker<Seen>): void {
    this.#cancelWatch();
    switch (message.type) {
      case 'ready': {
        const { provider, medianMs, refusals } = message;
        this.#change({ state: 'running', reason: '', provider, medianMs, refusals });
        this.#options.logger.info('model runs', { provider, medianMs });
        for (const one of refusals) this.#options.logger.debug('provider not taken', one);
        return;
      }
      case 'seen':
        if (message.id !== this.#id) return;
        this.#failures = 0;
        this.#settle(message.seen);
        return;
      case 'failed':
        if (this.#worker) this.#fail(this.#worker, message.reason);
        return;
    }
  }

  #fail(worker: Worker, reason: string, isHung = false): void {
    if (this.#isClosed || worker !== this.#worker) return;
    this.#cancelWatch();
    this.#worker = null;
    void this.#retire(worker, isHung ? FORCE_HUNG_MS : HANG_MS);
    const { provider, refusals } = this.#state;
    // A provider that fails at work would pass its trial again; the next one stands in.
    if (provider !== '' && provider !== 'cpu') {
      this.#distrusted[provider] = `it failed while in use: ${reason}`;
    }
    const delays = RESTART_DELAYS_MS;
    const delayMs = delays[Math.min(this.#failures, delays.length - 1)] ?? 0;
    this.#failures++;
    const isGivenUp = this.#failures >= FAILURES_MAX;
    const end = isGivenUp
      ? `It is given up after ${FAILURES_MAX} failures; choose the model again to retry.`
      : this.#options.consolation;
    const sentence = `The model "${this.model.id}" failed: ${reason}. ${end}`;
    this.#options.logger.warn('model failed', { reason, retryMs: isGivenUp ? null : delayMs });
    this.#change({
      ...{ state: isGivenUp ? 'givenUp' : 'failed', reason: sentence },
      ...{ provider: '', medianMs: null, refusals },
    });
    this.#settle(null);
    if (isGivenUp) return;
    this.#cancelRestart = this.#options.timers.after(delayMs, () => this.#start());
  }

  /**
   * Lets a worker end by itself. Ending its thread inside an inference throws through ONNX
   * Runtime's C++ and ends the whole process, and on a machine without a free core an inference
   * that is only slow looks like one that hangs: so that one has longer to come to its end.
   */
  #retire(worker: Worker, forceMs = HANG_MS): Promise<void> {
    worker.unref();
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(forceMs, () => {
        void worker.terminate();
        resolve();
      });
      worker.once('exit', () => {
        cancel();
        resolve();
      });
      const message: ToWorker = { type: 'stop' };
      worker.postMessage(message);
    });
  }

  #watch(withinMs: number, trouble: string): void {
    this.#cancelWatch();
    const worker = this.#worker;
    this.#cancelWatch = this.#options.timers.after(withinMs, () => {
      if (worker) this.#fail(worker, trouble, true);
    });
  }

  #settle(seen: Seen | null): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.(seen);
  }

  #change(state: ModelState): void {
    this.#state = state;
    for (const run of this.#listeners) run();
  }
}
