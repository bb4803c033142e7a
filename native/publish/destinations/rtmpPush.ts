// Pushes the show by RTMP: ffmpeg takes the encoded pictures as they are and turns Opus into AAC.
// The stream key is not in its arguments, which everybody on the machine may read: it stands in an
// option file of mode 0600 that is removed as soon as ffmpeg sends. The show never waits for it.

import { rmSync, writeFileSync } from 'node:fs';
import type { CancelTimer, Timers } from '../../../core/base/clock.ts';
import type { Logger } from '../../../core/base/logger.ts';
import type { Unit } from '../../../core/media/feed.ts';
import { createFragmenter, type Fragmenter, type Piece } from '../../../core/media/fragmenter.ts';
import type { Ffmpeg } from '../../ffmpeg/resolve.ts';
import { type FfmpegEnd, type FfmpegProcess, spawnFfmpeg } from '../../ffmpeg/spawn.ts';

const RETRY_MS_FIRST = 1_000;
const RETRY_FACTOR = 1.5;
const RETRY_MS_MAX = 15_000;
/** ffmpeg tells its progress twice a second while the other end takes packets. */
const SILENCE_MS_MAX = 10_000;
/** Fragments that wait for ffmpeg: about ten seconds of a good picture. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

export type PushState = 'connecting' | 'live' | 'waiting';

export type RtmpPushOptions = {
  ffmpeg: Ffmpeg;
  /** Server and application, without the key. */
  url: string;
  key: string;
  /** Where the option file is put for a moment. */
  optionFile: string;
  timers: Timers;
  logger: Logger;
  onHelper(pid: number, alive: boolean): void;
  onState(state: PushState, reason: string): void;
  onDropped(bytes: number): void;
};

export type Push = { push(unit: Unit): void; close(): Promise<void> };

/** Begins at once, and again after every failure, until it is closed. */
export function createRtmpPush(options: RtmpPushOptions): Push {
  const push = new RtmpPush(options);
  push.begin();
  return push;
}

class RtmpPush implements Push {
  readonly #options: RtmpPushOptions;
  #run: FfmpegProcess | null = null;
  #fragmenter: Fragmenter | null = null;
  #waitingBytes = 0;
  #isFirst = true;
  #retryMs = RETRY_MS_FIRST;
  #cancelRetry: CancelTimer = () => {};
  #isClosed = false;

  constructor(options: RtmpPushOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#options.onState('connecting', '');
    this.#isFirst = true;
    this.#waitingBytes = 0;
    this.#fragmenter = createFragmenter({
      entry: 'avc1',
      hasSound: true,
      onPiece: (piece) => this.#take(piece),
    });
  }

  push(unit: Unit): void {
    this.#fragmenter?.push(unit);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry();
    this.#fragmenter = null;
    await this.#run?.kill();
    this.#removeOptionFile();
  }

  #take({ header, bytes }: Piece): void {
    if (header && !this.#isFirst) {
      // The picture has another size: RTMP servers want a new stream for it.
      void this.#run?.kill();
      return;
    }
    if (header) this.#start();
    if (this.#waitingBytes + bytes.length > WAITING_BYTES_MAX) {
      this.#options.onDropped(bytes.length);
      return;
    }
    for (const part of header ? [header, bytes] : [bytes]) {
      this.#waitingBytes += part.length;
      this.#run?.write(part, () => {
        this.#waitingBytes -= part.length;
      });
    }
  }

  #start(): void {
    const { ffmpeg, url, key, optionFile, timers, logger, onHelper } = this.#options;
    this.#isFirst = false;
    try {
      writeFileSync(optionFile, `rtmp_playpath=${key}\n`, { mode: 0o600 });
    } catch {
      // Without it no key reaches the place; the disk's own notice says the rest.
      this.#retry('The key cannot be handed over: the disk takes no file.');
      return;
    }
    this.#run = spawnFfmpeg({
      ...{ ffmpeg, timers, logger, onHelper, hasInput: true, outputs: [1] },
      arguments: [
        ...['-f', 'mp4', '-i', 'pipe:0', '-map', '0:v', '-map', '0:a?', '-c:v', 'copy'],
        ...['-c:a', 'aac', '-b:a', '128k', '-progress', 'pipe:1', '-fpre', optionFile],
        ...['-f', 'flv', '-flvflags', 'no_duration_filesize', url],
      ],
      silenceMsMax: SILENCE_MS_MAX,
      onData: (_output, text) => this.#hear(Buffer.from(text).toString()),
      onEnd: (end) => this.#ended(end),
    });
  }

  #hear(text: string): void {
    const [, size] = /total_size=(\d+)/.exec(text) ?? [];
    if (!size || size === '0') return;
    this.#removeOptionFile();
    this.#retryMs = RETRY_MS_FIRST;
    this.#options.onState('live', '');
  }

  #ended({ reason, wasKilled }: FfmpegEnd): void {
    this.#run = null;
    this.#fragmenter = null;
    this.#removeOptionFile();
    if (this.#isClosed) return;
    const { key } = this.#options;
    const safe = key === '' ? reason : reason.replaceAll(key, '***');
    const words = wasKilled ? 'It took no more packets.' : `The place refused or left: ${safe}`;
    this.#retry(words);
  }

  #retry(reason: string): void {
    this.#fragmenter = null;
    this.#options.onState('waiting', reason);
    this.#cancelRetry = this.#options.timers.after(this.#retryMs, () => this.begin());
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * RETRY_FACTOR);
  }

  #removeOptionFile(): void {
    rmSync(this.#options.optionFile, { force: true });
  }
}
