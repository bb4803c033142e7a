// Judges one picture after the other: motion, detector, tracks, game. It is handed decoded pictures
// in order and returns facts and events; it knows no process, link or decoder, so that tests can
// drive it faster than time. Surprising: the detector may be skipped, every other step never.

import { create, toBinary } from '@bufbuild/protobuf';
import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import type { PlacesState, SceneState } from '../../core/contract/visionState.ts';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import { ActionWatch } from './actionWatch.ts';
import { BallWatch } from './ballWatch.ts';
import type { BallSeer } from './models/ballSeer.ts';
import type { Detector, Seen } from './models/detector.ts';
import type { Picture } from './models/picture.ts';
import type { Poser } from './models/poser.ts';
import type { FoundBall } from './moriarty/ballFinder.ts';
import { Game } from './moriarty/events.ts';
import type { Pack } from './moriarty/pack.ts';
import type { PictureMemory } from './pictureMemory.ts';
import { type LookPlan, LookPlanner, sees, stirring } from './regions.ts';
import { BlobTracker, JOINED_BLOBS } from './tracking/blobTracker.ts';
import { BOX_TRACKER_DEFAULTS, BoxTracker } from './tracking/boxTracker.ts';
import type { Box, TakeId, TrackView } from './tracking/track.ts';
import type { Component } from './vibrio/components.ts';
import { type Highlight, Highlights, sentenceOf } from './vibrio/highlights.ts';
import { PICTURE } from './vibrio/motion.ts';
import { normalised } from './vibrio/place.ts';
import { type General, Vibrio } from './vibrio/vibrio.ts';
import { within } from './waiting.ts';

/** Blobs from here on are things of their own, pixels of 640x360. */
const BLOB_AREA_MIN = 500;
/** How long a model's result is waited for, where nothing else is said. */
const MODEL_WAIT_MS = 400;
/** Tracks on one message; more are noise. */
const TRACKS_MAX = 64;
/** A shift of the camera that leaves more is none that one can go by, steps of luma per cell. */
const CAMERA_REST_MAX = 6;

export type SightFrame = {
  captureUs: number;
  rtpTimestamp: number;
  /** YUV 4:2:0, 640x360, video range. */
  yuv: Uint8Array;
  receivedMs: number;
  decodedMs: number;
};

export type SightResult = {
  facts: Uint8Array;
  events: GameEvent[];
  /** Every event up to here is in this result or in an earlier one. */
  judgedUntilUs: number;
  /** The pack's detector is broken, or there is nothing to see: events may have been missed. */
  isBlind: boolean;
  usedDetector: boolean;
  scene: SceneState;
  places: PlacesState;
  /** `waited`: decoded until its turn came; `looked`: from there until the models had answered. */
  timesMs: Record<'motion' | 'track' | 'event' | 'waited' | 'looked', number> & {
    infer: number | null;
  };
};

export type SightOptions = {
  clock: MediaClock;
  timers: Timers;
  /** A result that is later than this is not waited for; the picture is judged without it. */
  modelWaitMs?: number | undefined;
  takeId: TakeId;
  pack: Pack;
  detector: Detector | null;
  /** Looks at people when it is free; nothing waits for it. */
  poser?: Poser | null;
  /** Looks for balls that move, where the pack asks for it. */
  ballSeer?: BallSeer | null;
  /** What is usual in this show; it outlives one sight. */
  highlights?: Highlights;
  /** Where decoded pictures lie; what lies there is not copied again. */
  pictures?: PictureMemory | null;
};

/** What the models saw, and how the camera's picture moved, pixels. */
type Looked = {
  seen: Seen | null;
  found: readonly FoundBall[] | null;
  shift: { x: number; y: number } | null;
  /** The part that the detector looked at, pixels; null: the whole. */
  region: Box | null;
};

export class Sight {
  readonly #options: SightOptions;
  readonly #vibrio: Vibrio;
  readonly #blobs: BlobTracker;
  readonly #boxes: BoxTracker;
  readonly #ball: BallWatch;
  readonly #actions: ActionWatch;
  readonly #game: Game;
  readonly #planner: LookPlanner;
  #sequence = 0;

  constructor(options: SightOptions) {
    this.#options = options;
    const { takeId, pack } = options;
    const sureConfidence = pack.detector?.minimumConfidence ?? BOX_TRACKER_DEFAULTS.sureConfidence;
    this.#vibrio = new Vibrio(options.highlights ?? new Highlights(), options.pictures ?? null);
    this.#blobs = new BlobTracker(takeId, JOINED_BLOBS);
    this.#boxes = new BoxTracker(takeId, { ...BOX_TRACKER_DEFAULTS, sureConfidence });
    this.#ball = new BallWatch(takeId, pack, options.ballSeer ?? null);
    this.#actions = new ActionWatch(options.poser ?? null);
    this.#game = new Game(pack);
    this.#planner = new LookPlanner(PICTURE, options.detector?.model.input ?? null);
  }

