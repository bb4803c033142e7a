// The game: turns tracks into events with the frame on which they happened, a confidence and one
// sentence of evidence. It knows positions, of pixels only shirts and scores, and never the truth.
// Surprising: an event is known some frames after it happened, hence `judgedUntilUs`.

import type { MediaTimeUs } from '../../../core/base/clock.ts';
import type { EventType, GameEvent } from '../../../core/contract/events.ts';
import { NO_PLACES, type PlacesState } from '../../../core/contract/visionState.ts';
import type { BallSighting } from '../tracking/ballTrack.ts';
import type { TrackView } from '../tracking/track.ts';
import { PICTURE } from '../vibrio/motion.ts';
import { Camera, type CameraShift } from './camera.ts';
import { Field } from './field.ts';
import { type Goal, Goals } from './goals.ts';
import { type KickOff, KickOffJudge } from './kickOff.ts';
import { type LineCrossing, LineCrossings } from './lineCrossings.ts';
import { hasPlaces, type Pack, pairsOf } from './pack.ts';
import type { Actor, Begun, Happening, Rule } from './rules/rule.ts';
import { rulesOf } from './rules/rules.ts';
import { Teams } from './teams.ts';

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
  /** What people began to do, by their joints; absent: nobody looks at joints. */
  begun?: readonly Begun[];
  /** How far the scene moved since the last picture; null: not known; absent: it never moves. */
  cameraShift?: CameraShift | null;
  /** The scene is another one than on the last picture. */
  isCut?: boolean;
  /** YUV 4:2:0 of 640x360, for shirts and scores; absent: neither is looked at. */
  yuv?: Uint8Array;
};

/** An event before it is told: when it was known is the caller's business. */
export type EventDraft = Omit<GameEvent, 'detectedUs'>;

export class Game {
  readonly #goals: Goals;
  readonly #kickOff: KickOffJudge;
  readonly #lines: LineCrossings;
  readonly #rules: readonly Rule[];
  readonly #camera = new Camera();
  readonly #field: Field | null;
  readonly #teams: Teams | null;
  readonly #hasPlaces: boolean;
  #sightings: BallSighting[] = [];
  #frames: { captureUs: number; rtpTimestamp: number }[] = [];

  constructor(pack: Pack) {
    this.#goals = new Goals(pack);
    this.#kickOff = new KickOffJudge(pack);
    this.#lines = new LineCrossings(pack);
    this.#rules = rulesOf(pack);
    const calibration = pack.field?.calibration;
    this.#field = calibration ? Field.from(pairsOf(calibration)) : null;
    this.#hasPlaces = hasPlaces(pack);
    this.#teams = pack.teams === 'shirts' ? new Teams() : null;
  }

  /** Whether lines, zones and speeds can be judged, and why not. */
  places(): PlacesState {
    return this.#hasPlaces ? this.#camera.state() : NO_PLACES;
  }

