// Decides whether an encoder's H.264 may go to viewers untouched: browsers show pictures in the
// order they come, joiners wait for a key frame, and decoders of phones know few profiles. What
// does not fit is named with its cure in the encoder, and is encoded anew until it fits.

import {
  BitReader,
  H264Error,
  NAL_IDR,
  NAL_SLICE,
  nalTypeOf,
  type SequenceParameters,
  withoutEmulation,
} from '../h264.ts';

/** Why a picture cannot go through as it is. */
export type Misfit = 'profile' | 'size' | 'bFrames' | 'keyFrames';

export const MISFIT_SENTENCES: Record<Misfit, string> = {
  profile:
    'its H.264 profile is one that browsers do not show; ' +
    'in OBS set the encoder’s profile to "main"',
  size: 'it is larger than 1920×1080 at 60 frames; in OBS set Output (Scaled) Resolution lower',
  bFrames:
    'it has B-frames, which browsers show out of order; in OBS set B-frames to 0 ' +
    '(x264 Options: bframes=0 tune=zerolatency), ' +
    'or connect OBS in the studio to set it in one click',
  keyFrames:
    'its key frames are too far apart for viewers who join; ' +
    'in OBS set Keyframe Interval to 1 s (x264 Options: keyint=30)',
};

/** Baseline, main and high: 4:2:0 with 8 bits by definition (annex A.2). */
const PROFILES = new Set([66, 77, 100]);
/** Level 4.2: 1080p60. */
const LEVEL_MAX = 42;
const MACROBLOCKS_MAX = 8_704;
/** The relay keeps the pictures since the last key frame for whoever joins, milliseconds. */
export const KEY_FRAME_EVERY_MS_MAX = 2_200;
/** Short distances between key frames before a stream that had long ones is trusted again. */
const KEY_FRAMES_TRUSTED = 5;

/** Why this stream as a whole does not fit; null when it may. */
export function misfitOf(sps: SequenceParameters): Misfit | null {
  const { profile, level, width, height, reorderFramesMax } = sps;
  if (!PROFILES.has(profile)) return 'profile';
  const blocks = Math.ceil(width / 16) * Math.ceil(height / 16);
  if (level > LEVEL_MAX || blocks > MACROBLOCKS_MAX) return 'size';
  return reorderFramesMax === null || reorderFramesMax === 0 ? null : 'bFrames';
}

/** Looks at pictures one after the other. */
export class PassthroughJudge {
  #streamMisfit: Misfit | null = null;
  #hasBFrames = false;
  #lastKeyMs: number | null = null;
  #lastPresentationMs = Number.NEGATIVE_INFINITY;
  #isKeyLate = false;
  #shortInRow = 0;

  /** New parameter sets came. */
  begin(sps: SequenceParameters): void {
    this.#streamMisfit = misfitOf(sps);
    this.#hasBFrames = false;
    this.#lastPresentationMs = Number.NEGATIVE_INFINITY;
  }

  /** Why the stream cannot go through now; null while it can. */
  look(picture: { presentationMs: number; isKey: boolean; units: readonly Uint8Array[] }) {
    const { presentationMs, isKey, units } = picture;
    // A picture that is shown before one that came earlier, or that may be.
    if (presentationMs < this.#lastPresentationMs || units.some(isBSlice)) this.#hasBFrames = true;
    this.#lastPresentationMs = presentationMs;
    this.#measureKeyFrames(presentationMs, isKey);
    return this.misfit();
  }

  misfit(): Misfit | null {
    if (this.#streamMisfit) return this.#streamMisfit;
    if (this.#hasBFrames) return 'bFrames';
    return this.#isKeyLate ? 'keyFrames' : null;
  }

  #measureKeyFrames(presentationMs: number, isKey: boolean): void {
    const sinceMs = presentationMs - (this.#lastKeyMs ?? presentationMs);
    if (sinceMs > KEY_FRAME_EVERY_MS_MAX) {
      this.#isKeyLate = true;
      this.#shortInRow = 0;
    } else if (isKey) this.#shortInRow++;
    if (!isKey) return;
    this.#lastKeyMs = presentationMs;
    if (this.#shortInRow >= KEY_FRAMES_TRUSTED) this.#isKeyLate = false;
  }
}

/** Bytes of a slice's first two numbers, emulation prevention included. */
const SLICE_HEAD_BYTES = 24;
const SLICE_TYPES_MAX = 9;
const B_SLICE = 1;

/** True for a slice of type B (ITU-T H.264 section 7.4.3, table 7-6). */
export function isBSlice(unit: Uint8Array): boolean {
  const type = nalTypeOf(unit);
  if (type !== NAL_SLICE && type !== NAL_IDR) return false;
  const bits = new BitReader(withoutEmulation(unit.subarray(1, 1 + SLICE_HEAD_BYTES)));
  try {
    bits.unsigned(0xff_ffff, 'first_mb_in_slice');
    return bits.unsigned(SLICE_TYPES_MAX, 'slice_type') % 5 === B_SLICE;
  } catch (error) {
    if (error instanceof H264Error) return false;
    throw error;
  }
}
