// What an encoder is asked for, from what the owner chose. Pure. One table for every source, so
// that a switch from one to another changes neither size nor rate.

import {
  type Encoder,
  FIRST_PICTURE_CHOICE,
  type PictureChoice,
  type PictureHeight,
  type PictureIntent,
} from '../contract/picture.ts';
import { LOWER_LAYERS, type LowerLayer } from './feed.ts';

export type PictureTarget = {
  /** Largest picture; larger ones are scaled down into it, smaller ones stay. */
  width: number;
  height: number;
  /** At most; slower pictures keep their own times. */
  framesPerSecond: number;
  bitsPerSecond: number;
  intent: PictureIntent;
  encoder: Encoder;
};

/** 16:9, even sides; 854 is what every encoder and player calls 480p. */
const WIDTHS: Record<PictureHeight, number> = { 360: 640, 480: 854, 720: 1280, 1080: 1920 };
/** Balanced, 30 a second, moving pictures by a fast encoder without B-frames. */
const BITS_PER_SECOND: Record<PictureHeight, number> = {
  360: 800_000,
  480: 1_200_000,
  720: 2_500_000,
  1080: 4_500_000,
};
/** Twice the pictures differ half as much from one another. */
const SHARE_AT_60 = 1.5;
/** A weak uplink gets half; its encoder works harder for them. */
const SHARE_WEAK = 0.5;

/**
 * What to encode for a choice.
 *
 * @param bitsPerSecondMax what the owner allows of the uplink; null: what the choice wants
 */
export function pictureTargetOf(
  choice: PictureChoice,
  bitsPerSecondMax: number | null = null,
): PictureTarget {
  const { intent, height, framesPerSecond, encoder } = choice;
  const rate = framesPerSecond > 30 ? SHARE_AT_60 : 1;
  const share = intent === 'weakUplink' ? SHARE_WEAK : 1;
  const wanted = Math.round(BITS_PER_SECOND[height] * rate * share);
  const bitsPerSecond = Math.min(wanted, bitsPerSecondMax ?? wanted);
  return { width: WIDTHS[height], height, framesPerSecond, bitsPerSecond, intent, encoder };
}

/** 1280x720, 30 a second, balanced, by x264: what a studio does that nobody told anything. */
export const FIRST_PICTURE_TARGET: PictureTarget = pictureTargetOf(FIRST_PICTURE_CHOICE);

/** Most of the best picture's rate that a smaller copy of it may take. */
const COPY_SHARES: Record<LowerLayer, number> = { medium: 0.6, low: 0.4 };

/**
 * How a smaller copy is encoded beside its best picture. It stays with x264: it is small, and cards
 * bear few encoders at once.
 *
 * @param size what the copy really measures
 */
export function copyTargetOf(
  best: PictureTarget,
  layer: LowerLayer,
  size: { width: number; height: number },
): PictureTarget {
  const bitsPerSecond = copyBitsPerSecond(best.bitsPerSecond, layer);
  return { ...best, ...size, bitsPerSecond, encoder: 'x264' };
}

/** Video bits per second of a smaller copy beside a best picture of so many. */
export function copyBitsPerSecond(best: number, layer: LowerLayer): number {
  return Math.min(LOWER_LAYERS[layer].bitsPerSecond, Math.round(best * COPY_SHARES[layer]));
}

/** Down to fit, never up, even sides. */
export function sizeInside(
  picture: { width: number; height: number },
  most: { width: number; height: number },
): { width: number; height: number } {
  const factor = Math.min(1, most.width / picture.width, most.height / picture.height);
  const even = (side: number) => Math.max(2, 2 * Math.round((side * factor) / 2));
  return { width: even(picture.width), height: even(picture.height) };
}

/** Levels of H.264 with the macroblocks of a picture and of a second that they allow. */
const LEVELS = [
  { level: '3.1', code: '1F', blocks: 3_600, blocksPerSecond: 108_000 },
  { level: '3.2', code: '20', blocks: 5_120, blocksPerSecond: 216_000 },
  { level: '4.0', code: '28', blocks: 8_192, blocksPerSecond: 245_760 },
  { level: '4.2', code: '2A', blocks: 8_704, blocksPerSecond: 522_240 },
] as const;

/** The lowest level from 3.1 on that allows this picture (ITU-T H.264 table A-1). */
export function levelOf(picture: { width: number; height: number; framesPerSecond: number }) {
  const blocks = Math.ceil(picture.width / 16) * Math.ceil(picture.height / 16);
  const found = LEVELS.find(
    (one) => blocks <= one.blocks && blocks * picture.framesPerSecond <= one.blocksPerSecond,
  );
  return found ?? LEVELS[3];
}
