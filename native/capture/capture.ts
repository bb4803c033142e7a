// The one place where a picture enters the studio: picks the source by scheme, puts its frames on
// the feed with strictly rising capture times and fixed RTP times, and tells its state. Readers
// are told of units and must never be waited for.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { SourceState } from '../../core/contract/state.ts';
import {
  type LowerLayer,
  RTP_CLOCK_RATE,
  rtpTimestampOf,
  type TrackKind,
  type Unit,
} from '../../core/media/feed.ts';
import {
  H264Error,
  isKeyFrame,
  joinAnnexB,
  NAL_DELIMITER,
  NAL_FILLER,
  NAL_PPS,
  NAL_SPS,
  nalTypeOf,
  parseSps,
  splitAnnexB,
} from '../../core/media/h264.ts';
import { hasFfmpeg } from '../ffmpeg/resolve.ts';
import { openCameraSource } from './cameraSource.ts';
import { type CapturePages, createCapturePages } from './capturePages.ts';
import { checkSource, type SourceFacts } from './checkSource.ts';
import { openDemoSource } from './demoSource.ts';
import { openFileSource } from './fileSource.ts';
import type { CapturedFrame, CapturePagePort, Source, SourceSurroundings } from './source.ts';
import type { WhipIngest } from './whip/whipIngest.ts';
import { openWhipSource } from './whip/whipSource.ts';

export type CaptureOptions = Omit<SourceSurroundings, 'onFrame' | 'onState' | 'onDropped'> & {
  /** RTP offset of the channel's video, unsigned 32 bit. */
  videoClockOffset: number;
  audioClockOffset: number;
  /** whip: where publishers come in; absent: nowhere. */
  whip?: WhipIngest;
};

export type CaptureCounters = {
  units: number;
  /** Frames skipped by a late source, or refused because their time went back. */
  framesDropped: number;
};

export type Capture = {
  /**
   * Switches to a source. Resolves when it is chosen (not when it delivers: see onState).
   *
   * @throws SourceError when the URL cannot be used; the running source stays.
   */
  select(url: string): Promise<void>;
  onUnit(run: (unit: Unit) => void): void;
  onState(run: (state: SourceState) => void): void;
  state(): SourceState;
  counters(): CaptureCounters;
  /** False: this source cannot make one on demand; it makes one each second. */
  requestKeyFrame(): boolean;
  /** Video bits per second; kept for the next source too. False: not while this one runs. */
  setBitrate(bitsPerSecond: number): boolean;
  /** Hands over a capture page's connection, also before camera: is selected. */
  attachCapturePage(port: CapturePagePort): void;
  close(): Promise<void>;
};

/** Makes the capture room; nothing runs before the first select(). */
export function createCapture(options: CaptureOptions): Capture {
  return new CaptureRoom(options);
}

/** Selections count from 1. */
const NONE = 0;

const NOTHING_SELECTED: SourceState = {
  url: '',
  title: '',
  state: 'ready',
  reason: 'No source is selected',
  width: 0,
  height: 0,
  framesPerSecond: 0,
  hasSound: false,
};

class CaptureRoom implements Capture {
  #options: CaptureOptions;
  #source: Source | null = null;
  /** Counts selections: the last one wins, and frames of an older source are not heard. */
  #selection = 0;
  #runningSelection = NONE;
  #state: SourceState = NOTHING_SELECTED;
  #unitListeners: ((unit: Unit) => void)[] = [];
  #stateListeners: ((state: SourceState) => void)[] = [];
  #lastUs: Record<TrackKind, MediaTimeUs> = { video: -1, audio: -1 };
  readonly #lowerUs = new Map<LowerLayer, MediaTimeUs>();
  #config = { text: '', number: 0 };
  #counters: CaptureCounters = { units: 0, framesDropped: 0 };
  #pages: CapturePages;
  #bitsPerSecond = 0;

  constructor(options: CaptureOptions) {
    this.#options = options;
    this.#pages = createCapturePages(options);
  }

