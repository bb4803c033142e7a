// Proves the judges on the demo's match without pictures: what a detector of the stated quality
// would see (truth plus seeded error, gaps where a player hides the ball) goes through ball track
// and game; goals and kick-offs must be the true ones, on their frame. Nothing in vision knows the
// demo; only this test does.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { createMatch } from '../../capture/demo/match.ts';
import { BallTrack } from '../tracking/ballTrack.ts';
import { type Detection, makeIds } from '../tracking/track.ts';
import { type EventDraft, Game } from './events.ts';
import { type Pack, parsePack } from './pack.ts';

const FRAMES = 3 * 60 * 30;

function demoPack(): Pack {
  const path = resolve(import.meta.dirname, '../../../models/packs/demo.json');
  const found = parsePack(readFileSync(path, 'utf8'), 'demo');
  assert.ok('pack' in found, 'reason' in found ? found.reason : '');
  return found.pack;
}

/** Park and Miller's generator: small, seeded, enough for noise. */
function noise(seed: number): () => number {
  let state = (seed * 7919 + 12_345) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const captureUsOf = (frame: number) => 1_000_000 + Math.round((frame * 1_000_000) / 30);

type Truths = { goals: { frame: number; side: string }[]; kickOffs: number[] };

function run(seed: number, detectorSees: (random: () => number) => boolean) {
  const match = createMatch(seed);
  const random = noise(seed);
  const game = new Game(demoPack());
  const ball = new BallTrack(makeIds());
  const events: EventDraft[] = [];
  const truths: Truths = { goals: [], kickOffs: [] };
  for (let frame = 0; frame < FRAMES; frame++) {
    const truth = match.truth(frame);
    if (truth.goal) truths.goals.push({ frame, side: truth.goal });
    if (frame > 0 && match.nextKickOffFrame(frame) === frame) truths.kickOffs.push(frame);
    const balls: Detection[] = [];
    if (truth.ball.visible && detectorSees(random)) {
      const size = truth.ball.radius * 2;
      const x = truth.ball.x + (random() - 0.5) * 4;
      const y = truth.ball.y + (random() - 0.5) * 4;
      balls.push({
        ...{ label: 'ball', confidence: 0.6 + random() * 0.35 },
        ...{ x: (x - size / 2) / 1280, y: (y - size / 2) / 720 },
        ...{ width: size / 1280, height: size / 720 },
      });
    }
    if (random() < 0.02) {
      // A false ball somewhere: a white shoe, a spectator.
      const place = { x: random(), y: 0.3 + random() * 0.6, width: 0.012, height: 0.022 };
      balls.push({ label: 'ball', confidence: 0.3 + random() * 0.3, ...place });
    }
    const at = { captureUs: captureUsOf(frame), rtpTimestamp: frame };
    events.push(...game.judge({ ...at, tracks: [], ball: ball.update(balls, [], at) }));
  }
  return { events, truths };
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`seed ${seed}: every goal and kick-off of three minutes, none else`, () => {
    const { events, truths } = run(seed, (random) => random() < 0.93);
    const goals = events.filter((event) => event.type === 'goal');
    assert.deepEqual(
      goals.map((goal) => goal.subject),
      truths.goals.map((goal) => goal.side),
    );
    goals.forEach((goal, index) => {
      const trueUs = captureUsOf(truths.goals[index]?.frame ?? 0);
      // A missed sighting at the line costs at most one picture.
      assert.ok(Math.abs(goal.captureUs - trueUs) <= 34_000, `goal ${index} of seed ${seed}`);
    });
    const kickOffs = events.filter((event) => event.type === 'kickOff');
    assert.equal(kickOffs.length, truths.kickOffs.length);
    kickOffs.forEach((kickOff, index) => {
      const trueUs = captureUsOf(truths.kickOffs[index] ?? 0);
      assert.ok(Math.abs(kickOff.captureUs - trueUs) <= 101_000, `kick-off ${index}`);
    });
    const ids = new Set(events.map((event) => event.id));
    assert.equal(ids.size, events.length);
  });
}

test('a detector that never sees the ball scores no goal, whatever else it reports', () => {
  const { events, truths } = run(1, () => false);
  assert.ok(truths.goals.length > 0);
  assert.deepEqual(events, []);
});
