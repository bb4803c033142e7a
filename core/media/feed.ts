// The feed: what every source turns into and every reader takes. Past native/capture nobody knows
// whether ffmpeg, OBS or a browser made a picture.

import type { MediaTimeUs } from '../base/clock.ts';

export type TrackKind = 'video' | 'audio';

/** Smaller copies of the picture for weak paths; the best one has no name here. */
export const LOWER_LAYERS = {
  medium: { width: 960, height: 540, bitsPerSecond: 1_200_000 },
  low: { width: 640, height: 360, bitsPerSecond: 600_000 },
} as const;
export type LowerLayer = keyof typeof LOWER_LAYERS;

/** Layers below the best one for a wished number of layers, 1 to 3. */
export function lowerLayersOf(layers: number): LowerLayer[] {
  if (layers >= 3) return ['medium', 'low'];
  return layers === 2 ? ['low'] : [];
}

/** RTP clock rates, ticks per second: H.264 RFC 6184 section 8.2.1, Opus RFC 7587 section 4.1. */
export const RTP_CLOCK_RATE = { video: 90_000, audio: 48_000 } as const;

/** One whole access unit (video, H.264 Annex B with start codes) or one Opus packet (audio). */
export type Unit = {
  track: TrackKind;
  /** Capture time on the media clock, microseconds. */
  captureUs: MediaTimeUs;
  /** `rtpTimestampOf(captureUs, ...)`; unsigned 32 bit. */
  rtpTimestamp: number;
  /** Video: decodable on its own (contains SPS, PPS and IDR). Audio: always true. */
  keyFrame: boolean;
  /**
   * Video: changes whenever the picture size or SPS/PPS change (a hash or counter of the source);
   * readers compare it, never parse it. Audio: always 0.
   */
  config: number;
  /** Annex B bytes (4-byte start codes) or one Opus packet. */
  bytes: Uint8Array;
  /** When an encoder of ours got the picture; absent: its source encodes, and tells nothing. */
  encodingUs?: MediaTimeUs;
  /** A smaller copy; absent: the best picture there is, or sound. */
  layer?: LowerLayer;
  /** True: a still picture in place of one that does not come; there is nothing to judge in it. */
  slate?: boolean;
};

/**
 * The RTP timestamp of a capture time: a fixed function for the whole life of a channel.
 *
 * @param captureUs microseconds on the media clock
 * @param rateHz RTP clock rate of the track
 * @param offset random 32-bit offset of the channel and track, kept with the channel
 * @returns unsigned 32-bit RTP timestamp (RFC 3550 section 5.1)
 */
export function rtpTimestampOf(captureUs: MediaTimeUs, rateHz: number, offset: number): number {
  // captureUs * rate exceeds 2^53, so split into seconds and the rest.
  const seconds = Math.floor(captureUs / 1_000_000);
  const restUs = captureUs - seconds * 1_000_000;
  const ticks = ((seconds % 4_294_967_296) * rateHz) % 4_294_967_296;
  return (ticks + Math.round((restUs * rateHz) / 1_000_000) + offset) % 4_294_967_296;
}

/**
 * The capture time that an RTP timestamp stands for, nearest to a capture time that is known to be
 * close (within half of the 32-bit range: 6.6 hours of video).
 */
export function captureUsOf(
  rtpTimestamp: number,
  rateHz: number,
  offset: number,
  nearUs: MediaTimeUs,
): MediaTimeUs {
  const nearTimestamp = rtpTimestampOf(nearUs, rateHz, offset);
  let difference = (rtpTimestamp - nearTimestamp) | 0;
  if (difference === -2_147_483_648) difference = 2_147_483_647;
  return nearUs + Math.round((difference * 1_000_000) / rateHz);
}
