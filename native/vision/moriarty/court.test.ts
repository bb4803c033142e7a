// Proves that the corners of drawn courts are proposed under random cameras, grounds, line widths,
// noise and people in the way, and how often (seed printed), that the corners come in the order of
// the clicks, and that pictures without a court give a sentence and no corners.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TEST_FFMPEG_PATH } from '../../ffmpeg/testFfmpeg.ts';
import { SHARED, SHARED_SKIP } from '../models/testing/photo.ts';
import { PICTURE } from '../vibrio/motion.ts';
import { proposeCourt } from './court.ts';
import type { Point } from './geometry.ts';
import { fitHomography, type Homography, mapped } from './homography.ts';

const { width, height } = PICTURE;
const seed = Number(process.env.SEED ?? 20_261_121);

/** Numbers in 0..1 by a linear congruence (Numerical Recipes). */
function randomOf(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Metres of lines: outer ones and those inside. */
const COURTS = {
  tennis: {
    size: [23.77, 10.97],
    lines: [
      [0, 1.37, 23.77, 1.37],
      [0, 9.6, 23.77, 9.6],
      [5.49, 1.37, 5.49, 9.6],
      [18.28, 1.37, 18.28, 9.6],
      [5.49, 5.485, 18.28, 5.485],
    ],
  },
  basketball: {
    size: [28, 15],
    lines: [
      [14, 0, 14, 15],
      [0, 5.05, 5.8, 5.05],
      [0, 9.95, 5.8, 9.95],
    ],
  },
  football: {
    size: [105, 68],
    lines: [
      [52.5, 0, 52.5, 68],
      [16.5, 13.84, 16.5, 54.16],
    ],
  },
} as const;
type CourtName = keyof typeof COURTS;

type Drawn = { luma: Uint8Array; corners: Point[] };

/** A court under a random camera; its corners are in the picture and it fills a tenth of it. */
function drawCourt(name: CourtName, random: () => number): Drawn {
  const { size, lines } = COURTS[name];
  const between = (from: number, to: number) => from + (to - from) * random();
  const [length, across] = size;
  const farY = between(0.12, 0.4);
  const nearY = between(0.7, 0.95);
  const farHalf = between(0.15, 0.3);
  const nearHalf = between(0.32, 0.47);
  const middle = between(0.47, 0.53);
  const tilt = between(-0.04, 0.04);
  const corners = [
    { x: middle - farHalf, y: farY - tilt },
    { x: middle + farHalf, y: farY + tilt },
    { x: middle + nearHalf, y: nearY + tilt },
    { x: middle - nearHalf, y: nearY - tilt },
  ].map(({ x, y }) => ({ x: x * width, y: y * height }));
  const ground = [
    { x: 0, y: 0 },
    { x: length, y: 0 },
    { x: length, y: across },
    { x: 0, y: across },
  ];
  const toField = fitHomography(
    corners.map((picture, at) => ({ picture, field: ground[at] as Point })),
  ) as Homography;
  const all = [
    ...[
      [0, 0, length, 0],
      [length, 0, length, across],
      [length, across, 0, across],
    ],
    ...[[0, across, 0, 0], ...lines],
  ] as number[][];
  const toPicture = fitHomography(
    corners.map((field, at) => ({ picture: ground[at] as Point, field })),
  ) as Homography;
  const luma = new Uint8Array(width * height);
  const [outer, inner] = [between(60, 110), between(60, 110)];
  const contrast = between(45, 120);
  const noise = between(0, 6);
  for (let at = 0; at < luma.length; at++) {
    const place = mapped(toField, { x: at % width, y: Math.floor(at / width) });
    const isIn = place && place.x >= 0 && place.x <= length && place.y >= 0 && place.y <= across;
    const wave = 8 * Math.sin(at / 37) * Math.cos(at / (width * 11));
    luma[at] = (isIn ? inner : outer) + wave + noise * (random() - 0.5) * 2;
  }
  const half = between(1, 2);
  for (const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] of all) {
    const from = mapped(toPicture, { x: x1, y: y1 }) as Point;
    const to = mapped(toPicture, { x: x2, y: y2 }) as Point;
    stroke(luma, from, to, half, Math.max(outer, inner) + contrast);
  }
  const people = Math.floor(between(0, 9));
  for (let person = 0; person < people; person++) {
    const [x, y] = [Math.floor(between(0, width - 24)), Math.floor(between(60, height - 70))];
    const shade = between(20, 220);
    for (let row = y; row < y + 60; row++) luma.fill(shade, row * width + x, row * width + x + 20);
  }
  return { luma, corners };
}