  /** What follows shows something else. */
  reset(): void {
    this.#vibrio.reset();
    this.#forget();
    this.#game.reset();
  }

  #pictureOf({ yuv }: SightFrame): Picture {
    const address = this.#options.pictures?.addressOf(yuv) ?? null;
    return {
      ...{ ...PICTURE, bytes: yuv, range: 'video', matrix: 'bt709' },
      ...(address === null ? {} : { address }),
    };
  }

  /** Nothing that is followed is in the next picture. */
  #forget(): void {
    this.#blobs.reset();
    this.#boxes.reset();
    this.#ball.reset();
    this.#planner.reset();
    this.#actions.reset();
    this.#options.poser?.reset();
  }

  /** Judges the next picture; `mayDetect` is false while the detector is to be spared. */
  async judge(frame: SightFrame, mayDetect: boolean): Promise<SightResult> {
    const { detector } = this.#options;
    const startedMs = performance.now();
    const general = this.#vibrio.judge(frame.yuv, frame.captureUs);
    if (general.scene.isCut) this.#forget();
    const motionMs = performance.now() - startedMs;
    const plan = mayDetect ? this.#plan(general, frame.captureUs) : null;
    const region = plan?.region ?? null;
    const looking =
      detector && plan && detector.isIdle()
        ? detector.detect(this.#pictureOf(frame), region)
        : null;
    if (looking && plan) this.#planner.note(plan, frame.captureUs);
    const { cameraShift, ...camera } = cameraOf(general);
    const shift = cameraShift && general.shift;
    const seeking = this.#ball.offer(this.#pictureOf(frame), shift, plan !== null);
    // Both at once, each in its own thread.
    const [seen, found] = await Promise.all([this.#answer(looking), this.#answer(seeking)]);
    const seenMs = performance.now();
    const { tracks, ball } = this.#track(frame, general.components, { seen, found, shift, region });
    this.#options.poser?.offer(this.#pictureOf(frame), frame, tracks);
    const trackedMs = performance.now();
    const { captureUs, rtpTimestamp } = frame;
    const begun = this.#actions.follow(captureUs, shift);
    const seenByGame = { captureUs, rtpTimestamp, tracks, ball, begun, yuv: frame.yuv };
    const drafts = this.#game.judge({ ...seenByGame, ...camera, cameraShift });
    const detectedUs = this.#options.clock.nowUs();
    const events = drafts.map((draft): GameEvent => ({ ...draft, detectedUs }));
    if (general.highlight) events.push(highlightEvent(general.highlight, frame, detectedUs));
    const judgedMs = performance.now();
    const times = {
      waited: startedMs - frame.decodedMs,
      looked: seenMs - startedMs,
      motion: motionMs,
      infer: seen ? seen.inferMs + seen.glueMs : null,
      track: trackedMs - seenMs,
      event: judgedMs - trackedMs,
    };
    return {
      facts: this.#facts(frame, tracks, seen !== null, times, general),
      events,
      judgedUntilUs: this.#game.judgedUntilUs(captureUs),
      isBlind: this.#isBlind() || general.scene.isBlack,
      scene: sceneOf(general),
      places: this.#game.places(),
      usedDetector: seen !== null || found !== null,
      timesMs: times,
    };
  }

  /** A stirring picture is looked at, what is small in it in parts; a still one now and then. */
  #plan({ state, components }: General, captureUs: number): LookPlan {
    const stir = stirring(this.#boxes.places(), components.map(normalised));
    if (state !== 'steady' && stir.length === 0) return { region: null };
    return this.#planner.next(stir, captureUs);
  }

  /** The pack's events need a detector, and there is none that works. */
  #isBlind(): boolean {
    const { pack, detector } = this.#options;
    return pack.detector !== null && (detector === null || detector.state().state === 'failed');
  }

  #answer<Answer>(asked: Promise<Answer | null> | null): Promise<Answer | null> | null {
    const { timers, modelWaitMs = MODEL_WAIT_MS } = this.#options;
    return asked && within(timers, modelWaitMs, asked);
  }

  #track(
    frame: SightFrame,
    components: readonly Component[],
    { seen, found, shift, region }: Looked,
  ) {
    const { detector } = this.#options;
    const detections = seen?.detections ?? null;
    const people = detections?.filter((one) => !this.#ball.isBall(one)) ?? null;
    const blobs = components.map(normalised);
    const large = components.filter((component) => component.area >= BLOB_AREA_MIN);
    const motion = this.#blobs.update(large.map(normalised), frame.captureUs);
    const wasSeen = (place: Box) => region === null || sees(shareOf(region), place);
    const boxes = detector ? this.#boxes.update(people, frame.captureUs, wasSeen) : [];
    const { captureUs, rtpTimestamp } = frame;
    const at = { captureUs, rtpTimestamp };
    // A part without a ball says nothing about the ball.
    const isMute = region !== null && !detections?.some((one) => this.#ball.isBall(one));
    const words = isMute ? null : detections;
    const told = this.#ball.update({ detections: words, found }, blobs, at, shift);
    // Motion that a detected thing explains is not said twice.
    const unexplained = motion.filter((blob) => !boxes.some((box) => holdsCentre(box, blob)));
    const tracks = [...(told.view ? [told.view] : []), ...boxes, ...unexplained];
    return { tracks: tracks.slice(0, TRACKS_MAX), ball: told.ball };
  }

  #keypoints(track: TrackView, captureUs: number) {
    const pose = this.#options.poser?.poseOf(track, captureUs);
    if (!pose) return {};
    return { keypoints: pose.keypoints, keypointsAgeUs: Math.max(0, captureUs - pose.captureUs) };
  }

  #facts(
    frame: SightFrame,
    tracks: readonly TrackView[],
    usedDetector: boolean,
    times: SightResult['timesMs'],
    { scene, shift, state, differingShare }: General,
  ): Uint8Array {
    const toUs = (valueMs: number | null) => Math.max(0, Math.round((valueMs ?? 0) * 1000));
    // Read together: the difference is when this frame was received, on the media clock.
    const knownUs = BigInt(this.#options.clock.nowUs());
    const totalUs = toUs(performance.now() - frame.receivedMs);
    return toBinary(
      FrameFactsSchema,
      create(FrameFactsSchema, {
        captureUs: BigInt(frame.captureUs),
        rtpTimestamp: frame.rtpTimestamp,
        frameSequence: BigInt(++this.#sequence),
        knownUs,
        model: usedDetector ? (this.#options.detector?.model.id ?? '') : '',
        tracks: tracks.map((track) => ({
          id: track.id,
          label: track.label,
          box: {
            ...{ x: rounded(track.x), y: rounded(track.y) },
            ...{ width: rounded(track.width), height: rounded(track.height) },
          },
          velocityX: rounded(track.velocityX),
          velocityY: rounded(track.velocityY),
          confidence: rounded(track.confidence),
          ageFrames: track.ageFrames,
          predicted: track.predicted,
          action: this.#actions.doing(track.id, frame.captureUs),
          ...this.#keypoints(track, frame.captureUs),
        })),
        scene: {
          cut: scene.isCut,
          black: scene.isBlack,
          frozen: scene.isFrozen,
          cameraMoving: state === 'moving',
          wipe: scene.isWipe,
          replay: scene.isReplay,
          shiftX: rounded(shift.x / PICTURE.width),
          shiftY: rounded(shift.y / PICTURE.height),
          motion: rounded(differingShare),
          background: state,
        },
        stages: {
          decodeUs: toUs(frame.decodedMs - frame.receivedMs),
          motionUs: toUs(times.motion),
          inferUs: toUs(times.infer),
          trackUs: toUs(times.track),
          eventUs: toUs(times.event),
          totalUs,
          waitedUs: toUs(times.waited),
          lookedUs: toUs(times.looked),
        },
      }),
    );
  }
}

/** It is told on the picture on which it was known; the range says where it lies. */
function highlightEvent(found: Highlight, frame: SightFrame, detectedUs: number): GameEvent {
  const { captureUs, rtpTimestamp } = frame;
  return {
    id: `highlight-${captureUs}`,
    type: 'highlight',
    ...{ captureUs, rtpTimestamp, detectedUs, subject: '', trackIds: [] },
    confidence: Math.min(1, found.score / (found.score + 2)),
    why: sentenceOf(found),
    score: found.score,
    reasons: found.reasons.map(({ channel }) => channel),
    replay: { fromUs: found.replayFromUs, toUs: found.replayToUs },
  };
}

function sceneOf({ scene: { isBlack, isFrozen, isReplay }, state }: General): SceneState {
  return { isBlack, isFrozen, isReplay, isCameraMoving: state === 'moving' };
}

function shareOf({ x, y, width, height }: Box): Box {
  return {
    ...{ x: x / PICTURE.width, y: y / PICTURE.height },
    ...{ width: width / PICTURE.width, height: height / PICTURE.height },
  };
}

/** How the camera moved, for the game: in pictures; null when it moved by an unknown way. */
function cameraOf({ shift, state, scene }: General) {
  const isKnown = state !== 'moving' || shift.rest <= CAMERA_REST_MAX;
  const cameraShift = isKnown ? { x: shift.x / PICTURE.width, y: shift.y / PICTURE.height } : null;
  return { cameraShift, isCut: scene.isCut };
}

/** A sixteenth of a pixel of 640: more digits would only be noise in text and on the wire. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function holdsCentre(box: Box, other: Box): boolean {
  const x = other.x + other.width / 2;
  const y = other.y + other.height / 2;
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}
