// One match of the demo through the whole way that pixels take: drawn, encoded, decoded, looked at
// by the model that is shipped, judged. It compares with what was drawn and prints one line of
// JSON. Vision itself never sees the truth. Every picture is looked at: nothing here waits for a
// clock, so the match runs as fast as the machine can.
// usage: demoMatch.ts SEED FRAMES [FIRST FRAME]

import { resolve } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { realTimers, type Timers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import type { Unit } from '../../core/media/feed.ts';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import { createMatch, type Match, PICTURE_BYTES } from '../../native/capture/demo/match.ts';
import { hasFfmpeg, resolveFfmpeg } from '../../native/ffmpeg/resolve.ts';
import {
  createDecodeTap,
  type DecodedFrame,
  type DecodeTap,
} from '../../native/vision/decodeTap.ts';
import { createDetector, type Detector } from '../../native/vision/models/detector.ts';
import { findModel } from '../../native/vision/models/manifest.ts';
import { findPack } from '../../native/vision/moriarty/pack.ts';
import { Sight } from '../../native/vision/sight.ts';
import { encodeClip } from '../../native/vision/testFeed.ts';
import { makeIds } from '../../native/vision/tracking/track.ts';
import type { MatchResult } from './goals.ts';

/** Pictures encoded at once: ten seconds. */
const PART_FRAMES = 300;
const START_US = 5_000_000;
const FRAME_US = 1_000_000 / 30;
/** A sighting this near to the true centre is right, pixels of 1280. */
const NEAR_PIXELS = 8;
/** Pictures between a goal and its event that still make a pair: half a second. */
const PAIR_FRAMES = 15;
/** Decoded pictures that wait for the judge. */
const PAUSE_AT = 8;
const RESUME_AT = 3;
/** Pictures that the decoder may hold back until more come. */
const DECODER_KEEPS = 60;
/** Nothing judged for this long is an error of the run, ms. */
const STUCK_MS = 120_000;

/** A busy machine is no hanging model: here everything may take its time. */
const patient: Timers = {
  after: (delayMs, run) => realTimers.after(delayMs * 50, run),
  every: (periodMs, run) => realTimers.every(periodMs, run),
};
const models = resolve(import.meta.dirname, '../../models');

async function parts(): Promise<{ sight: Sight; detector: Detector }> {
  const pack = await findPack('demo', resolve(models, 'packs'));
  if ('reason' in pack) throw new Error(pack.reason);
  const found = await findModel(pack.pack.detector?.model ?? '', [models]);
  if ('reason' in found) throw new Error(found.reason);
  const detector = createDetector({
    ...{ model: found.model, providers: [], timers: patient, logger: silentLogger },
    workerUrl: new URL('../../native/vision/models/worker.ts', import.meta.url),
  });
  await new Promise<void>((done) => {
    detector.onChange(() => {
      if (detector.state().state !== 'starting') done();
    });
  });
  const clock = { nowUs: () => Number(process.hrtime.bigint() / 1000n) };
  const own = { clock, timers: patient, takeId: makeIds() };
  return { sight: new Sight({ ...own, pack: pack.pack, detector }), detector };
}

function encode(match: Match, from: number, count: number): Promise<Unit[]> {
  function* pictures(): Generator<Uint8Array> {
    for (let frame = from; frame < from + count; frame++) {
      const picture = new Uint8Array(PICTURE_BYTES);
      match.drawFrame(frame, picture);
      yield picture;
    }
  }
  const input = '-f rawvideo -pix_fmt yuv420p -s 1280x720 -r 30 -i pipe:0'.split(' ');
  const startUs = START_US + Math.round(from * FRAME_US);
  return encodeClip({ input, pictures: pictures(), startUs });
}

const frameOf = (captureUs: number) => (captureUs - START_US) / FRAME_US;

class Judge {
  readonly #sight: Sight;
  readonly #match: Match;
  readonly events: GameEvent[] = [];
  readonly ball = { visible: 0, seen: 0, reported: 0, near: 0 };
  judged = 0;
  withoutDetector = 0;
  tap: DecodeTap | null = null;
  #waiting = 0;
  #work: Promise<void> = Promise.resolve();
  #onJudged = () => {};

  constructor(sight: Sight, match: Match) {
    this.#sight = sight;
    this.#match = match;
  }

  /** The decoder waits while pictures do: it uses their memory again. */
  take(frame: DecodedFrame): void {
    if (++this.#waiting >= PAUSE_AT) this.tap?.setPaused(true);
    this.#work = this.#work.then(() => this.#judge(frame));
  }

  async #judge(frame: DecodedFrame): Promise<void> {
    const result = await this.#sight.judge(frame, true);
    this.events.push(...result.events);
    if (!result.usedDetector) this.withoutDetector++;
    const { ball } = this.#match.truth(Math.round(frameOf(frame.captureUs)));
    const { tracks } = fromBinary(FrameFactsSchema, result.facts);
    const track = tracks.find(({ label, predicted }) => label === 'ball' && !predicted);
    const box = track?.box;
    const x = box ? (box.x + box.width / 2) * 1280 : Number.NaN;
    const y = box ? (box.y + box.height / 2) * 720 : Number.NaN;
    const isNear = Math.hypot(x - ball.x, y - ball.y) <= NEAR_PIXELS;
    if (track) this.ball.reported++;
    if (isNear) this.ball.near++;
    if (ball.visible) this.ball.visible++;
    if (ball.visible && isNear) this.ball.seen++;
    this.judged++;
    if (--this.#waiting <= RESUME_AT) this.tap?.setPaused(false);
    this.#onJudged();
  }

  /** Resolves when so many pictures were judged. */
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onJudged = () => {
        if (this.judged >= count) resolve();
      };
      this.#onJudged();
    });
  }
}

