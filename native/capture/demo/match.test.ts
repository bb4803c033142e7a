// Proves that the demo's match is a pure function of (seed, frame): any order gives the same
// bytes, the truth agrees with the geometry of the ball, kick-offs rest, and the sound does not
// depend on how it is cut into blocks. Real pictures are drawn and hashed; nothing is replaced.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { behindGoalLine, goalLine, PICTURE_HEIGHT, PICTURE_WIDTH, type Side } from './camera.ts';
import { chance } from './chance.ts';
import { kickingTeam, writeChapter } from './chapter.ts';
import { createMatch, type Match, PICTURE_BYTES, SAMPLES_PER_FRAME, type Truth } from './match.ts';
import { moveChapter } from './motion.ts';

const SEEDS = [0, 1, 2, 3, 7, 11, 42, 1001, -5, 2147483647];

function hashOf(match: Match, frame: number, hideBall = false): string {
  const into = new Uint8Array(PICTURE_BYTES);
  match.drawFrame(frame, into, { hideBall });
  return createHash('sha256').update(into).digest('hex');
}

/** The goal whose line, between the posts, the ball's centre crossed inwards between two frames. */
function crossed(before: Truth, after: Truth): Side | null {
  for (const side of ['left', 'right'] as const) {
    const a = behindGoalLine(side, before.ball.x, before.ball.y);
    const b = behindGoalLine(side, after.ball.x, after.ball.y);
    if (!(a <= 0 && b > 0)) continue;
    const y = before.ball.y + ((after.ball.y - before.ball.y) * -a) / (b - a);
    const { far, near } = goalLine(side);
    if (y > far.y && y < near.y) return side;
  }
  return null;
}

test('frames drawn in any order, by any match of the seed, have the same bytes', () => {
  for (const seed of [1, 42]) {
    const match = createMatch(seed);
    const goal = match.nextGoalFrame(0);
    const frames = [0, 45, goal - 5, goal + 1, goal + 60, 4000, 12345];
    const forward = frames.map((frame) => hashOf(match, frame));
    const backward = [...frames].reverse().map((frame) => hashOf(createMatch(seed), frame));
    assert.deepEqual(backward.reverse(), forward);
    assert.deepEqual(
      frames.map((frame) => hashOf(match, frame)),
      forward,
    );
    assert.equal(new Set(forward).size, frames.length, 'every frame differs');
  }
  assert.notEqual(hashOf(createMatch(1), 500), hashOf(createMatch(2), 500));
});

test('a hidden ball changes pixels only where ball and shadow are', () => {
  const match = createMatch(3);
  const shown = new Uint8Array(PICTURE_BYTES);
  const hidden = new Uint8Array(PICTURE_BYTES);
  for (const frame of [10, 400, match.nextGoalFrame(0) + 20]) {
    match.drawFrame(frame, shown);
    match.drawFrame(frame, hidden, { hideBall: true });
    const { ball } = match.truth(frame);
    let changed = 0;
    for (let i = 0; i < PICTURE_WIDTH * PICTURE_HEIGHT; i += 1) {
      if (shown[i] === hidden[i]) continue;
      changed += 1;
      const dx = (i % PICTURE_WIDTH) - ball.x;
      const dy = Math.floor(i / PICTURE_WIDTH) - ball.y;
      assert.ok(Math.abs(dx) < 40 && dy > -20 && dy < 160, `${dx},${dy} at frame ${frame}`);
    }
    assert.ok(changed > 60, `only ${changed} pixels at frame ${frame}`);
  }
});

test('a goal is exactly a crossing of a goal line between the posts, for ten seeds', () => {
  for (const seed of SEEDS) {
    const match = createMatch(seed);
    let goals = 0;
    let before = match.truth(0);
    for (let frame = 1; frame < 2700; frame += 1) {
      const now = match.truth(frame);
      assert.equal(now.goal, crossed(before, now), `seed ${seed} frame ${frame}`);
      const [a, b] = [before.score, now.score];
      const fresh = now.clockSeconds < before.clockSeconds;
      if (now.goal !== null) {
        goals += 1;
        assert.equal(now.score[now.goal === 'right' ? 0 : 1], a[now.goal === 'right' ? 0 : 1] + 1);
        assert.equal(match.nextGoalFrame(frame), frame);
        assert.equal(match.nextGoalFrame(before.goal === null ? frame - 1 : frame), frame);
        for (let i = 8; i < 8 + 24; i += 1) {
          const { ball } = match.truth(frame + i);
          const depth = behindGoalLine(now.goal, ball.x, ball.y);
          assert.ok(depth > ball.radius * 1.2, `seed ${seed}: ${depth} px deep at +${i}`);
        }
      } else if (!fresh) assert.deepEqual(b, a);
      before = now;
    }
    assert.ok(goals >= 1 && goals <= 7, `seed ${seed}: ${goals} goals in 90 s`);
  }
});

