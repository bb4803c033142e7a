// Poses of the people on a picture, kept by their track. The network is too slow for everybody on
// every picture, so a few are looked at, round-robin, whenever it is free; the detector and motion
// never wait for it. A pose moves along with its person's box until the next one comes.

import type { TrackView } from '../tracking/track.ts';
import type { Model } from './manifest.ts';
import { type ModelState, ModelWorker, type ModelWorkerOptions } from './modelWorker.ts';
import type { Picture } from './picture.ts';
import type { Keypoint } from './poseSession.ts';

/** A person's keypoints, moved to where the person is now. */
export type Pose = {
  keypoints: Keypoint[];
  /** The picture on which they were seen, capture time, microseconds. */
  captureUs: number;
};

/** A pose as it was seen: the keypoints where they were on that picture. */
export type SeenPose = { id: number; keypoints: readonly Keypoint[]; captureUs: number };

/** What the worker answers: keypoints of each box in the order of the boxes. */
export type SeenPoses = { poses: Keypoint[][]; inferMs: number; glueMs: number };

export type Poser = {
  model: Model;
  state(): ModelState;
  onChange(run: () => void): void;
  /** Offers a picture with who is on it; taken when the network is free and rested. */
  offer(picture: Picture, frame: { captureUs: number; receivedMs: number }, tracks: People): void;
  /** The newest pose of a track, or null when there is none that is young enough. */
  poseOf(track: TrackView, captureUs: number): Pose | null;
  /** Poses that have come since the last call, the oldest first. */
  takeNew(): SeenPose[];
  /** Runs with each answer. */
  onSeen(run: (look: PoseLook) => void): void;
  /** What follows shows something else: poses are forgotten. */
  reset(): void;
  close(): Promise<void>;
};
type People = readonly TrackView[];

/** One finished look: of how many people, and how long after the picture reached vision, ms. */
export type PoseLook = { people: number; inferMs: number; glueMs: number; totalMs: number };

export type PoserOptions = Omit<ModelWorkerOptions, 'consolation'> & {
  /** Which label is a person. */
  label: string;
};

/** People looked at on one picture; more take turns. */
const PEOPLE_MAX = 6;
/** Share of the time that the network may take: the rest is for the encoder and the detector. */
const SHARE_MAX = 0.6;
/** An older pose says nothing about now, microseconds. */
const AGE_US_MAX = 700_000;
/** Poses kept; tracks that are gone fall out. */
const KEPT_MAX = 64;

type Kept = { box: TrackView; keypoints: Keypoint[]; captureUs: number };

/** Starts a pose network whose file was checked. */
export function createPoser(options: PoserOptions): Poser {
  return new RoundRobinPoser(options);
}

class RoundRobinPoser implements Poser {
  readonly #worker: ModelWorker<SeenPoses>;
  readonly #label: string;
  readonly #kept = new Map<number, Kept>();
  #new: SeenPose[] = [];
  readonly #listeners: ((look: PoseLook) => void)[] = [];
  /** Who was looked at when: the longest ago comes first. */
  readonly #turns = new Map<number, number>();
  #looks = 0;
  #restUntilMs = 0;
  #generation = 0;

  constructor(options: PoserOptions) {
    this.#label = options.label;
    const consolation = 'Everything but poses goes on.';
    this.#worker = new ModelWorker<SeenPoses>({ ...options, consolation });
  }

  get model(): Model {
    return this.#worker.model;
  }

  state(): ModelState {
    return this.#worker.state();
  }

  onChange(run: () => void): void {
    this.#worker.onChange(run);
  }

  onSeen(run: (look: PoseLook) => void): void {
    this.#listeners.push(run);
  }

  offer(picture: Picture, frame: { captureUs: number; receivedMs: number }, tracks: People): void {
    const startedMs = performance.now();
    if (!this.#worker.isIdle() || startedMs < this.#restUntilMs) return;
    const people = this.#next(tracks);
    if (people.length === 0) return;
    const generation = this.#generation;
    this.#looks++;
    for (const { id } of people) this.#turns.set(id, this.#looks);
    void this.#worker.look({ picture, boxes: people }).then((seen) => {
      const nowMs = performance.now();
      this.#restUntilMs = nowMs + (nowMs - startedMs) * (1 / SHARE_MAX - 1);
      if (!seen || generation !== this.#generation) return;
      people.forEach((box, index) => {
        const keypoints = seen.poses[index];
        if (!keypoints) return;
        const { captureUs } = frame;
        this.#keep({ box, keypoints, captureUs });
        this.#new = [...this.#new.slice(1 - KEPT_MAX), { id: box.id, keypoints, captureUs }];
      });
      const { inferMs, glueMs } = seen;
      const totalMs = nowMs - frame.receivedMs;
      for (const run of this.#listeners) run({ people: people.length, inferMs, glueMs, totalMs });
    });
  }

  poseOf(track: TrackView, captureUs: number): Pose | null {
    const kept = this.#kept.get(track.id);
    if (!kept || captureUs - kept.captureUs > AGE_US_MAX) return null;
    const { box } = kept;
    const scaleX = track.width / box.width;
    const scaleY = track.height / box.height;
    const keypoints = kept.keypoints.map(({ x, y, confidence }) => ({
      x: track.x + (x - box.x) * scaleX,
      y: track.y + (y - box.y) * scaleY,
      confidence,
    }));
    return { keypoints, captureUs: kept.captureUs };
  }

  takeNew(): SeenPose[] {
    const taken = this.#new;
    this.#new = [];
    return taken;
  }

  reset(): void {
    this.#generation++;
    this.#new = [];
    this.#kept.clear();
    this.#turns.clear();
  }

  close(): Promise<void> {
    return this.#worker.close();
  }

  #next(tracks: People): TrackView[] {
    const people = tracks.filter(({ label, predicted }) => label === this.#label && !predicted);
    const turnOf = ({ id }: TrackView) => this.#turns.get(id) ?? 0;
    return people.sort((a, b) => turnOf(a) - turnOf(b)).slice(0, PEOPLE_MAX);
  }

  #keep(kept: Kept): void {
    const { id } = kept.box;
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    while (this.#kept.size > KEPT_MAX) {
      const oldest = this.#kept.keys().next().value;
      if (oldest === undefined) return;
      this.#kept.delete(oldest);
      this.#turns.delete(oldest);
    }
  }
}