/** Ends the process when nothing is judged for a long time: an encoder or decoder was killed. */
function watch(judge: Judge): NodeJS.Timeout {
  let before = -1;
  return setInterval(() => {
    if (judge.judged !== before) {
      before = judge.judged;
      return;
    }
    process.stderr.write(`No picture was judged after ${judge.judged}.\n`);
    process.exit(3);
  }, STUCK_MS);
}

function compare(match: Match, frames: number, events: readonly GameEvent[]) {
  const truths = Array.from({ length: frames }, (_, frame) => ({
    frame,
    side: match.truth(frame).goal,
  })).filter(({ side }) => side !== null);
  const goals = events.filter(({ type }) => type === 'goal');
  const errors: number[] = [];
  const left = [...goals];
  const missed: number[] = [];
  for (const truth of truths) {
    const index = left.findIndex(
      (goal) =>
        goal.subject === truth.side &&
        Math.abs(frameOf(goal.captureUs) - truth.frame) <= PAIR_FRAMES,
    );
    const [goal] = index < 0 ? [] : left.splice(index, 1);
    if (goal) errors.push(Math.abs(Math.round(frameOf(goal.captureUs) - truth.frame)));
    // A goal on the last pictures cannot be confirmed any more.
    else if (truth.frame < frames - PAIR_FRAMES) missed.push(truth.frame);
  }
  const falseGoals = left.map((goal) => Math.round(frameOf(goal.captureUs)));
  return { goals: errors.length, missed, falseGoals, errorFrames: errors };
}

/** The match as if it began with this frame. */
function matchFrom(seed: number, first: number): Match {
  const match = createMatch(seed);
  return {
    ...match,
    drawFrame: (frame, into, options) => match.drawFrame(frame + first, into, options),
    truth: (frame) => match.truth(frame + first),
  };
}

async function run(seed: number, frames: number, first: number): Promise<MatchResult> {
  const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
  if (!hasFfmpeg(ffmpeg)) throw new Error(ffmpeg.reason);
  const match = matchFrom(seed, first);
  const { sight, detector } = await parts();
  const judge = new Judge(sight, match);
  const tap = createDecodeTap({
    ...{ ffmpeg, timers: realTimers, logger: silentLogger },
    onFrame: (frame) => judge.take(frame),
    onTrouble: (reason) => process.stderr.write(`${reason}\n`),
  });
  judge.tap = tap;
  const watching = watch(judge);
  const begun = performance.now();
  const partAt = (from: number) => encode(match, from, Math.min(PART_FRAMES, frames - from));
  let next = partAt(0);
  for (let from = 0; from < frames; from += PART_FRAMES) {
    const units = await next;
    for (const unit of units) tap.push(unit);
    if (from + PART_FRAMES < frames) next = partAt(from + PART_FRAMES);
    // The decoder keeps its last pictures until more come.
    await judge.until(Math.max(0, from + units.length - DECODER_KEEPS));
  }
  tap.reset();
  await judge.until(frames - tap.droppedCount());
  clearInterval(watching);
  await tap.close();
  await detector.close();
  const seconds = (performance.now() - begun) / 1000;
  const { judged, withoutDetector, ball } = judge;
  const found = compare(match, frames, judge.events);
  return { seed, frames, judged, withoutDetector, seconds, ball, ...found };
}

const [seed, frames, first] = process.argv.slice(2).map(Number);
const result = await run(seed ?? 1, frames ?? PART_FRAMES, first ?? 0);
process.stdout.write(`${JSON.stringify(result)}\n`);