test('kick-off is the ball at rest on the centre spot for at least 1.2 s, then moving', () => {
  for (const seed of SEEDS) {
    const match = createMatch(seed);
    for (let from = 0, i = 0; i < 5; i += 1) {
      const frame = match.nextKickOffFrame(from);
      for (let back = 1; back <= 36; back += 1) {
        const { ball, phase } = match.truth(frame - back);
        assert.ok(Math.abs(ball.x - 640) < 0.01, `seed ${seed} frame ${frame - back}: ${ball.x}`);
        assert.equal(phase, 'kickOff');
      }
      const moved = match.truth(frame);
      assert.equal(moved.ball.resting, false);
      assert.equal(moved.phase, 'play');
      from = frame + 1;
    }
  }
});

test('truth is finite and inside the picture, and goals come every 12 to 62 s', () => {
  for (const seed of SEEDS) {
    const match = createMatch(seed);
    for (let i = 0; i < 25; i += 1) {
      const frame = Math.floor(chance(seed, 1, i) * 200000);
      const { ball, players } = match.truth(frame);
      for (const value of [ball.x, ball.y, ball.radius]) assert.ok(Number.isFinite(value));
      assert.ok(ball.x > 20 && ball.x < PICTURE_WIDTH - 20, `seed ${seed}: ball x ${ball.x}`);
      assert.ok(ball.y > 150 && ball.y < PICTURE_HEIGHT - 10, `seed ${seed}: ball y ${ball.y}`);
      assert.equal(players.length, 10);
      for (const one of players) {
        assert.ok(one.width > 8 && one.width < 110, `width ${one.width}`);
        assert.ok(one.height > 25 && one.height < 90, `height ${one.height}`);
        assert.ok(one.x > -20 && one.x + one.width < PICTURE_WIDTH + 20);
      }
    }
    const goals: number[] = [];
    for (let at = 0; goals.length < 30; at = (goals.at(-1) ?? 0) + 1) {
      goals.push(match.nextGoalFrame(at));
    }
    const gaps = goals.slice(1).map((goal, i) => (goal - (goals[i] ?? 0)) / 30);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    assert.ok(Math.min(...gaps) > 12 && Math.max(...gaps) < 62, `seed ${seed}: ${gaps}`);
    assert.ok(mean > 20 && mean < 40, `seed ${seed}: a goal every ${mean} s`);
  }
});

test('nothing teleports: the ball stays under 26 px a frame, players under 14 m/s', () => {
  for (const seed of [1, 2, 3]) {
    const match = createMatch(seed);
    let before = match.truth(0);
    for (let frame = 1; frame < 1800; frame += 1) {
      const now = match.truth(frame);
      const step = Math.hypot(now.ball.x - before.ball.x, now.ball.y - before.ball.y);
      assert.ok(step < 26, `seed ${seed} frame ${frame}: the ball jumps ${step} px`);
      before = now;
    }
    for (let number = 0; number < 3; number += 1) {
      const chapter = writeChapter(seed, number, 16);
      const { players } = moveChapter(seed, chapter, kickingTeam(seed, number + 1, 16));
      for (let i = 20; i < players.length; i += 2) {
        const dx = (players[i] ?? 0) - (players[i - 20] ?? 0);
        const dy = (players[i + 1] ?? 0) - (players[i - 19] ?? 0);
        const speed = Math.hypot(dx, dy) * 30;
        assert.ok(speed < 14, `seed ${seed} chapter ${number}: ${speed} m/s at ${i / 20}`);
      }
    }
  }
});

test('sound does not depend on the size or start of blocks and is louder after a goal', () => {
  const match = createMatch(9);
  const goal = match.nextGoalFrame(0);
  const first = (goal - 2) * SAMPLES_PER_FRAME + 17;
  const whole = new Int16Array(2 * 9600);
  match.renderSound(first, whole);
  for (const size of [1, 7, 480, 960, 1600, 4000]) {
    for (let at = 0; at + size <= 9600 && at < size * 12; at += size) {
      const part = new Int16Array(2 * size);
      match.renderSound(first + at, part);
      assert.deepEqual(part, whole.subarray(at * 2, (at + size) * 2), `block of ${size} at ${at}`);
    }
  }
  const loudness = (frame: number): number => {
    const block = new Int16Array(2 * 4800);
    match.renderSound(frame * SAMPLES_PER_FRAME, block);
    return Math.sqrt(block.reduce((sum, value) => sum + value * value, 0) / block.length);
  };
  const [calm, roar] = [loudness(10), loudness(goal + 45)];
  assert.ok(calm > 200 && calm < 5000, `calm ${calm}`);
  assert.ok(roar > 2.5 * calm && roar < 14000, `calm ${calm}, roar ${roar}`);
  const other = new Int16Array(2 * 9600);
  createMatch(9).renderSound(first, other);
  assert.deepEqual(other, whole);
});
