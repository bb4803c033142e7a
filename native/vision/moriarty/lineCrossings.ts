// Judges lines: the centre of something that moves goes from one side to the other, between the
// line's ends. It must have been followed for some pictures and really have come from somewhere.

import type { TrackView } from '../tracking/track.ts';
import { crossing, distance, type Point, type Segment } from './geometry.ts';
import type { Line, Pack } from './pack.ts';

/** A thing is followed this long before it can cross, pictures. */
const AGE_FRAMES_MIN = 3;
/** It must have come this far since it was first seen, picture heights. */
const DISPLACEMENT_MIN = 0.03;
/** Faster than this is a jump between two things, picture heights per second. */
const SPEED_MAX = 4;
/** The same line is quiet for this long after an event, microseconds. */
const COOLDOWN_US = 2_000_000;
/** Tracks that are not seen for this long are forgotten, microseconds. */
const FORGET_US = 2_000_000;

export type LineCrossing = { line: Line; captureUs: number; track: TrackView; moved: number };

type Followed = { first: Point; last: Point; lastUs: number };

export class LineCrossings {
  readonly #lines: { line: Line; segment: Segment; quietUntilUs: number }[];
  readonly #followed = new Map<number, Followed>();

  constructor(pack: Pack) {
    this.#lines = pack.lines.map((line) => ({
      line,
      segment: {
        from: { x: line.from[0], y: line.from[1] },
        to: { x: line.to[0], y: line.to[1] },
      },
      quietUntilUs: 0,
    }));
  }

  reset(): void {
    this.#followed.clear();
    for (const line of this.#lines) line.quietUntilUs = 0;
  }

  judge(tracks: readonly TrackView[], captureUs: number): LineCrossing[] {
    if (this.#lines.length === 0) return [];
    const found: LineCrossing[] = [];
    for (const track of tracks) {
      if (track.predicted) continue;
      const place = { x: track.x + track.width / 2, y: track.y + track.height / 2 };
      const known = this.#followed.get(track.id);
      if (!known) {
        this.#followed.set(track.id, { first: place, last: place, lastUs: captureUs });
        continue;
      }
      const moved = distance(known.first, place);
      const seconds = (captureUs - known.lastUs) / 1_000_000;
      const isPlausible =
        track.ageFrames >= AGE_FRAMES_MIN &&
        moved >= DISPLACEMENT_MIN &&
        distance(known.last, place) <= SPEED_MAX * seconds;
      if (isPlausible) {
        for (const entry of this.#lines) {
          if (captureUs < entry.quietUntilUs) continue;
          if (!crossing({ from: known.last, to: place }, entry.segment)) continue;
          entry.quietUntilUs = captureUs + COOLDOWN_US;
          found.push({ line: entry.line, captureUs, track, moved });
        }
      }
      known.last = place;
      known.lastUs = captureUs;
    }
    for (const [id, known] of this.#followed) {
      if (captureUs - known.lastUs > FORGET_US) this.#followed.delete(id);
    }
    return found;
  }
}
