// Figures `overlay` and `exact`: where the boxes are on the screen. In the live mode every box that
// the page paints is compared with where the demo's match says that its player or ball is on the
// very frame it is painted over (intersection over union). In the exact mode the page's own share of
// frames with the boxes of that frame. What runs inside the page only watches the canvas.

import { fromBinary } from '@bufbuild/protobuf';
import type { Page } from 'playwright-core';
import { captureUsOf, RTP_CLOCK_RATE } from '../core/media/feed.ts';
import { FrameFactsSchema } from '../core/wire/gen/facts_pb.js';
import {
  createMatch,
  FRAMES_PER_SECOND,
  type Match,
  PICTURE_WIDTH,
} from '../native/capture/demo/match.ts';
import { DESKTOP } from '../tests/harness/browser.ts';
import type { ReadyFacts } from '../tests/harness/studio.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { hearInPage, takeHeard } from './vision.ts';

const WARM_UP_MS = 4_000;
const ROUND_MS = { short: 4_000, full: 30_000 };
const HEARD_MAX = 4_500;
const PAINTED_MAX = 100_000;
const BALL_COLOUR = '#f5b642';
const PERSON_COLOUR = '#8fb4ff';
const FRAME_US = 1_000_000 / FRAMES_PER_SECOND;

/** A box as painted, in pixels of the picture. Its colour says of what: small ones have no words. */
type Painted = { rtpTimestamp: number; colour: string } & Rectangle;
type Rectangle = { x: number; y: number; width: number; height: number };
type PageWindow = Window & { benchPainted?: Painted[] };

export async function measureOverlay(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return ['overlay', 'exact'].map((name) => notMeasured(name, 'no browser'));
  const { studio, owner } = await context.studio('demo:');
  const demo = studio.facts().demo;
  if (!demo) return ['overlay', 'exact'].map((name) => notMeasured(name, 'no demo in the facts'));
  await owner.until('vision to run', (state) => state.vision.state === 'running');
  const page = await browser.newPage({ viewport: DESKTOP });
  await page.addInitScript(hearInPage, HEARD_MAX);
  await page.addInitScript(watchBoxes, { width: PICTURE_WIDTH, kept: PAINTED_MAX });
  await page.goto(studio.facts().viewer ?? '');
  await page.locator('#root[data-state="live"]').waitFor({ state: 'attached' });
  await pause(WARM_UP_MS);
  const match = createMatch(demo.seed);
  const wanted = context.isFull ? ROUND_MS.full : ROUND_MS.short;
  const rounds: number[][] = [];
  const parts = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    await takePainted(page);
    await pause(wanted);
    const shares = sharesOf(await takePainted(page), await newestFacts(page), match, demo);
    rounds.push([...shares.values()].flat());
    for (const [label, own] of shares) parts.set(label, [...(parts.get(label) ?? []), ...own]);
  }
  const exact = await exactShares(page, wanted);
  await page.close();
  return [
    {
      figure: 'overlay',
      rounds,
      parts: [...parts].map(([name, samples]) => ({ name, samples })),
      remarks: ['every painted box of a player or ball against the match’s own truth, percent'],
    },
    { figure: 'exact', rounds: exact, remarks: ['the page’s own share since the mode was chosen'] },
  ];
}

/** Percent of shown frames with their own boxes, one reading a round. */
async function exactShares(page: Page, roundMs: number): Promise<number[][]> {
  await page.getByTestId('boxes-exact').click();
  await pause(WARM_UP_MS);
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await pause(roundMs);
    const share = await page.locator('#root').getAttribute('data-own-frame-share');
    rounds.push(share ? [Number(share) * 100] : []);
  }
  return rounds;
}

type ClockPair = { captureUs: number; rtpTimestamp: number };

/** A capture time and the RTP timestamp that stands for it. */
async function newestFacts(page: Page): Promise<ClockPair> {
  const last = (await takeHeard(page)).at(-1);
  if (!last) throw new Error('The page heard no facts');
  const bytes = Uint8Array.from(last.text, (character) => character.charCodeAt(0));
  const { captureUs, rtpTimestamp } = fromBinary(FrameFactsSchema, bytes);
  return { captureUs: Number(captureUs), rtpTimestamp };
}

/** By label: percent of intersection over union with the nearest true one of that kind. */
function sharesOf(
  painted: readonly Painted[],
  pair: ClockPair,
  match: Match,
  demo: NonNullable<ReadyFacts['demo']>,
): Map<string, number[]> {
  const shares = new Map<string, number[]>();
  const ticks = Math.round((pair.captureUs * RTP_CLOCK_RATE.video) / 1_000_000);
  const offset = (((pair.rtpTimestamp - ticks) % 2 ** 32) + 2 ** 32) % 2 ** 32;
  for (const box of painted) {
    if (box.colour !== BALL_COLOUR && box.colour !== PERSON_COLOUR) continue;
    const label = box.colour === BALL_COLOUR ? 'ball' : 'person';
    const capturedUs = captureUsOf(box.rtpTimestamp, RTP_CLOCK_RATE.video, offset, pair.captureUs);
    const frame = Math.round((capturedUs - demo.anchorUs) / FRAME_US);
    const { ball, players } = match.truth(frame);
    const { x, y, radius } = ball;
    const own = { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius };
    const best = Math.max(...(label === 'ball' ? [own] : players).map((one) => overlap(box, one)));
    shares.set(label, [...(shares.get(label) ?? []), best * 100]);
  }
  return shares;
}

function overlap(one: Rectangle, other: Rectangle): number {
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (one.width * one.height + other.width * other.height - shared);
}

function takePainted(page: Page): Promise<Painted[]> {
  return page.evaluate(() => (window as PageWindow).benchPainted?.splice(0) ?? []);
}

/** Runs in the page: keeps each box that is painted while a frame is presented. */
function watchBoxes({ width, kept }: { width: number; kept: number }): void {
  const painted: Painted[] = [];
  (window as PageWindow).benchPainted = painted;
  let rtpTimestamp = -1;
  const video = HTMLVideoElement.prototype;
  const ask = video.requestVideoFrameCallback;
  video.requestVideoFrameCallback = function (run) {
    return ask.call(this, (nowMs, frame) => {
      rtpTimestamp = frame.rtpTimestamp ?? -1;
      run(nowMs, frame);
      rtpTimestamp = -1;
    });
  };
  const canvas = CanvasRenderingContext2D.prototype;
  const { strokeRect } = canvas;
  canvas.strokeRect = function (x, y, boxWidth, boxHeight) {
    strokeRect.call(this, x, y, boxWidth, boxHeight);
    // A dark line lies under each box; the coloured one over it is the box.
    if (this.lineWidth >= 2 || rtpTimestamp < 0 || painted.length >= kept) return;
    const scale = Math.min(this.canvas.clientWidth / 16, this.canvas.clientHeight / 9) * 16;
    const left = (this.canvas.clientWidth - scale) / 2;
    const top = (this.canvas.clientHeight - (scale * 9) / 16) / 2;
    const unit = width / scale;
    painted.push({
      ...{ rtpTimestamp, colour: String(this.strokeStyle) },
      ...{ x: (x - left) * unit, y: (y - top) * unit },
      ...{ width: boxWidth * unit, height: boxHeight * unit },
    });
  };
}