  /** Forgets everything seen: what follows shows something else. */
  reset(): void {
    this.#goals.reset();
    this.#kickOff.reset();
    this.#lines.reset();
    for (const rule of this.#rules) rule.reset();
    this.#field?.reset();
    this.#teams?.reset();
    this.#camera.restart();
    this.#sightings = [];
    this.#frames = [];
  }

  /** Takes the pictures in order and returns what is now known to have happened. */
  judge(frame: JudgedFrame): EventDraft[] {
    const { captureUs, rtpTimestamp } = frame;
    this.#frames.push({ captureUs, rtpTimestamp });
    if (this.#frames.length > FRAMES_MAX) this.#frames.shift();
    this.#follow(frame);
    // Places that nobody knows any more judge nothing; what needs no place goes on.
    const isLost = this.#camera.isLost();
    const tracks = frame.tracks.map((track) => this.#drawn(track));
    const ball = frame.ball && this.#drawnBall(frame.ball);
    const actors = this.#actors(tracks, frame, isLost);
    const drafts: EventDraft[] = [];
    for (const rule of this.#rules) {
      if (isLost && rule.needsPlaces) {
        rule.reset();
        continue;
      }
      const { yuv = null, begun = [] } = frame;
      const scene = { captureUs, actors, begun, ball: ball?.isSeen ? ball : null, yuv };
      for (const found of rule.judge(scene)) drafts.push(this.#describe(found));
    }
    if (isLost) {
      this.#goals.reset();
      this.#kickOff.reset();
      this.#lines.reset();
      this.#sightings = [];
      return drafts;
    }
    const crossed = this.#lines.judge(tracks, captureUs);
    drafts.push(...crossed.map((found) => this.#describeLine(found)));
    return [...drafts, ...this.#judgeBall(ball, captureUs)];
  }

  #judgeBall(ball: BallSighting | null, captureUs: number): EventDraft[] {
    const drafts: EventDraft[] = [];
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

  #follow(frame: JudgedFrame): void {
    if (frame.isCut) {
      this.#camera.cut();
      this.#field?.reset();
    }
    if (frame.cameraShift !== undefined) this.#camera.move(frame.cameraShift);
    if (frame.yuv) this.#camera.look(frame.yuv);
  }

  #drawnBall(ball: BallSighting): BallSighting {
    const before = ball.before?.map((place) => ({ ...place, ...this.#camera.toDrawn(place) }));
    return { ...ball, ...this.#camera.toDrawn(ball), ...(before ? { before } : {}) };
  }

  /** A track where it would be on the picture that the places were drawn on. */
  #drawn(track: TrackView): TrackView {
    return { ...track, ...this.#camera.toDrawn(track) };
  }

  #actors(tracks: readonly TrackView[], frame: JudgedFrame, isLost: boolean): Actor[] {
    const { captureUs, yuv } = frame;
    this.#field?.forgetBefore(captureUs);
    return tracks.flatMap((track, index) => {
      const shown = frame.tracks[index];
      if (track.predicted || track.label === 'ball' || !shown) return [];
      const foot = { x: track.x + track.width / 2, y: track.y + track.height };
      const centre = { x: foot.x, y: track.y + track.height / 2 };
      const isPerson = track.label !== 'motion';
      if (yuv && isPerson)
        this.#teams?.look(track.id, { bytes: yuv, ...PICTURE }, shown, captureUs);
      const speed = isLost || !isPerson ? null : this.#field?.follow(track.id, foot, captureUs);
      return [
        { track, foot, centre, team: this.#teams?.of(track.id) ?? null, speed: speed ?? null },
      ];
    });
  }

  /** Until when every event is known, given that `captureUs` was judged last. */
  judgedUntilUs(captureUs: MediaTimeUs): MediaTimeUs {
    const pending = [
      this.#goals.pendingUs(),
      this.#kickOff.pendingUs(),
      ...this.#rules.map((rule) => rule.pendingUs()),
    ];
    const oldest = Math.min(...pending.map((at) => at ?? Number.POSITIVE_INFINITY));
    return Math.min(captureUs, oldest - 1);
  }

  #describe({ type, captureUs, subject, ...rest }: Happening): EventDraft {
    return this.#draft(type, captureUs, subject, { ...rest, why: rest.why.slice(0, 300) });
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

  /** The RTP timestamp of a picture that is not remembered any more: 90 kHz, wraps. */
  #rtpBefore(captureUs: number): number {
    const last = this.#frames.at(-1);
    if (!last) return 0;
    const ticks = Math.round(((last.captureUs - captureUs) * 90) / 1000);
    return (last.rtpTimestamp - ticks) >>> 0;
  }

  #draft(
    type: EventType,
    captureUs: number,
    subject: string,
    rest: { confidence: number; why: string; trackIds: number[] },
  ): EventDraft {
    const known = this.#frames.find((frame) => frame.captureUs === captureUs);
    const rtpTimestamp = known?.rtpTimestamp ?? this.#rtpBefore(captureUs);
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
