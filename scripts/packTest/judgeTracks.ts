// Lets the rules of a pack judge tracks that were written down (docs/facts.md): without pictures, in
// a moment. Shirts, scores and joints are not there, so rules that need them see nothing; the ball
// is followed anew from where it was seen.

import type { Places } from '../../core/contract/places.ts';
import { readFactLines } from '../../core/wire/factLines.ts';
import type { FrameFacts, Track } from '../../core/wire/gen/facts_pb.js';
import { Game } from '../../native/vision/moriarty/events.ts';
import { type Pack, withPlaces } from '../../native/vision/moriarty/pack.ts';
import { BallTrack } from '../../native/vision/tracking/ballTrack.ts';
import { type Detection, makeIds, type TrackView } from '../../native/vision/tracking/track.ts';
import type { SeenEvent } from './verdict.ts';

const BALL = 'ball';

/** @throws FactLineError naming the line that cannot be read */
export function judgeTracks(
  pack: Pack,
  places: Places | null,
  lines: readonly string[],
): SeenEvent[] {
  const game = new Game(places ? withPlaces(pack, places) : pack);
  const ball = new BallTrack(makeIds());
  return readFactLines(`${lines.join('\n')}\n`).flatMap((told) => {
    if (told.$typeName !== 'morphine.facts.v1.FrameFacts') return [];
    const { captureUs, rtpTimestamp, tracks, scene } = told as FrameFacts;
    const at = { captureUs: Number(captureUs), rtpTimestamp };
    const views = tracks.map(viewOf);
    const balls = views.filter(({ label, predicted }) => label === BALL && !predicted);
    const others = views.filter(({ label }) => label !== BALL);
    const moved = scene ? { x: scene.shiftX, y: scene.shiftY } : { x: 0, y: 0 };
    const isStill = moved.x === 0 && moved.y === 0;
    return game.judge({
      ...{ ...at, tracks: others, ball: ball.update(balls satisfies Detection[], [], at) },
      ...(isStill ? {} : { cameraShift: moved }),
      isCut: scene?.cut ?? false,
    });
  });
}

function viewOf(track: Track): TrackView {
  const { id, label, box, velocityX, velocityY, confidence, ageFrames, predicted } = track;
  const { x = 0, y = 0, width = 0, height = 0 } = box ?? {};
  return { id, label, x, y, width, height, velocityX, velocityY, confidence, ageFrames, predicted };
}
