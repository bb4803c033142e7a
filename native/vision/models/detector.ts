// A detector as the pipeline sees it: hand it a picture, get boxes or nothing. The model runs in a
// worker thread; a crash, a hang or a lie of it costs detections and never a picture. It is
// restarted with growing pauses, and a model that cannot work is a reason in the status.

import { Worker } from 'node:worker_threads';
import type { CancelTimer, Timers } from '../../../core/base/clock.ts';
import type { Logger } from '../../../core/base/logger.ts';
import type { Detection } from '../tracking/track.ts';
import type { Model } from './manifest.ts';
import type { Picture } from './picture.ts';
import type { Provider } from './session.ts';

export type WorkerStart = {
  model: Model;
  providers: readonly Provider[];
  memory: SharedArrayBuffer;
};
export type ToWorker = Look | { type: 'stop' };
export type Look = {
  type: 'look';
  id: number;
  width: number;
  height: number;
  range: Picture['range'];
  matrix: Picture['matrix'];
  byteLength: number;
};
export type FromWorker =
  | { type: 'ready'; provider: Provider; refusals: { provider: Provider; reason: string }[] }
  | { type: 'seen'; id: number; detections: Detection[]; inferMs: number; glueMs: number }
  | { type: 'failed'; reason: string };

export type DetectorState = {
  state: 'starting' | 'running' | 'failed';
  /** Empty when all is well. */
  reason: string;
  provider: string;
};

export type Seen = { detections: Detection[]; inferMs: number; glueMs: number };

export type Detector = {
  model: Model;
  state(): DetectorState;
  /** False while it starts, works on another picture or is broken. */
  isIdle(): boolean;
  /** Boxes of this picture, or null when the detector broke or took too long. Never throws. */
  detect(picture: Picture): Promise<Seen | null>;
  onChange(run: () => void): void;
  /** Resolves when the model is let go; a picture in work is finished first. */
  close(): Promise<void>;
};

export type DetectorOptions = {
  model: Model;
  providers: readonly Provider[];
  /** File of the worker: TypeScript in a checkout, built in an app. */
  workerUrl: URL;
  timers: Timers;
  logger: Logger;
};

/** Largest picture that fits the shared memory: 1920x1088 YUV 4:2:0. */
const MEMORY_BYTES = 1920 * 1088 * 1.5;
/** An inference that takes longer hangs; the slowest sane model takes a tenth of it, ms. */
const HANG_MS = 2_000;
/** Opening a model takes 40 to 220 ms on a quiet machine, ms. */
const START_MS = 20_000;
const RESTART_DELAYS_MS = [250, 1_000, 5_000, 30_000];

/** Starts a detector for a model whose file was checked. */
export function createDetector(options: DetectorOptions): Detector {
  return new WorkerDetector(options);
}

class WorkerDetector implements Detector {
  readonly model: Model;
  readonly #options: DetectorOptions;
  readonly #memory = new SharedArrayBuffer(MEMORY_BYTES);
  readonly #listeners: (() => void)[] = [];
  #worker: Worker | null = null;
  #state: DetectorState = { state: 'starting', reason: '', provider: '' };
  #pending: ((seen: Seen | null) => void) | null = null;
  #id = 0;
  #failures = 0;
  #cancelWatch: CancelTimer = () => {};
  #cancelRestart: CancelTimer = () => {};
  #isClosed = false;

  constructor(options: DetectorOptions) {
    this.model = options.model;
    this.#options = options;
    this.#start();
  }

  state(): DetectorState {
    return this.#state;
  }

  isIdle(): boolean {
    return this.#state.state === 'running' && this.#pending === null;
  }

  onChange(run: () => void): void {
    this.#listeners.push(run);
  }

  detect(picture: Picture): Promise<Seen | null> {
    const worker = this.#worker;
    if (!worker || !this.isIdle() || picture.bytes.length > MEMORY_BYTES) {
      return Promise.resolve(null);
    }
    const { bytes, ...shape } = picture;
    new Uint8Array(this.#memory).set(bytes);
    const message: Look = { type: 'look', id: ++this.#id, ...shape, byteLength: bytes.length };
    return new Promise((resolve) => {
      this.#pending = resolve;
      worker.postMessage(message);
      this.#watch(HANG_MS, 'took longer than 2 s for one picture');
    });
  }

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
    const { model, providers, workerUrl } = this.#options;
    const data: WorkerStart = { model, providers, memory: this.#memory };
    const worker = new Worker(workerUrl, { workerData: data, name: 'detector' });
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => {
      if (worker === this.#worker) this.#receive(message);
    });
    worker.on('error', (error) => this.#fail(worker, error.message));
    worker.on('exit', () => this.#fail(worker, 'its thread ended'));
    this.#watch(START_MS, 'did not start within 20 s');
  }

  #receive(message: FromWorker): void {
    this.#cancelWatch();
    switch (message.type) {
      case 'ready':
        this.#change({ state: 'running', reason: '', provider: message.provider });
        for (const { provider, reason } of message.refusals) {
          this.#options.logger.debug('provider not taken', { provider, reason });
        }
        return;
      case 'seen': {
        if (message.id !== this.#id) return;
        const { detections, inferMs, glueMs } = message;
        this.#failures = 0;
        this.#settle({ detections, inferMs, glueMs });
        return;
      }
      case 'failed':
        if (this.#worker) this.#fail(this.#worker, message.reason);
        return;
    }
  }

  #fail(worker: Worker, reason: string, isHung = false): void {
    if (this.#isClosed || worker !== this.#worker) return;
    this.#cancelWatch();
    this.#worker = null;
    if (isHung) void worker.terminate();
    else void this.#retire(worker);
    const delays = RESTART_DELAYS_MS;
    const delayMs = delays[Math.min(this.#failures, delays.length - 1)] ?? 0;
    this.#failures++;
    const sentence = `The model "${this.model.id}" failed: ${reason}. Motion still judges.`;
    this.#options.logger.warn('detector failed', { reason, retryMs: delayMs });
    this.#change({ state: 'failed', reason: sentence, provider: '' });
    this.#settle(null);
    this.#cancelRestart = this.#options.timers.after(delayMs, () => this.#start());
  }

  /**
   * Lets a worker end by itself. Ending its thread inside an inference would throw through ONNX
   * Runtime's C++ and end the whole process, so force is only for one that hangs.
   */
  #retire(worker: Worker): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(HANG_MS, () => {
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

  #change(state: DetectorState): void {
    this.#state = state;
    for (const run of this.#listeners) run();
  }
}
