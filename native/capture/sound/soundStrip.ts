// One source's sound on its way to the feed. While no knob is turned its packets pass as they are.
// Otherwise they go through a chain (soundRun.ts), and until that gives sound: silence, unless the
// sound was passing just before. Nobody who is muted is ever heard, with a chain or without. Sound
// that lacks a chain it needs is silence, because a loud source would be heard at full force.

import type { CancelTimer, MediaClock, MediaTimeUs, Timers } from '../../../core/base/clock.ts';
import type { Logger } from '../../../core/base/logger.ts';
import { leavesSamples, type SoundSettings } from '../../../core/contract/mixer.ts';
import { opusSamples } from '../../../core/media/oggOpus.ts';
import { silenceLike } from '../../../core/media/opusSilence.ts';
import type { MeteredLevel } from '../../../core/sound/levelMeter.ts';
import { SoundChain } from '../../../core/sound/soundChain.ts';
import { type FfmpegChoice, hasFfmpeg } from '../../ffmpeg/resolve.ts';
import { DelayLine } from './delayLine.ts';
import { SoundRun } from './soundRun.ts';

/** A chain that has nothing to do any more has surely done its last by then, microseconds. */
const SETTLED_US = 300_000;
/** Packets that are kept for the way back to them: what a chain holds back, many times over. */
const KEPT_MAX = 50;
/** Packets further apart than what one holds plus this are not one sound. */
const GAP_US = 200_000;
const AGAIN_MS = 1_000;

export type SoundStripOptions = {
  clock: MediaClock;
  timers: Timers;
  logger: Logger;
  ffmpeg: FfmpegChoice;
  onHelper: (pid: number, alive: boolean) => void;
  onPacket(captureUs: MediaTimeUs, bytes: Uint8Array): void;
  /** Of what went through a chain. */
  onLevel(level: MeteredLevel): void;
  /** One sentence; empty: all is well. */
  onTrouble(reason: string): void;
};

type Kept = { captureUs: MediaTimeUs; bytes: Uint8Array };

export class SoundStrip {
  readonly #options: SoundStripOptions;
  readonly #delay: DelayLine;
  #settings: SoundSettings;
  #chain: SoundChain | null = null;
  #run: SoundRun | null = null;
  /** Its chain has given sound. */
  #hasRun = false;
  /** The last packet that went out was the source's own. */
  #passed = false;
  #lastUs: MediaTimeUs = Number.NEGATIVE_INFINITY;
  #expectedUs: MediaTimeUs | null = null;
  #kept: Kept[] = [];
  #idleSinceUs: MediaTimeUs | null = null;
  #mayStart = true;
  #cancelStart: CancelTimer = () => {};
  readonly #ending = new Set<Promise<void>>();

  constructor(options: SoundStripOptions, settings: SoundSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#passed = leavesSamples(settings);
    this.#delay = new DelayLine(options);
    this.#delay.setDelay(settings.delayMs);
  }

  /** Its levels are told by its chain, and not by whoever listens to the feed. */
  get hasChain(): boolean {
    return this.#hasRun;
  }

  packetsLeftOut(): number {
    return this.#delay.packetsLeftOut();
  }

  set(settings: SoundSettings): void {
    this.#settings = settings;
    this.#chain?.set(settings);
    this.#delay.setDelay(settings.delayMs);
  }

  take(captureUs: MediaTimeUs, bytes: Uint8Array): void {
    const lengthUs = (opusSamples(bytes) * 1000) / 48;
    const isJump = this.#expectedUs !== null && Math.abs(captureUs - this.#expectedUs) > GAP_US;
    if (isJump) this.#stop();
    this.#expectedUs = captureUs + lengthUs;
    const needsChain = !leavesSamples(this.#settings);
    if (!needsChain) this.#settle(captureUs);
    else this.#idleSinceUs = null;
    if (!needsChain && !this.#run) {
      this.#passed = true;
      this.#send(captureUs, bytes);
      return;
    }
    if (!this.#run) this.#start();
    this.#kept = [...this.#kept, { captureUs, bytes }].slice(-KEPT_MAX);
    this.#run?.push(captureUs, bytes);
    if (this.#hasRun) return;
    const isOwn = this.#passed && !this.#settings.isMuted && this.#run !== null;
    const shown = isOwn ? bytes : silenceLike(bytes);
    if (!isOwn) this.#passed = false;
    if (shown) this.#send(captureUs, shown);
  }

  /** What comes next is no successor of what came. */
  cut(): void {
    this.#stop();
    this.#delay.cut();
    this.#expectedUs = null;
    this.#lastUs = Number.NEGATIVE_INFINITY;
    this.#passed = leavesSamples(this.#settings);
  }

  async close(): Promise<void> {
    this.#cancelStart();
    this.cut();
    await Promise.all(this.#ending);
  }

  #send(captureUs: MediaTimeUs, bytes: Uint8Array): void {
    if (captureUs <= this.#lastUs) return;
    this.#lastUs = captureUs;
    this.#delay.take(captureUs, bytes);
  }

  #start(): void {
    const { ffmpeg } = this.#options;
    if (!this.#mayStart || !hasFfmpeg(ffmpeg)) return;
    const chain = new SoundChain(this.#settings, (level) => this.#options.onLevel(level));
    const run: SoundRun = new SoundRun({
      ...{ ...this.#options, ffmpeg, chain },
      onPacket: (captureUs, bytes) => {
        if (this.#run !== run) return;
        if (!this.#hasRun) this.#options.onTrouble('');
        this.#hasRun = true;
        this.#passed = false;
        this.#send(captureUs, bytes);
      },
      onEnd: (reason) => {
        if (this.#run === run) this.#broke(reason);
      },
    });
    this.#chain = chain;
    this.#run = run;
  }

  /** A chain that ends at once is not started with every packet. */
  #broke(reason: string): void {
    this.#options.logger.warn('The sound is not mixed', { reason });
    this.#options.onTrouble(reason);
    this.#stop();
    this.#passed = false;
    this.#mayStart = false;
    this.#cancelStart = this.#options.timers.after(AGAIN_MS, () => {
      this.#mayStart = true;
    });
  }

  /** Without need of it the chain goes, and packets pass from where its sound ended. */
  #settle(captureUs: MediaTimeUs): void {
    if (!this.#run) return;
    this.#idleSinceUs ??= captureUs;
    if (captureUs - this.#idleSinceUs < SETTLED_US) return;
    const kept = this.#kept;
    this.#stop();
    for (const packet of kept) this.#send(packet.captureUs, packet.bytes);
  }

  #stop(): void {
    const run = this.#run;
    this.#run = null;
    this.#chain = null;
    this.#hasRun = false;
    this.#kept = [];
    this.#idleSinceUs = null;
    if (!run) return;
    const gone = run.close();
    this.#ending.add(gone);
    void gone.then(() => this.#ending.delete(gone));
  }
}
