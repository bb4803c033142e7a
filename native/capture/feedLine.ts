// Makes the feed's units of the frames of whatever source is on air: times that only rise, RTP
// times that are the fixed function of them, a number that changes with the parameter sets. After a
// cut nothing passes before the new source's key frame. Surprising: a source that is slower than
// the one before gives times that lie behind the feed's; for as long as it takes to catch up its
// pictures are set a millisecond apart, because one that is left out spoils all that follow.

import type { MediaTimeUs } from '../../core/base/clock.ts';
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
import type { CapturedFrame } from './source.ts';

/** Pictures of a source that is catching up are this far apart: far below any frame rate. */
const CATCH_UP_US = 1_000;
/** A source that lags by more than this has a wrong clock; its pictures are dropped instead. */
const LAG_US_MAX = 10_000_000;

export type FeedLineOptions = {
  videoClockOffset: number;
  audioClockOffset: number;
  /** The picture's parameter sets say another size. */
  onSize(width: number, height: number): void;
  /** They cannot be read. */
  onUnreadable(reason: string): void;
};

type Lane = { lastUs: MediaTimeUs; needsKeyFrame: boolean; isCatchingUp: boolean };

export class FeedLine {
  readonly #options: FeedLineOptions;
  readonly #lanes = new Map<'audio' | 'video' | LowerLayer, Lane>();
  #config = { text: '', number: 0 };

  constructor(options: FeedLineOptions) {
    this.#options = options;
  }

  /** Capture time of the last picture that went out; negative: none yet. */
  get lastPictureUs(): MediaTimeUs {
    return this.#lane('video').lastUs;
  }

  /** What follows comes from elsewhere: pictures wait for a key frame, their size is read anew. */
  cut(): void {
    for (const lane of this.#lanes.values()) {
      lane.needsKeyFrame = true;
      lane.isCatchingUp = true;
    }
    this.#config = { ...this.#config, text: '' };
  }

  /** The feed's unit of a frame, or null when it has no place there. */
  take(frame: CapturedFrame): Unit | null {
    return frame.track === 'audio' ? this.#sound(frame) : this.#picture(frame);
  }

  #sound({ captureUs, bytes }: CapturedFrame): Unit | null {
    const roundedUs = Math.round(captureUs);
    const lane = this.#lane('audio');
    if (roundedUs <= lane.lastUs) return null;
    lane.lastUs = roundedUs;
    return {
      track: 'audio',
      captureUs: roundedUs,
      rtpTimestamp: this.#timestamp('audio', roundedUs),
      keyFrame: true,
      config: 0,
      bytes,
    };
  }

  #picture(frame: CapturedFrame): Unit | null {
    const { layer } = frame;
    const lane = this.#lane(layer ?? 'video');
    const units = splitAnnexB(frame.bytes).filter((unit) => !isPadding(unit));
    const keyFrame = isKeyFrame(units);
    if (lane.needsKeyFrame && !keyFrame) return null;
    const captureUs = placeOf(lane, Math.round(frame.captureUs));
    if (captureUs === null) return null;
    if (keyFrame && !layer) this.#readConfig(units);
    // Until the first key frame nobody can decode anything.
    if (this.#config.number === 0) return null;
    lane.needsKeyFrame = false;
    lane.lastUs = captureUs;
    return {
      track: 'video',
      captureUs,
      rtpTimestamp: this.#timestamp('video', captureUs),
      keyFrame,
      config: this.#config.number,
      bytes: joinAnnexB(units),
      ...(layer ? { layer } : {}),
      ...encodingOf(frame, captureUs),
    };
  }

  #timestamp(track: TrackKind, captureUs: MediaTimeUs): number {
    const { videoClockOffset, audioClockOffset } = this.#options;
    const offset = track === 'video' ? videoClockOffset : audioClockOffset;
    return rtpTimestampOf(captureUs, RTP_CLOCK_RATE[track], offset);
  }

  #lane(name: 'audio' | 'video' | LowerLayer): Lane {
    const known = this.#lanes.get(name);
    if (known) return known;
    const lane = { lastUs: -1, needsKeyFrame: true, isCatchingUp: false };
    this.#lanes.set(name, lane);
    return lane;
  }

  #readConfig(units: readonly Uint8Array[]): void {
    const sets = units.filter((unit) => [NAL_SPS, NAL_PPS].includes(nalTypeOf(unit)));
    const text = sets.map((unit) => unit.join()).join(';');
    if (text === this.#config.text) return;
    this.#config = { text, number: this.#config.number + 1 };
    const sps = sets.find((unit) => nalTypeOf(unit) === NAL_SPS);
    try {
      const { width, height } = parseSps(sps ?? new Uint8Array(0));
      this.#options.onSize(width, height);
    } catch (error) {
      if (!(error instanceof H264Error)) throw error;
      this.#options.onUnreadable(error.message);
    }
  }
}

/** Of a picture that got another time, when it was encoded says nothing about that time. */
function encodingOf({ encodingUs = -1 }: CapturedFrame, captureUs: MediaTimeUs) {
  return encodingUs < captureUs ? {} : { encodingUs: Math.round(encodingUs) };
}

/** The time of a picture in its lane, or null when it comes too late to have one. */
function placeOf(lane: Lane, ownUs: MediaTimeUs): MediaTimeUs | null {
  if (ownUs > lane.lastUs) {
    lane.isCatchingUp = false;
    return ownUs;
  }
  if (!lane.isCatchingUp || lane.lastUs - ownUs > LAG_US_MAX) return null;
  return lane.lastUs + CATCH_UP_US;
}

/** True for a picture that can be begun with. */
export function beginsPicture(frame: CapturedFrame): boolean {
  return frame.track === 'video' && !frame.layer && isKeyFrame(splitAnnexB(frame.bytes));
}

/** Delimiters and filler cost bytes and tell a reader of whole units nothing. */
function isPadding(unit: Uint8Array): boolean {
  const type = nalTypeOf(unit);
  return type === NAL_DELIMITER || type === NAL_FILLER;
}
