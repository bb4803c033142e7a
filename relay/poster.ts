// The picture that a shared link shows before anybody opens it: a small JPEG that the studio sends
// every few seconds. The relay has no decoder and needs none. It keeps the newest only, refuses
// what is no JPEG or too large, and never serves it as anything but an image.

import type { MediaTimeUs } from '../core/base/clock.ts';

const POSTER_BYTES_MAX = 200 * 1024;
const SIDE_MAX = 4096;
/** Sooner than this a new one changes nothing. */
const PERIOD_US_MIN = 2_000_000;

export type KeptPoster = {
  jpeg: Uint8Array;
  width: number;
  height: number;
  /** Counts up: a newer picture has another address, so that no cache shows an old one. */
  version: number;
};

export class PosterKeeper {
  #kept: KeptPoster | null = null;
  #takenUs: MediaTimeUs | null = null;
  refused = 0;

  get kept(): KeptPoster | null {
    return this.#kept;
  }

  take(
    { jpeg, width, height }: { jpeg: Uint8Array; width: number; height: number },
    nowUs: MediaTimeUs,
  ): void {
    const isSoon = this.#takenUs !== null && nowUs - this.#takenUs < PERIOD_US_MIN;
    const isSize = [width, height].every((side) => side >= 16 && side <= SIDE_MAX);
    if (isSoon || !isSize || !isJpeg(jpeg)) {
      this.refused++;
      return;
    }
    this.#takenUs = nowUs;
    const version = (this.#kept?.version ?? 0) + 1;
    this.#kept = { jpeg: Uint8Array.from(jpeg), width, height, version };
  }
}

/** Starts and ends as a JPEG does (ITU-T T.81 B.1.1.3) and is no larger than a preview. */
export function isJpeg(bytes: Uint8Array): boolean {
  if (bytes.length < 100 || bytes.length > POSTER_BYTES_MAX) return false;
  const ends = [bytes.at(-2), bytes.at(-1)];
  const isStart = bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
  return isStart && ends[0] === 0xff && ends[1] === 0xd9;
}
