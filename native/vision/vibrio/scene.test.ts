// Proves on drawn pictures that cuts are known one picture late and only they are cuts (flashes,
// pans and busy motion are none), that black, frozen and wipes are told, and that a highlight names
// its reasons, is robust against an earlier one, and never comes of what is usual.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HIGHLIGHT_CHANNELS, type Highlight, Highlights, sentenceOf } from './highlights.ts';
import { PICTURE } from './motion.ts';
import { type SceneFacts, SceneWatch } from './scene.ts';

const { width, height } = PICTURE;
const AREA = width * height;
const atFrame = (frame: number) => 1_000_000 + Math.round((frame * 1_000_000) / 25);

/** A picture by a rule for luma, with one tint. */
function draw(luma: (x: number, y: number) => number, u = 128, v = 128): Uint8Array {
  const yuv = new Uint8Array((AREA * 3) / 2);
  for (let at = 0; at < AREA; at++) yuv[at] = luma(at % width, Math.floor(at / width));
  yuv.fill(u, AREA, AREA + AREA / 4);
  yuv.fill(v, AREA + AREA / 4);
  return yuv;
}

const hall = (frame: number) =>
  draw((x, y) => 90 + ((x + 3 * frame) % 160) / 4 + (y % 40), 100, 150);
const field = (frame: number) =>
  draw((x, y) => 140 + ((x + frame) % 80) / 2 - (y % 90) / 3, 90, 90);

function watch(pictures: Uint8Array[]): SceneFacts[] {
  const scene = new SceneWatch(PICTURE);
  return pictures.map((picture, frame) => scene.judge(picture, atFrame(frame), false));
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);
const cuts = (seen: SceneFacts[]) => seen.flatMap(({ isCut }, frame) => (isCut ? [frame] : []));

test('a cut is known one picture later; a flash, a pan and a busy picture are none', () => {
  assert.deepEqual(cuts(watch([...range(0, 20).map(hall), ...range(20, 40).map(field)])), [21]);
  const back = [...range(0, 20).map(hall), ...range(20, 45).map(field), ...range(45, 60).map(hall)];
  assert.deepEqual(cuts(watch(back)), [21, 46]);
  const flash = range(0, 30).map(hall);
  flash[15] = draw(() => 250);
  assert.deepEqual(cuts(watch(flash)), []);
  let state = 1;
  const noise = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state >>> 23;
  };
  assert.deepEqual(cuts(watch(range(0, 15).map(() => draw(noise)))), []);
});

test('black and frozen pictures are told after a while, and not before', () => {
  const black = watch([...range(0, 5).map(hall), ...range(5, 20).map(() => draw(() => 16))]);
  assert.deepEqual(
    black.map(({ isBlack }) => isBlack),
    range(0, 20).map((frame) => frame >= 10),
  );
  const still = watch([...range(0, 5).map(hall), ...range(5, 70).map(() => hall(5)), hall(9)]);
  assert.deepEqual(
    still.map(({ isFrozen }) => isFrozen),
    range(0, 71).map((frame) => frame >= 55 && frame < 70),
  );
  // A key frame each second draws the same picture a little anew; life does so more often.
  const base = hall(5);
  const drawn = (steps: number) => base.map((value, at) => value + (at < AREA / 4 ? steps : 0));
  const pulsed = watch(
    range(0, 100).map((frame) => drawn(Math.floor(frame / 25) % 2 === 0 ? 6 : 0)),
  );
  assert.ok(pulsed.at(-1)?.isFrozen);
  const alive = watch(range(0, 100).map((frame) => drawn(frame % 15 < 7 ? 6 : 0)));
  assert.ok(alive.every(({ isFrozen }) => !isFrozen));
});

test('a transition that sweeps over the picture is a wipe; between two lies a replay', () => {
  const wiped = (share: number, from: Uint8Array, to: Uint8Array) => {
    const out = new Uint8Array(from);
    for (let y = 0; y < height; y++) {
      const start = y * width;
      const end = start + Math.round(share * width);
      out.set(to.subarray(start, end), start);
    }
    return out;
  };
  const [one, two] = [draw((_, y) => 60 + (y % 50)), draw((x) => 170 + (x % 50))];
  const sweep = (from: Uint8Array, to: Uint8Array) =>
    range(1, 13).map((step) => wiped(step / 12, from, to));
  const pictures = [
    ...range(0, 10).map(() => one),
    ...sweep(one, two),
    ...range(0, 75).map(() => two),
    ...sweep(two, one),
    ...range(0, 10).map(() => one),
  ];
  const seen = watch(pictures);
  assert.equal(seen.filter(({ isWipe }) => isWipe).length, 2);
  const first = seen.findIndex(({ isWipe }) => isWipe);
  const last = seen.findLastIndex(({ isWipe }) => isWipe);
  assert.ok(first >= 21 && first <= 24, `first wipe at ${first}`);
  seen.forEach(({ isReplay }, frame) => {
    assert.equal(isReplay, frame >= first && frame < last, `frame ${frame}`);
  });
  assert.deepEqual(cuts(seen), []);
});

function listen(seconds: number, motionAt: (second: number) => number): Highlight[] {
  const highlights = new Highlights();
  const told: Highlight[] = [];
  for (let second = 0; second < seconds; second++) {
    highlights.add('motion', second * 1_000_000, motionAt(second));
    highlights.add('bets', second * 1_000_000, second % 5 === 0 ? 1 : 0);
    const found = highlights.judge(second * 1_000_000 + 999_999);
    if (found) told.push(found);
  }
  return told;
}

test('a burst is told once, with reasons, a score and a range around it, also after another', () => {
  const usual = (second: number) => 0.05 + 0.005 * (second % 3);
  const burst = (at: number) => (second: number) =>
    second >= at && second < at + 4 ? 0.1 + 0.05 * (second - at) : usual(second);
  const [first, ...rest] = listen(180, burst(100));
  assert.deepEqual(rest, []);
  assert.ok(Math.abs((first?.captureUs ?? 0) - 102_500_000) <= 500_000);
  assert.deepEqual(
    first?.reasons.map(({ channel }) => channel),
    ['motion'],
  );
  assert.ok((first?.score ?? 0) >= 5);
  assert.ok((first?.replayFromUs ?? 0) <= 98_000_000 && (first?.replayFromUs ?? 0) >= 90_000_000);
  assert.equal(first?.replayToUs, (first?.captureUs ?? 0) + 3_000_000);
  assert.match(
    sentenceOf(first as Highlight),
    /^Motion \d+\.\d deviations .*score .* to replay\.$/,
  );
  const both = listen(240, (second) => (second < 150 ? burst(100) : burst(180))(second));
  assert.deepEqual(
    both.map(({ captureUs }) => Math.floor(captureUs / 5_000_000)),
    [20, 36],
  );
});

test('what is usual is never a highlight, however much of it there is; a bad value is refused', () => {
  const level = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(level, fc.double({ min: 0, max: 0.02, noNaN: true }), (base, ripple) => {
      const told = listen(120, (second) => base + ripple * Math.sin(second));
      assert.deepEqual(told, []);
    }),
    { numRuns: 60 },
  );
  assert.throws(() => new Highlights().add('crowd', 0, Number.NaN), /channel crowd: NaN/);
  assert.deepEqual([...HIGHLIGHT_CHANNELS], ['motion', 'loudness', 'crowd', 'bets']);
});
