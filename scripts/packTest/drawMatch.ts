// Draws pictures of the built-in match and encodes them as the studio does, for cases that name a
// seed instead of holding a clip.

import type { Unit } from '../../core/media/feed.ts';
import { createMatch, PICTURE_BYTES } from '../../native/capture/demo/match.ts';
import { encodeClip } from '../../native/vision/testFeed.ts';

/** Capture time of the first picture that is drawn. */
export const DRAWN_FROM_US = 1_000_000;

/** From picture `firstFrame` of the match on, 30 a second. */
export function drawMatch(of: {
  seed: number;
  firstFrame: number;
  frames: number;
  hideBall?: boolean | undefined;
}): Promise<Unit[]> {
  const match = createMatch(of.seed);
  function* pictures(): Generator<Uint8Array> {
    for (let frame = of.firstFrame; frame < of.firstFrame + of.frames; frame++) {
      const picture = new Uint8Array(PICTURE_BYTES);
      match.drawFrame(frame, picture, of.hideBall ? { hideBall: true } : {});
      yield picture;
    }
  }
  const input = '-f rawvideo -pix_fmt yuv420p -s 1280x720 -r 30 -i pipe:0'.split(' ');
  return encodeClip({ input, pictures: pictures(), startUs: DRAWN_FROM_US });
}