  async select(url: string): Promise<void> {
    const { callerFolder, ffmpeg } = this.#options;
    this.#selection++;
    const selection = this.#selection;
    // A refused URL throws here; the running source has not been touched.
    const facts = await checkSource(url, { callerFolder, ffmpeg });
    if (selection !== this.#selection) return;
    const previous = this.#source;
    this.#source = null;
    this.#runningSelection = NONE;
    this.#setState({
      ...NOTHING_SELECTED,
      url,
      title: facts.title,
      state: 'connecting',
      reason: '',
    });
    await previous?.close();
    if (selection !== this.#selection) return;
    this.#runningSelection = selection;
    this.#source = this.#open(facts, selection);
    if (this.#bitsPerSecond > 0) this.#source?.setBitrate(this.#bitsPerSecond);
  }

  onUnit(run: (unit: Unit) => void): void {
    this.#unitListeners.push(run);
  }

  onState(run: (state: SourceState) => void): void {
    this.#stateListeners.push(run);
  }

  state(): SourceState {
    return this.#state;
  }

  counters(): CaptureCounters {
    return { ...this.#counters };
  }

  requestKeyFrame(): boolean {
    return this.#source?.requestKeyFrame() ?? false;
  }

  setBitrate(bitsPerSecond: number): boolean {
    this.#bitsPerSecond = bitsPerSecond;
    return this.#source?.setBitrate(bitsPerSecond) ?? false;
  }

  attachCapturePage(port: CapturePagePort): void {
    this.#pages.attach(port);
  }

  async close(): Promise<void> {
    this.#selection++;
    const source = this.#source;
    this.#source = null;
    this.#runningSelection = NONE;
    this.#pages.close();
    await source?.close();
  }

  #open(facts: SourceFacts, selection: number): Source | null {
    const around: SourceSurroundings = {
      ...this.#options,
      onFrame: (frame) => {
        if (this.#isCurrent(selection)) this.#take(frame);
      },
      onState: (change) => {
        if (this.#isCurrent(selection)) this.#setState({ ...this.#state, ...change });
      },
      onDropped: (count) => {
        this.#counters.framesDropped += count;
      },
    };
    if (facts.scheme === 'camera') return openCameraSource(this.#pages, around);
    const { whip } = this.#options;
    if (facts.scheme === 'whip') return whip ? openWhipSource(whip, around) : null;
    if (!hasFfmpeg(this.#options.ffmpeg)) {
      this.#setState({ ...this.#state, state: 'failed', reason: this.#options.ffmpeg.reason });
      return null;
    }
    if (facts.scheme === 'demo') return openDemoSource(facts.hasBarcode, around);
    return facts.media ? openFileSource(facts.path, facts.media, around) : null;
  }

  #isCurrent(selection: number): boolean {
    return selection === this.#runningSelection;
  }

  #setState(state: SourceState): void {
    const before = this.#state;
    const keys = Object.keys(state) as (keyof SourceState)[];
    if (keys.every((key) => before[key] === state[key])) return;
    this.#state = state;
    if (before.state !== state.state || before.url !== state.url) {
      const { url, state: name, reason } = state;
      this.#options.logger.info('The source changed its state', { url, state: name, reason });
    }
    for (const run of this.#stateListeners) run(state);
  }

  #take(frame: CapturedFrame): void {
    const captureUs = Math.round(frame.captureUs);
    const { layer } = frame;
    if (captureUs <= (layer ? (this.#lowerUs.get(layer) ?? -1) : this.#lastUs[frame.track])) {
      this.#counters.framesDropped++;
      return;
    }
    const unit = frame.track === 'video' ? this.#videoUnit(frame) : this.#audioUnit(frame);
    if (!unit) return;
    if (layer) this.#lowerUs.set(layer, captureUs);
    else this.#lastUs[frame.track] = captureUs;
    this.#counters.units++;
    for (const run of this.#unitListeners) run(unit);
  }

  #audioUnit({ captureUs, bytes }: CapturedFrame): Unit {
    const rounded = Math.round(captureUs);
    const rtpTimestamp = rtpTimestampOf(
      rounded,
      RTP_CLOCK_RATE.audio,
      this.#options.audioClockOffset,
    );
    return { track: 'audio', captureUs: rounded, rtpTimestamp, keyFrame: true, config: 0, bytes };
  }

  #videoUnit({ captureUs, bytes, layer }: CapturedFrame): Unit | null {
    const all = splitAnnexB(bytes);
    const units = all.filter((unit) => !isPadding(unit));
    const keyFrame = isKeyFrame(units);
    if (keyFrame && !layer) this.#readConfig(units);
    // Until the first key frame nobody can decode anything.
    if (this.#config.number === 0) return null;
    const rounded = Math.round(captureUs);
    return {
      track: 'video',
      captureUs: rounded,
      rtpTimestamp: rtpTimestampOf(rounded, RTP_CLOCK_RATE.video, this.#options.videoClockOffset),
      keyFrame,
      config: this.#config.number,
      bytes: joinAnnexB(units),
      ...(layer ? { layer } : {}),
    };
  }

  #readConfig(units: readonly Uint8Array[]): void {
    const sets = units.filter((unit) => [NAL_SPS, NAL_PPS].includes(nalTypeOf(unit)));
    const text = sets.map((unit) => unit.join()).join(';');
    if (text === this.#config.text) return;
    this.#config = { text, number: this.#config.number + 1 };
    const sps = sets.find((unit) => nalTypeOf(unit) === NAL_SPS);
    try {
      const { width, height } = parseSps(sps ?? new Uint8Array(0));
      if (width !== this.#state.width || height !== this.#state.height) {
        this.#setState({ ...this.#state, width, height });
      }
    } catch (error) {
      if (!(error instanceof H264Error)) throw error;
      this.#options.logger.warn('The picture size is not readable', { reason: error.message });
    }
  }
}

/** Delimiters and filler cost bytes and tell a reader of whole units nothing. */
function isPadding(unit: Uint8Array): boolean {
  const type = nalTypeOf(unit);
  return type === NAL_DELIMITER || type === NAL_FILLER;
}
