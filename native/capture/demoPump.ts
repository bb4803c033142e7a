// The demo's worker thread: draws each frame when its time has come (it is prepared a little
// before), has it encoded by ffmpeg, and hands the units to the source. A late frame is skipped
// and counted, never queued, so that the match is always where time is. It ends with its thread,
// and both encoders end with it.

import type { MessagePort } from 'node:worker_threads';
import { type CancelTimer, realTimers, type Timers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { drawBarcode } from '../../core/media/barcode.ts';
import { LOWER_LAYERS, type LowerLayer } from '../../core/media/feed.ts';
import { createNutReader } from '../../core/media/nut.ts';
import { createNutPcmWriter } from '../../core/media/nutWriter.ts';
import { copyTargetOf, type PictureTarget } from '../../core/media/pictureTarget.ts';
import { type FfmpegProcess, spawnFfmpeg } from '../ffmpeg/spawn.ts';
import { createBackOff } from './backOff.ts';
import {
  DEMO_PICTURE,
  type DemoMatch,
  type DemoWorkerData,
  type FromDemoWorker,
  type ToDemoWorker,
} from './demoMessages.ts';
import {
  filterArguments,
  OWN_PICTURE_COLOURS,
  opusDelayUs,
  soundEncoderArguments,
  videoEncoderArguments,
} from './encoder.ts';
import { KEY_FRAME_EVERY, PictureEncoder } from './pictureEncoder.ts';

const { width, height, framesPerSecond } = DEMO_PICTURE;
const FRAME_BYTES = (width * height * 3) / 2;
const FRAME_US = 1_000_000 / framesPerSecond;
const SAMPLE_RATE = 48_000;
/** One Opus packet. */
const CHUNK_SAMPLES = 960;
const CHUNK_US = 20_000;
/** Sound that is later than this is left out; less is made up for at once. */
const SOUND_LATE_US_MAX = 400_000;
/** Raw pictures come 30 times a second, so an encoder that is silent this long hangs. */
const SILENCE_MS_MAX = 3_000;

/** Runs the demo in this worker thread until it is told to close. */
export function runDemoPump(
  createMatch: (seed: number) => DemoMatch,
  port: MessagePort,
  data: DemoWorkerData,
): void {
  const timers = realTimers;
  const pump = new DemoPump(createMatch(data.seed), port, data, timers);
  port.on('message', (message: ToDemoWorker) => {
    if (message.type === 'close') void pump.close();
    else pump.setBitrate(message.bitsPerSecond);
  });
  pump.start();
}

class DemoPump {
  #match: DemoMatch;
  #port: MessagePort;
  #data: DemoWorkerData;
  #timers: Timers;
  #encoders = new Set<FfmpegProcess>();
  #cancels = new Set<CancelTimer>();
  #isClosed = false;
  #best: PictureEncoder | null = null;
  /** By capture time, as long as the encoder has it. */
  readonly #given = new Map<number, number>();
  readonly #lower = new Map<LowerLayer, PictureEncoder>();
  #picture: PictureTarget;

  constructor(match: DemoMatch, port: MessagePort, data: DemoWorkerData, timers: Timers) {
    this.#match = match;
    this.#port = port;
    this.#data = data;
    this.#timers = timers;
    this.#picture = targetOf(data.picture);
  }

  start(): void {
    for (const layer of this.#data.lowerLayers) {
      // A copy no smaller than the picture itself is none.
      if (LOWER_LAYERS[layer].height < this.#picture.height) this.#startLower(layer);
    }
    this.#keepRunning((onEnd) => this.#startPicture(onEnd));
    this.#keepRunning((onEnd) => this.#startSound(onEnd));
  }

  setBitrate(bitsPerSecond: number): void {
    this.#picture = { ...this.#picture, bitsPerSecond };
    this.#best?.setBitrate(bitsPerSecond);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
    await Promise.all([...this.#encoders].map((encoder) => encoder.kill()));
    this.#say({ type: 'closed' });
    this.#port.close();
  }

  #nowUs(): number {
    return Number(process.hrtime.bigint() / 1000n) + this.#data.epochUs;
  }

  #say(message: FromDemoWorker): void {
    const buffer = message.type === 'frame' ? message.bytes.buffer : null;
    this.#port.postMessage(message, buffer instanceof ArrayBuffer ? [buffer] : []);
  }

  #after(delayMs: number, run: () => void): void {
    const cancel = this.#timers.after(delayMs, () => {
      this.#cancels.delete(cancel);
      if (!this.#isClosed) run();
    });
    this.#cancels.add(cancel);
  }

  /** Starts an encoder and starts it again, with growing waits, when it ends. */
  #keepRunning(start: (onEnd: (reason: string) => void) => void): void {
    const backOff = createBackOff();
    const run = () => {
      const startedMs = performance.now();
      start((reason) => {
        if (this.#isClosed) return;
        // One that we ended to catch up with time is no trouble that a person should read of.
        if (reason) this.#tellTrouble(reason);
        this.#after(backOff.nextMs(performance.now() - startedMs), run);
      });
    };
    run();
  }

  /** What a card's encoder could not do, x264 does from now on. */
  #tellTrouble(reason: string): void {
    const isHardware = this.#picture.encoder !== 'x264';
    if (isHardware) this.#picture = { ...this.#picture, encoder: 'x264' };
    this.#say({ type: 'trouble', reason, isHardware });
  }

  #encode(
    input: readonly string[],
    output: readonly string[],
    onUnit: (ptsUs: number, bytes: Uint8Array, extradata: Uint8Array) => void,
    onEnd: (reason: string) => void,
  ): FfmpegProcess {
    let extradata: Uint8Array = new Uint8Array(0);
    const reader = createNutReader({
      onStream: (stream) => {
        extradata = stream.extradata;
      },
      onFrame: ({ ptsUs, bytes }) => onUnit(ptsUs, bytes, extradata),
    });
    const encoder = spawnFfmpeg({
      ffmpeg: this.#data.ffmpeg,
      arguments: [...input, ...output, 'pipe:1'],
      hasInput: true,
      outputs: [1],
      timers: this.#timers,
      logger: silentLogger,
      onHelper: (pid, alive) => this.#say({ type: 'helper', pid, alive }),
      silenceMsMax: SILENCE_MS_MAX,
      onData: (_output, bytes) => {
        try {
          reader.push(bytes);
        } catch {
          void encoder.kill();
        }
      },
      onEnd: (end) => {
        this.#encoders.delete(encoder);
        onEnd(end.wasKilled && !end.wasSilent ? '' : end.reason);
      },
    });
    this.#encoders.add(encoder);
    return encoder;
  }

  /** An encoder of one layer; it is given the pictures that are drawn for the best one. */
  #startLayer(layer: LowerLayer | undefined, onEnd: (reason: string) => void): PictureEncoder {
    const best = this.#picture;
    const target = layer ? copyTargetOf(best, layer, LOWER_LAYERS[layer]) : best;
    const size = `${target.width}:${target.height}`;
    const scale = target.height < height ? [`scale=${size}:flags=fast_bilinear`] : [];
    const every = String(KEY_FRAME_EVERY);
    return new PictureEncoder({
      bitsPerSecond: target.bitsPerSecond,
      start: (rate, onUnit, ended) =>
        this.#encode(
          [
            ...['-probesize', '32', '-analyzeduration', '0', '-f', 'rawvideo'],
            ...['-pix_fmt', 'yuv420p', '-s', `${width}x${height}`],
            ...['-r', String(framesPerSecond), '-i', 'pipe:0'],
          ],
          [
            ...this.#data.ffmpeg.passthrough,
            ...filterArguments(scale, target),
            ...OWN_PICTURE_COLOURS,
            ...videoEncoderArguments(['-g', every, '-keyint_min', every], {
              ...target,
              bitsPerSecond: rate,
            }),
          ],
          (_ptsUs, bytes) => onUnit(bytes),
          ended,
        ),
      onUnit: (captureUs, bytes) =>
        this.#say({
          ...{ type: 'frame', track: 'video', captureUs, bytes },
          ...(layer ? { layer } : this.#givenAt(captureUs)),
        }),
      onEnd,
    });
  }

  /** A smaller copy that ends is made again without a word: the picture itself goes on. */
  #startLower(layer: LowerLayer): void {
    const backOff = createBackOff();
    const run = () => {
      const startedMs = performance.now();
      const encoder = this.#startLayer(layer, () => {
        this.#lower.delete(layer);
        if (!this.#isClosed) this.#after(backOff.nextMs(performance.now() - startedMs), run);
      });
      this.#lower.set(layer, encoder);
    };
    run();
  }

  /** When the best picture's encoder got it; those it never gave back make room. */
  #givenAt(captureUs: number): { encodingUs?: number } {
    const encodingUs = this.#given.get(captureUs);
    for (const known of this.#given.keys()) {
      if (known > captureUs) break;
      this.#given.delete(known);
    }
    return encodingUs === undefined ? {} : { encodingUs };
  }

  #write(best: PictureEncoder, picture: Uint8Array, captureUs: number, done: () => void): void {
    const targets = [best, ...this.#lower.values()];
    let waiting = targets.length;
    for (const target of targets) {
      target.write(picture, captureUs, () => {
        if (--waiting === 0) done();
      });
    }
  }

  #startPicture(onEnd: (reason: string) => void): void {
    let isRunning = true;
    const encoder = this.#startLayer(undefined, (reason) => {
      isRunning = false;
      onEnd(reason);
    });
    this.#best = encoder;
    const frames = new FramePair(this.#match, this.#data);
    // The first picture takes longest (the stadium is painted once); it must not go out late.
    frames.prepare(Math.floor((this.#nowUs() - this.#data.anchorUs) / FRAME_US));
    let lastIndex = -1;
    let isWriting = false;
    const tick = () => {
      if (!isRunning) return;
      const nowUs = this.#nowUs();
      const index = Math.floor((nowUs - this.#data.anchorUs) / FRAME_US);
      if (index > lastIndex && !isWriting) {
        if (lastIndex >= 0 && index > lastIndex + 1) {
          this.#say({ type: 'dropped', count: index - lastIndex - 1 });
        }
        lastIndex = index;
        isWriting = true;
        const captureUs = captureUsOf(this.#data.anchorUs, index);
        this.#given.set(captureUs, this.#nowUs());
        this.#write(encoder, frames.take(index), captureUs, () => {
          isWriting = false;
          // The encoder works on this frame now; meanwhile the next one is drawn.
          if (isRunning && !this.#isClosed) frames.prepare(index + 1);
        });
      }
      const nextUs = captureUsOf(this.#data.anchorUs, index + 1);
      this.#after(Math.max(1, (nextUs - this.#nowUs()) / 1000), tick);
    };
    tick();
  }

  #startSound(onEnd: (reason: string) => void): void {
    let isRunning = true;
    const chunkNow = () => Math.floor((this.#nowUs() - this.#data.anchorUs) / CHUNK_US);
    // ffmpeg's times begin at 0 with the first chunk that this encoder was given.
    const writer = createNutPcmWriter(SAMPLE_RATE, 2);
    const firstChunk = chunkNow();
    const encoder = this.#encode(
      ['-probesize', '32', '-analyzeduration', '0', '-f', 'nut', '-i', 'pipe:0'],
      soundEncoderArguments(),
      (ptsUs, bytes, extradata) => {
        const sinceUs = firstChunk * CHUNK_US + ptsUs - opusDelayUs(extradata);
        this.#say({
          type: 'frame',
          track: 'audio',
          captureUs: this.#data.anchorUs + sinceUs,
          bytes,
        });
      },
      (reason) => {
        isRunning = false;
        onEnd(reason);
      },
    );
    encoder.write(writer.header());
    let chunk = firstChunk;
    const samples = new Int16Array(CHUNK_SAMPLES * 2);
    const tick = () => {
      if (!isRunning) return;
      const now = chunkNow();
      if ((now - chunk) * CHUNK_US > SOUND_LATE_US_MAX) {
        // The encoder's clock counts samples, so it has to begin again where time is.
        this.#say({ type: 'dropped', count: now - chunk });
        void encoder.kill();
        return;
      }
      for (; chunk <= now; chunk++) {
        this.#match.renderSound(chunk * CHUNK_SAMPLES, samples);
        const pcm = new Uint8Array(samples.buffer.slice(0));
        encoder.write(writer.write(pcm, (chunk - firstChunk) * CHUNK_SAMPLES));
      }
      const nextUs = this.#data.anchorUs + chunk * CHUNK_US;
      this.#after(Math.max(1, (nextUs - this.#nowUs()) / 1000), tick);
    };
    tick();
  }
}

/** Never larger, and never more often, than the match is drawn. */
function targetOf(picture: PictureTarget): PictureTarget {
  const isSmaller = picture.height < height;
  return { ...picture, ...(isSmaller ? {} : { width, height }), framesPerSecond };
}

function captureUsOf(anchorUs: number, frameIndex: number): number {
  return anchorUs + Math.round(frameIndex * FRAME_US);
}

/** Two pictures: one is being written, the other one drawn. */
class FramePair {
  #match: DemoMatch;
  #data: DemoWorkerData;
  #writing = new Uint8Array(FRAME_BYTES);
  #drawing = new Uint8Array(FRAME_BYTES);
  #drawnIndex = -1;

  constructor(match: DemoMatch, data: DemoWorkerData) {
    this.#match = match;
    this.#data = data;
  }

  prepare(index: number): void {
    if (this.#drawnIndex === index) return;
    this.#match.drawFrame(index, this.#drawing);
    if (this.#data.hasBarcode) {
      drawBarcode(this.#drawing, width, height, captureUsOf(this.#data.anchorUs, index));
    }
    this.#drawnIndex = index;
  }

  /** The picture of this index; valid until the next take(). */
  take(index: number): Uint8Array {
    this.prepare(index);
    this.#drawnIndex = -1;
    [this.#writing, this.#drawing] = [this.#drawing, this.#writing];
    return this.#writing;
  }
}
