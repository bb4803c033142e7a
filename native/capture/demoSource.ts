// demo: the drawn match. Drawing and encoding happen in a worker thread of their own, so that
// 40 MB of pictures a second never touch the engine's event loop; this file starts it, listens,
// and starts it again when it dies.

import { Worker } from 'node:worker_threads';
import type { CancelTimer } from '../../core/base/clock.ts';
import type { PictureTarget } from '../../core/media/pictureTarget.ts';
import { hasFfmpeg } from '../ffmpeg/resolve.ts';
import { createBackOff } from './backOff.ts';
import {
  DEMO_PICTURE,
  type DemoWorkerData,
  type FromDemoWorker,
  type ToDemoWorker,
} from './demoMessages.ts';
import { pictureOf, type Source, type SourceSurroundings } from './source.ts';

/** Two encoders have a second to end after SIGTERM; then the thread is ended and they with it. */
const CLOSE_WAIT_MS = 1_500;

/** Starts the match where time is. */
export function openDemoSource(hasBarcode: boolean, surroundings: SourceSurroundings): Source {
  const source = new DemoSource(hasBarcode, surroundings);
  source.start();
  return source;
}

class DemoSource implements Source {
  #hasBarcode: boolean;
  #around: SourceSurroundings;
  #worker: Worker | null = null;
  #helpers = new Set<number>();
  #backOff = createBackOff();
  #cancelRestart: CancelTimer = () => {};
  #isClosed = false;
  #isLive = false;
  #startedMs = 0;
  #picture: PictureTarget;
  #onGone: () => void = () => {};

  constructor(hasBarcode: boolean, surroundings: SourceSurroundings) {
    this.#hasBarcode = hasBarcode;
    this.#around = surroundings;
    this.#picture = pictureOf(surroundings);
  }

  start(): void {
    const { ffmpeg, clock, seed, demoAnchorUs, demoWorkerUrl } = this.#around;
    if (this.#isClosed || !hasFfmpeg(ffmpeg)) return;
    this.#startedMs = performance.now();
    this.#isLive = false;
    const workerData: DemoWorkerData = {
      seed,
      hasBarcode: this.#hasBarcode,
      ffmpeg,
      anchorUs: demoAnchorUs,
      lowerLayers: this.#around.lowerLayers ?? [],
      picture: this.#picture,
      epochUs: clock.nowUs() - Number(process.hrtime.bigint() / 1000n),
    };
    const worker = new Worker(demoWorkerUrl, { workerData });
    this.#worker = worker;
    let reason = 'the drawing thread ended';
    worker.on('message', (message: FromDemoWorker) => this.#hear(message));
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.once('exit', () => this.#ended(reason));
  }

  requestKeyFrame(): boolean {
    return false;
  }

  /** Takes effect within about a second, at a key frame. */
  setBitrate(bitsPerSecond: number): boolean {
    if (bitsPerSecond === this.#picture.bitsPerSecond) return true;
    this.#picture = { ...this.#picture, bitsPerSecond };
    this.#worker?.postMessage({ type: 'bitrate', bitsPerSecond } satisfies ToDemoWorker);
    return true;
  }

  /** The match is where time is, so one drawn beside it takes over without a jump. */
  setPicture(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRestart();
    const worker = this.#worker;
    if (!worker) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#around.timers.after(CLOSE_WAIT_MS, () => void worker.terminate());
      this.#onGone = () => {
        cancel();
        resolve();
      };
      worker.postMessage({ type: 'close' } satisfies ToDemoWorker);
    });
  }

  #hear(message: FromDemoWorker): void {
    switch (message.type) {
      case 'frame':
        if (message.track === 'video' && !message.layer && !this.#isLive) this.#becomeLive();
        this.#around.onFrame(message);
        return;
      case 'dropped':
        this.#around.onDropped(message.count);
        return;
      case 'helper':
        if (message.alive) this.#helpers.add(message.pid);
        else this.#helpers.delete(message.pid);
        this.#around.onHelper(message.pid, message.alive);
        return;
      case 'trouble':
        this.#around.logger.warn('An encoder of the demo ended', { reason: message.reason });
        this.#isLive = false;
        if (message.isHardware) this.#picture = { ...this.#picture, encoder: 'x264' };
        this.#around.onState({ state: 'reconnecting', reason: `Encoder: ${message.reason}` });
        return;
      case 'closed':
        return;
    }
  }

  #becomeLive(): void {
    this.#isLive = true;
    const { framesPerSecond } = DEMO_PICTURE;
    const madeBy = this.#picture.encoder;
    this.#around.onState({ state: 'live', reason: '', hasSound: true, framesPerSecond, madeBy });
  }

  #ended(reason: string): void {
    this.#worker = null;
    // A thread that died could not say that its encoders went with it.
    for (const pid of this.#helpers) endHelper(pid, this.#around.onHelper);
    this.#helpers.clear();
    this.#onGone();
    if (this.#isClosed) return;
    const waitMs = this.#backOff.nextMs(performance.now() - this.#startedMs);
    this.#around.logger.warn('The demo stopped', { reason, waitMs });
    this.#around.onState({ state: 'reconnecting', reason: `The demo stopped: ${reason}` });
    this.#cancelRestart = this.#around.timers.after(waitMs, () => this.start());
  }
}

function endHelper(pid: number, onHelper: (pid: number, alive: boolean) => void): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
  onHelper(pid, false);
}
