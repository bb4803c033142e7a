// The game: turns tracks into events with the frame on which they happened, a confidence and one
// sentence of evidence. It knows positions only, never pixels, and never what the truth was.
// Surprising: an event is known some frames after it happened, hence `judgedUntilUs`.

import type { MediaTimeUs } from '../../../core/base/clock.ts';
import type { EventType, GameEvent } from '../../../core/contract/events.ts';
import type { BallSighting } from '../tracking/ballTrack.ts';
import type { TrackView } from '../tracking/track.ts';
import { type Goal, Goals } from './goals.ts';
import { type KickOff, KickOffJudge } from './kickOff.ts';
import { type LineCrossing, LineCrossings } from './lineCrossings.ts';
import type { Pack } from './pack.ts';

/** Sightings kept per track for continuity. */
const SIGHTINGS_MAX = 12;
/** Frame times kept, to name the frame of a crossing: half a second at 60 fps. */
const FRAMES_MAX = 30;

/** One judged picture. */
export type JudgedFrame = {
  captureUs: MediaTimeUs;
  rtpTimestamp: number;
  /** Confirmed tracks of people and motion. */
  tracks: readonly TrackView[];
  ball: BallSighting | null;
};

/** An event before it is told: when it was known is the caller's business. */
export type EventDraft = Omit<GameEvent, 'detectedUs'>;

export class Game {
  readonly #goals: Goals;
  readonly #kickOff: KickOffJudge;
  readonly #lines: LineCrossings;
  #sightings: BallSighting[] = [];
  #frames: { captureUs: number; rtpTimestamp: number }[] = [];

  constructor(pack: Pack) {
    this.#goals = new Goals(pack);
    this.#kickOff = new KickOffJudge(pack);
    this.#lines = new LineCrossings(pack);
  }

  /** Forgets everything seen: what follows shows something else. */
  reset(): void {
    this.#goals.reset();
    this.#kickOff.reset();
    this.#lines.reset();
    this.#sightings = [];
    this.#frames = [];
  }

  /** Takes the pictures in order and returns what is now known to have happened. */
  judge(frame: JudgedFrame): EventDraft[] {
    const { captureUs, rtpTimestamp, ball } = frame;
    this.#frames.push({ captureUs, rtpTimestamp });
    if (this.#frames.length > FRAMES_MAX) this.#frames.shift();
    const drafts = this.#lines
      .judge(frame.tracks, captureUs)
      .map((found) => this.#describeLine(found));
    if (!ball?.isSeen) {
      this.#goals.pass(captureUs);
      return drafts;
    }
    const isSameTrack = this.#sightings.at(-1)?.trackId === ball.trackId;
    if (!isSameTrack) this.#sightings = [];
    const frameTimes = this.#frames.map((known) => known.captureUs);
    for (const goal of this.#goals.judge(ball, this.#sightings, frameTimes)) {
      drafts.push(this.#describeGoal(goal));
    }
    const kickOff = this.#kickOff.judge(ball);
    if (kickOff) {
      this.#goals.arm();
      drafts.push(this.#describeKickOff(kickOff));
    }
    this.#sightings.push(ball);
    if (this.#sightings.length > SIGHTINGS_MAX) this.#sightings.shift();
    return drafts;
  }

  /** Until when every event is known, given that `captureUs` was judged last. */
  judgedUntilUs(captureUs: MediaTimeUs): MediaTimeUs {
    const pending = [this.#goals.pendingUs(), this.#kickOff.pendingUs()];
    const oldest = Math.min(...pending.map((at) => at ?? Number.POSITIVE_INFINITY));
    return Math.min(captureUs, oldest - 1);
  }

  #describeGoal(goal: Goal): EventDraft {
    const evidence =
      `${goal.sightingsBefore} sightings before, ${goal.sightingsInside} inside, ` +
      `${goal.speed.toFixed(1)} heights/s`;
    return this.#draft('goal', goal.captureUs, goal.line.subject, {
      confidence: goal.confidence,
      trackIds: [goal.trackId],
      why:
        `The ball crossed the ${goal.line.subject} goal line between the posts ` +
        `and stayed inside (${evidence}).`,
    });
  }

  #describeKickOff(kickOff: KickOff): EventDraft {
    return this.#draft('kickOff', kickOff.captureUs, '', {
      confidence: kickOff.seen.confidence,
      trackIds: [kickOff.seen.trackId],
      why:
        `The ball rested on the centre spot for ${kickOff.restedSeconds.toFixed(1)} s ` +
        'and then moved away.',
    });
  }

  #describeLine({ line, captureUs, track, moved }: LineCrossing): EventDraft {
    return this.#draft('lineCrossed', captureUs, line.subject, {
      confidence: Math.min(0.95, 0.5 + track.ageFrames / 60),
      trackIds: [track.id],
      why:
        `Something followed for ${track.ageFrames} pictures (${track.label}) crossed ` +
        `"${line.subject}" after moving ${(moved * 100).toFixed(0)} % of the picture's height.`,
    });
  }

  #draft(
    type: EventType,
    captureUs: number,
    subject: string,
    rest: { confidence: number; why: string; trackIds: number[] },
  ): EventDraft {
    const known = this.#frames.find((frame) => frame.captureUs === captureUs);
    const rtpTimestamp = known?.rtpTimestamp ?? this.#frames.at(-1)?.rtpTimestamp ?? 0;
    // The same judgement of the same frame gives the same id: a retry is recognised.
    const id = `${type}-${captureUs.toString(36)}-${shortHash(subject)}`;
    return { id, type, captureUs, rtpTimestamp, subject, ...rest };
  }
}

/** FNV-1a, 32 bits, as text. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash.toString(36);
}
