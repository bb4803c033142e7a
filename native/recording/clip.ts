// A piece of the show as one MP4, cut at key frames and never re-encoded, and the number of the
// frame that it is about.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { Unit } from '../../core/media/feed.ts';
import { createFragmenter } from '../../core/media/fragmenter.ts';

export type Clip = {
  mp4: Uint8Array;
  fromUs: MediaTimeUs;
  toUs: MediaTimeUs;
  /** The newest frame captured at or before the moment, counted from 0. */
  frame: number;
  /** Its exact capture time. */
  captureUs: MediaTimeUs;
  /** From the key frame before it to the frame itself: what a decoder needs to show it. */
  shown: Unit[];
};

/** Null when there is no picture at or before the moment. */
export function clipOf(units: readonly Unit[], momentUs: MediaTimeUs): Clip | null {
  const pictures = units.filter(({ track }) => track === 'video');
  const begin = pictures.findIndex(({ keyFrame }) => keyFrame);
  const seen = begin < 0 ? [] : pictures.slice(begin);
  const frame = seen.findLastIndex(({ captureUs }) => captureUs <= momentUs);
  const [first, decided] = [seen[0], seen[frame]];
  if (!first || !decided) return null;
  const parts: Uint8Array[] = [];
  let toUs = first.captureUs;
  const fragmenter = createFragmenter({
    hasSound: units.some(({ track }) => track === 'audio'),
    onPiece(piece) {
      if (piece.header) parts.push(piece.header);
      parts.push(piece.bytes);
      toUs = piece.toUs;
    },
  });
  for (const unit of units) fragmenter.push(unit);
  fragmenter.flush();
  const key = seen.slice(0, frame + 1).findLastIndex(({ keyFrame }) => keyFrame);
  return {
    mp4: Buffer.concat(parts),
    ...{ fromUs: first.captureUs, toUs, frame, captureUs: decided.captureUs },
    shown: seen.slice(key, frame + 1),
  };
}