function stroke(luma: Uint8Array, from: Point, to: Point, half: number, value: number): void {
  const steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y));
  for (let step = 0; step <= steps; step++) {
    const x = from.x + ((to.x - from.x) * step) / steps;
    const y = from.y + ((to.y - from.y) * step) / steps;
    for (let row = Math.round(y - half); row < Math.round(y + half); row++) {
      for (let column = Math.round(x - half); column < Math.round(x + half); column++) {
        if (row >= 0 && row < height && column >= 0 && column < width)
          luma[row * width + column] = value;
      }
    }
  }
}

const NAMES: CourtName[] = ['tennis', 'basketball', 'football'];
const ROUNDS = 60;
/** A hundredth of the picture's width: what a person's click is good for. */
const CLOSE = 0.01 * width;

test(`corners of drawn courts are found (seed ${seed})`, (t) => {
  const random = randomOf(seed);
  let found = 0;
  let wrong = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { luma, corners } = drawCourt(NAMES[round % NAMES.length] as CourtName, random);
    const proposal = proposeCourt({ luma, width, height });
    if (!proposal.corners) {
      assert.ok(proposal.reason.length > 20);
      continue;
    }
    const worst = Math.max(
      ...proposal.corners.map(([x, y], at) => {
        const corner = corners[at] as Point;
        return Math.hypot(x * width - corner.x, y * height - corner.y);
      }),
    );
    if (worst <= CLOSE) found++;
    else wrong++;
  }
  t.diagnostic(`${found} of ${ROUNDS} within 1 % of the width, ${wrong} others, rest none`);
  assert.ok(found >= 0.85 * ROUNDS, `${found} found of ${ROUNDS}, ${wrong} wrong`);
});

test('grey, noise, stripes and a lone line are no court, and the sentence says why', () => {
  const random = randomOf(seed);
  const picture = (draw: (x: number, y: number) => number) => ({
    ...{ width, height },
    luma: Uint8Array.from({ length: width * height }, (_, at) =>
      draw(at % width, Math.floor(at / width)),
    ),
  });
  for (const [name, one] of Object.entries({
    grey: picture(() => 90),
    noise: picture(() => 255 * random()),
    stripes: picture((x) => (x % 40 < 4 ? 220 : 80)),
    'a line': picture((_, y) => (y > 200 && y < 204 ? 220 : 80)),
  })) {
    const { corners, reason } = proposeCourt(one);
    assert.equal(corners, null, name);
    assert.match(reason, /lines/, name);
  }
});

function lumaOf(input: readonly string[]): Uint8Array {
  const filter = `scale=${width}:${height},format=gray`;
  const output = ['-frames:v', '1', '-vf', filter, '-f', 'rawvideo', 'pipe:1'];
  return execFileSync(TEST_FFMPEG_PATH, ['-v', 'error', ...input, ...output]);
}

test('real pictures without a court get none', { skip: SHARED_SKIP }, (t) => {
  const folder = join(SHARED, 'media');
  const photos = readdirSync(folder).filter((name) => name.endsWith('.jpg'));
  assert.ok(photos.length > 0);
  const clip = ['-ss', '30', '-i', join(folder, 'intel_one_by_one_person.mp4')];
  const inputs = [...photos.map((name) => ['-i', join(folder, name)]), clip];
  for (const input of inputs) {
    const luma = lumaOf(input);
    const startMs = performance.now();
    const { corners, painted, reason } = proposeCourt({ luma, width, height });
    const tookMs = (performance.now() - startMs).toFixed(0);
    t.diagnostic(`${input.at(-1)}: ${corners ? `a court, ${painted}` : reason} (${tookMs} ms)`);
    assert.equal(corners, null, input.at(-1));
  }
});
