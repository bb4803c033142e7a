// Turns the feed into fragments of a fragmented MP4: the recording, clips, evidence and HLS are all
// cut from what comes out here. A fragment ends where a picture begins, so each has whole pictures
// with known durations. A new file begins when sound appears that the header does not name.

import type { MediaTimeUs } from '../base/clock.ts';
import type { Unit } from './feed.ts';
import { type Fmp4Sample, fmp4Fragment, fmp4Header } from './fmp4.ts';
import { H264Error } from './h264.ts';
import { opusSamples } from './oggOpus.ts';

/** A fragment lasts about this long: what a power cut or a kill may cost. */
export const FRAGMENT_US = 500_000;
/** Longest time that one sample may stand: a longer gap is a gap. */
const SAMPLE_US_MAX = 60_000_000;
/** Sound that waits for pictures: more than two minutes of it. */
const WAITING_MAX = 8_000;
const PICTURE_US = 33_333;
/** What a fragment has to have of the longest: players count on it (rfc8216bis section 4.4.4.9). */
const SHARE_MIN = 0.85;

export type Piece = {
  /** Set when a new file begins with this fragment. */
  header: Uint8Array | null;
  bytes: Uint8Array;
  fromUs: MediaTimeUs;
  toUs: MediaTimeUs;
  /** A player can start at its first picture. */
  startsWithKeyFrame: boolean;
  /** Of the header: changes with the picture's size. */
  config: number;
};

export type FragmenterOptions = {
  onPiece(piece: Piece): void;
  fragmentUs?: number;
  /** Instead: a fragment ends before it would become longer. */
  fragmentUsMax?: number;
  /** A key frame begins a fragment when the one before lasted so long; default: half of it. */
  keyFrameUs?: number;
  /** `avc1`: a changed picture begins a new header, on the same times. */
  entry?: 'avc1' | 'avc3';
  /** There is sound, also when the first fragment has none. */
  hasSound?: boolean;
};

export type Fragmenter = {
  /** Takes the best picture and the sound; smaller copies are passed over. */
  push(unit: Unit): void;
  /** Gives out what waits. */
  flush(): void;
};

/** @param options `onPiece` hears each fragment as soon as the picture after it is known */
export function createFragmenter(options: FragmenterOptions): Fragmenter {
  return new FragmentBuilder(options);
}

class FragmentBuilder implements Fragmenter {
  readonly #options: FragmenterOptions;
  readonly #fragmentUs: number;
  #video: Unit[] = [];
  #audio: Unit[] = [];
  #file: { startUs: MediaTimeUs; hasSound: boolean; config: number } | null = null;
  #sequence = 0;

  constructor(options: FragmenterOptions) {
    this.#options = options;
    this.#fragmentUs = options.fragmentUs ?? FRAGMENT_US;
  }

  push(unit: Unit): void {
    if (unit.layer) return;
    if (unit.track === 'audio') {
      if (this.#audio.length < WAITING_MAX) this.#audio.push(unit);
      return;
    }
    const first = this.#video[0];
    if (!first) {
      // Nothing before a key frame can be shown.
      if (this.#file || unit.keyFrame) this.#video.push(unit);
      return;
    }
    const lastUs = this.#video.at(-1)?.captureUs ?? 0;
    if (unit.captureUs <= lastUs) return;
    const isNew = unit.config !== first.config && unit.keyFrame;
    const isFull = this.#isFull(unit.captureUs - first.captureUs, unit.captureUs - lastUs);
    // A key frame that is near begins a fragment: clips are cut there.
    const { keyFrameUs = this.#fragmentUs / 2 } = this.#options;
    const isKeyNear = unit.keyFrame && unit.captureUs - first.captureUs >= keyFrameUs;
    if (isNew || isFull || isKeyNear) {
      const { fragmentUsMax = Number.POSITIVE_INFINITY } = this.#options;
      // A picture that came late leaves a hole behind the fragment; the sound goes on.
      this.#cut(Math.min(unit.captureUs, first.captureUs + fragmentUsMax));
    }
    this.#video.push(unit);
  }

  #isFull(lengthUs: number, stepUs: number): boolean {
    const { fragmentUsMax } = this.#options;
    if (fragmentUsMax === undefined) return lengthUs >= this.#fragmentUs;
    return lengthUs >= SHARE_MIN * fragmentUsMax && lengthUs + stepUs > fragmentUsMax;
  }

  flush(): void {
    const [before, last] = this.#video.slice(-2);
    if (!before) return;
    const stepUs = last ? last.captureUs - before.captureUs : PICTURE_US;
    this.#cut((last ?? before).captureUs + stepUs);
  }

  #cut(untilUs: MediaTimeUs): void {
    const pictures = this.#video;
    const first = pictures[0];
    if (!first) return;
    this.#video = [];
    const sounds = this.#audio.filter(({ captureUs }) => captureUs < untilUs);
    this.#audio = this.#audio.slice(sounds.length);
    const header = this.#headerFor(first, sounds.length > 0);
    const file = this.#file;
    if (!file) return;
    const heard = file.hasSound ? sounds.filter(({ captureUs }) => captureUs >= file.startUs) : [];
    this.#sequence++;
    this.#options.onPiece({
      header,
      bytes: fmp4Fragment({
        sequence: this.#sequence,
        startUs: file.startUs,
        entry: this.#options.entry ?? 'avc3',
        video: samplesOf(pictures, () => untilUs - (pictures.at(-1)?.captureUs ?? untilUs)),
        audio: samplesOf(heard, opusUsOf),
      }),
      fromUs: first.captureUs,
      toUs: untilUs,
      startsWithKeyFrame: first.keyFrame,
      config: first.config,
    });
  }

  /** A header when a file begins here, else null. */
  #headerFor(first: Unit, hasSound: boolean): Uint8Array | null {
    const file = this.#file;
    const { entry = 'avc3' } = this.#options;
    const isOther = entry === 'avc1' && file?.config !== first.config;
    const lacksSound = hasSound && file?.hasSound === false;
    if (file && !isOther && !lacksSound) return null;
    if (!first.keyFrame) return null;
    const next = {
      startUs: this.#options.entry === 'avc1' && file ? file.startUs : first.captureUs,
      hasSound: hasSound || (file?.hasSound ?? this.#options.hasSound ?? false),
      config: first.config,
    };
    try {
      const header = fmp4Header({ keyFrame: first.bytes, ...next, entry });
      this.#file = next;
      if (!file || next.startUs !== file.startUs) this.#sequence = 0;
      return header;
    } catch (cause) {
      if (!(cause instanceof H264Error)) throw cause;
      return null;
    }
  }
}

function samplesOf(units: readonly Unit[], lastUs: (unit: Unit) => number): Fmp4Sample[] {
  return units.map((unit, at) => {
    const next = units[at + 1];
    const durationUs = next ? next.captureUs - unit.captureUs : lastUs(unit);
    const { captureUs, keyFrame, bytes } = unit;
    const bounded = Math.min(Math.max(1, durationUs), SAMPLE_US_MAX);
    return { captureUs, keyFrame, bytes, durationUs: bounded };
  });
}

function opusUsOf(unit: Unit): number {
  return Math.round((opusSamples(unit.bytes) * 1000) / 48);
}
