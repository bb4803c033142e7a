// Listens to the show's sound as viewers get it: Opus packets of any source go through one small
// ffmpeg, and twice a second the loudest moment and the steady noise are told with their capture
// time. The show never waits for it: what it cannot take in time is not heard, and counted.

import type { CancelTimer, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { createOggOpusWriter, type OggOpusWriter, opusSamples } from '../../core/media/oggOpus.ts';
import { type FfmpegChoice, hasFfmpeg } from '../ffmpeg/resolve.ts';
import { type FfmpegProcess, spawnFfmpeg } from '../ffmpeg/spawn.ts';
import { LoudnessMeter, SOUND_RATE_HZ, type SoundLevel } from './loudness.ts';

/** Levels of 100 ms that are told as one. */
const TELL_EVERY = 5;
/** Packets whose sound has not come out: two seconds; beyond, packets are left out. */
const WAITING_MAX = 100;
/** A decoder that gives nothing for so long while packets wait is stuck, ms. */
const STUCK_MS = 3_000;
const RESTART_DELAY_MS = 1_000;
/** Packets further apart than what one holds plus this are not one sound, microseconds. */
const GAP_US = 200_000;

export type Heard = { channel: 'loudness' | 'crowd'; atUs: MediaTimeUs; value: number };

export type SoundMeter = {
  /** Takes the feed; pictures are ignored. */
  push(unit: Unit): void;
  packetsLeftOut(): number;
  close(): Promise<void>;
};

export type SoundMeterOptions = {
  ffmpeg: FfmpegChoice;
  timers: Timers;
  logger: Logger;
  onHelper: (pid: number, alive: boolean) => void;
  /** Twice a second while there is sound: LUFS, and dB of steady noise as `crowd`. */
  onHeard(heard: Heard): void;
  /** What was decoded for it: stereo at SOUND_RATE_HZ, as viewers get it. */
  onPcm?(pcm: Int16Array): void;
};

export function createSoundMeter(options: SoundMeterOptions): SoundMeter {
  return new Meter(options);
}

type Run = {
  child: FfmpegProcess;
  writer: OggOpusWriter;
  meter: LoudnessMeter;
  /** Of the packets inside: when their first sample was made, and which one that is. */
  waiting: { captureUs: number; firstSample: number }[];
  written: number;
  expectedUs: number;
  progressMs: number;
  /** Bytes of a sample that came without its rest. */
  rest: Buffer;
  levels: SoundLevel[];
};

class Meter implements SoundMeter {
  readonly #options: SoundMeterOptions;
  #run: Run | null = null;
  #leftOut = 0;
  #mayStart = true;
  #cancelStart: CancelTimer = () => {};
  #isClosed = false;
  readonly #ending = new Set<Promise<void>>();

  constructor(options: SoundMeterOptions) {
    this.#options = options;
  }

  push(unit: Unit): void {
    if (unit.track !== 'audio' || this.#isClosed || !hasFfmpeg(this.#options.ffmpeg)) return;
    const nowMs = performance.now();
    let run = this.#run;
    // After a hole, or in another source, sound begins anew: filters would hear a crack.
    if (run && Math.abs(unit.captureUs - run.expectedUs) > GAP_US) run = this.#stop(run);
    if (run && run.waiting.length > 0 && nowMs - run.progressMs > STUCK_MS) run = this.#stop(run);
    run ??= this.#start();
    const samples = opusSamples(unit.bytes);
    if (!run || run.waiting.length >= WAITING_MAX || samples === 0) {
      this.#leftOut++;
      return;
    }
    if (run.waiting.length === 0) run.progressMs = nowMs;
    run.waiting.push({ captureUs: unit.captureUs, firstSample: run.written });
    run.written += samples;
    run.expectedUs = unit.captureUs + (samples * 1_000_000) / SOUND_RATE_HZ;
    run.child.write(run.writer.write(unit.bytes));
  }

  packetsLeftOut(): number {
    return this.#leftOut;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelStart();
    if (this.#run) this.#stop(this.#run);
    await Promise.all(this.#ending);
  }

  #start(): Run | null {
    const { ffmpeg, timers, logger, onHelper } = this.#options;
    if (!this.#mayStart || !hasFfmpeg(ffmpeg)) return null;
    const child = spawnFfmpeg({
      ...{ ffmpeg, timers, logger, onHelper, hasInput: true, outputs: [1] },
      arguments: [
        // Not `nobuffer`: it would leave out the packet that ffmpeg looks at first.
        ...['-probesize', '32', '-analyzeduration', '0'],
        ...['-f', 'ogg', '-i', 'pipe:0', '-vn', '-ac', '2', '-ar', String(SOUND_RATE_HZ)],
        ...['-c:a', 'pcm_s16le', '-flush_packets', '1', '-f', 's16le', 'pipe:1'],
      ],
      onData: (_, bytes) => this.#hear(run, bytes),
      onEnd: ({ reason }) => {
        if (this.#run !== run) return;
        logger.warn('the sound is not measured', { reason });
        this.#run = null;
        this.#rest();
      },
      // A show may be without sound for long.
      silenceMsMax: 0,
    });
    const run: Run = {
      ...{ child, writer: createOggOpusWriter(2), waiting: [], written: 0, expectedUs: 0 },
      ...{ progressMs: performance.now(), rest: Buffer.alloc(0), levels: [] },
      meter: new LoudnessMeter((level) => this.#tell(run, level)),
    };
    child.write(run.writer.header());
    this.#run = run;
    return run;
  }

  #hear(run: Run, bytes: Uint8Array): void {
    if (this.#run !== run) return;
    run.progressMs = performance.now();
    const all = run.rest.length > 0 ? Buffer.concat([run.rest, bytes]) : Buffer.from(bytes);
    const whole = all.length - (all.length % 4);
    run.rest = all.subarray(whole);
    const pcm = new Int16Array(whole / 2);
    for (let at = 0; at < pcm.length; at++) pcm[at] = all.readInt16LE(at * 2);
    run.meter.push(pcm);
    this.#options.onPcm?.(pcm);
  }

  #tell(run: Run, level: SoundLevel): void {
    while ((run.waiting[1]?.firstSample ?? Number.POSITIVE_INFINITY) <= level.atSample) {
      run.waiting.shift();
    }
    run.levels.push(level);
    if (run.levels.length < TELL_EVERY) return;
    const packet = run.waiting[0];
    const loudness = Math.max(...run.levels.map((one) => one.loudness));
    run.levels.length = 0;
    if (!packet) return;
    const sinceUs = ((level.atSample - packet.firstSample) * 1_000_000) / SOUND_RATE_HZ;
    // The last sample's time belongs to the half second that is told.
    const atUs = Math.max(0, Math.round(packet.captureUs + sinceUs) - 1);
    this.#options.onHeard({ channel: 'loudness', atUs, value: loudness });
    if (level.steady !== null) {
      this.#options.onHeard({ channel: 'crowd', atUs, value: level.steady });
    }
  }

  #stop(run: Run): null {
    if (this.#run === run) this.#run = null;
    const gone = run.child.kill();
    this.#ending.add(gone);
    void gone.then(() => this.#ending.delete(gone));
    return null;
  }

  /** A decoder that ends at once is not started with every packet. */
  #rest(): void {
    this.#mayStart = false;
    this.#cancelStart();
    this.#cancelStart = this.#options.timers.after(RESTART_DELAY_MS, () => {
      this.#mayStart = true;
    });
  }
}
