// One show for televisions: the picture is read out of the fan-out once for all of them, cut by the
// recorder's own fragmenter, and the newest half minute is kept. It runs only while somebody asks,
// and ends at once when the show may no longer be shown this way. It never asks the studio for more
// than a key frame, and nothing waits for it.

import type { CancelTimer, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { Unit } from '../../core/media/feed.ts';
import { createFragmenter, type Fragmenter, type Piece } from '../../core/media/fragmenter.ts';
import {
  H264Error,
  NAL_PPS,
  NAL_SPS,
  nalTypeOf,
  parseSps,
  type SequenceParameters,
  splitAnnexB,
} from '../../core/media/h264.ts';
import {
  createHlsWindow,
  type HlsWindow,
  KEY_FRAME_US,
  PART_US_MAX,
} from '../../core/media/hlsWindow.ts';
import type { FanOut } from '../../native/webrtc/fanOut.ts';
import { type ReadUnit, UnitReader } from '../../native/webrtc/unitReader.ts';
import { TelevisionClock } from './televisionClock.ts';

/** Pictures further apart are no longer one movement: what follows begins at a key frame. */
const GAP_US_MAX = 1_000_000;
/** A show that has sound has it by then, ms. */
const SOUND_MS_MAX = 2_000;
/** Requests that wait for what is not there yet. */
const WAITING_MAX = 2_000;

export type TelevisionStreamOptions = {
  fanOut: Pick<FanOut, 'openReader'>;
  timers: Timers;
  wallMs(): number;
  /** Asked before each picture is kept. */
  mayShow(): boolean;
};

type Waiting = { isDone(): boolean; done(isThere: boolean): void };

export class TelevisionStream {
  readonly window: HlsWindow;
  readonly #options: TelevisionStreamOptions;
  readonly #reader: UnitReader;
  readonly #fragmenter: Fragmenter;
  readonly #clock = new TelevisionClock();
  readonly #waiting = new Set<Waiting>();
  #sets = { config: 0, text: '' };
  #picture: SequenceParameters | null = null;
  #hasSound = false;
  #lastUs: MediaTimeUs | null = null;
  #needsKeyFrame = true;
  readonly #soundUntilMs: number;
  #isClosed = false;

  constructor(options: TelevisionStreamOptions) {
    this.#options = options;
    this.#soundUntilMs = options.wallMs() + SOUND_MS_MAX;
    // Ten numbers a second: as many as there can be segments and parts.
    this.window = createHlsWindow(Math.max(0, Math.floor((options.wallMs() - EPOCH_MS) / 100)));
    this.#fragmenter = createFragmenter({
      ...{ entry: 'avc1', fragmentUsMax: PART_US_MAX, keyFrameUs: KEY_FRAME_US },
      onPiece: (piece) => this.#keep(piece),
    });
    this.#reader = new UnitReader(options.fanOut, {
      take: (unit) => this.#take(unit),
      analytics() {},
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What a player has to know before it begins; null before the first picture. */
  format(): { codecs: string; width: number; height: number } | null {
    if (!this.#picture) return null;
    const { codec, width, height } = this.#picture;
    return { codecs: this.#hasSound ? `${codec},opus` : codec, width, height };
  }

  /** True when it is there within that time; false at once where too many wait. */
  async wait(isDone: () => boolean, msMax: number): Promise<boolean> {
    if (isDone()) return true;
    if (this.#isClosed || this.#waiting.size >= WAITING_MAX) return false;
    return new Promise((resolve) => {
      let cancel: CancelTimer = () => {};
      const waiting: Waiting = {
        isDone,
        done: (isThere) => {
          cancel();
          this.#waiting.delete(waiting);
          resolve(isThere);
        },
      };
      cancel = this.#options.timers.after(msMax, () => waiting.done(false));
      this.#waiting.add(waiting);
    });
  }

  /** The show is over: what is kept can be watched to its end. */
  end(): void {
    if (this.#isClosed) return;
    this.#fragmenter.flush();
    this.window.end();
    this.#stop();
  }

  /** Nothing more is answered. */
  close(): void {
    if (!this.#isClosed) this.#stop();
  }

  #stop(): void {
    this.#isClosed = true;
    this.#reader.close();
    for (const waiting of [...this.#waiting]) waiting.done(waiting.isDone());
  }

  #take(unit: ReadUnit): void {
    if (this.#isClosed || !this.#options.mayShow()) return;
    const captureUs = this.#clock.timeOf(unit);
    if (captureUs === null) return;
    const { track, rtpTimestamp, bytes, isKeyFrame: keyFrame } = unit;
    const plain: Unit = { track, captureUs, rtpTimestamp, keyFrame, config: 0, bytes };
    if (track === 'audio') {
      this.#hasSound = true;
      // Nothing is heard before the first picture.
      if (this.#lastUs !== null) this.#fragmenter.push(plain);
      return;
    }
    // What the fan-out kept is pictures only: players are told of sound before they begin.
    const isSoundAwaited = !this.#hasSound && this.#options.wallMs() < this.#soundUntilMs;
    if (this.#lastUs === null && isSoundAwaited) return;
    if (!this.#follows(captureUs, keyFrame)) return;
    if (keyFrame) this.#readSets(bytes);
    this.#fragmenter.push({ ...plain, config: this.#sets.config });
  }

  /** False: it cannot be shown without what is missing before it. */
  #follows(captureUs: MediaTimeUs, keyFrame: boolean): boolean {
    const lastUs = this.#lastUs;
    const gapUs = lastUs === null ? 0 : captureUs - lastUs;
    if (gapUs < 0 || gapUs > GAP_US_MAX) {
      this.#fragmenter.flush();
      this.#needsKeyFrame = true;
    }
    this.#lastUs = captureUs;
    if (!this.#needsKeyFrame) return true;
    if (!keyFrame) {
      this.#reader.requestKeyFrame();
      return false;
    }
    this.#needsKeyFrame = false;
    return true;
  }

  #readSets(bytes: Uint8Array): void {
    const isSet = (unit: Uint8Array) => [NAL_SPS, NAL_PPS].includes(nalTypeOf(unit));
    const sets = splitAnnexB(bytes).filter(isSet);
    const text = sets.map((set) => set.join()).join('|');
    const sps = sets.find((set) => nalTypeOf(set) === NAL_SPS);
    if (!sps || text === this.#sets.text) return;
    this.#sets = { config: this.#sets.config + 1, text };
    try {
      this.#picture = parseSps(sps);
    } catch (error) {
      // No header can be made of it either: nothing is kept until a better one comes.
      if (!(error instanceof H264Error)) throw error;
    }
  }

  #keep(piece: Piece): void {
    const { wallMs } = this.#options;
    this.window.push(piece, wallMs() - (piece.toUs - piece.fromUs) / 1000);
    for (const waiting of [...this.#waiting]) if (waiting.isDone()) waiting.done(true);
  }
}

const EPOCH_MS = Date.UTC(2026, 0, 1);
