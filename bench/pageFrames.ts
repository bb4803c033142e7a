// Watches the frames that a page really presents: requestVideoFrameCallback and a small copy of the
// picture's corner, where the capture time stands as a barcode. What runs inside the page only
// copies pixels; reading is done out here by the product's own reader. It changes nothing in the
// page and works on any page with one video, ours or the peer's.

import type { Page } from 'playwright-core';
import { percentileOf } from '../core/base/recentFigures.ts';
import { BARCODE_BITS, BARCODE_BLOCK, barcodeTimeMs, readBarcode } from '../core/media/barcode.ts';
import type { PageClockMap } from './pageClock.ts';
import { monotonicMs } from './pageClock.ts';

/** One presented frame as the page saw it, times in page milliseconds. */
export type PageFrame = {
  presentedMs: number;
  calledMs: number;
  rtpTimestamp: number;
  /** Brightness of the corner, 160x8, one character a pixel. */
  corner: string;
};
type PageWindow = Window & { benchFrames?: PageFrame[]; benchFirstMs?: number };

/** Barcode block in the copied corner, pixels. */
const BLOCK = 4;
const CORNER = {
  width: BARCODE_BITS * BLOCK,
  height: 2 * BLOCK,
  fromWidth: BARCODE_BITS * BARCODE_BLOCK,
  fromHeight: 2 * BARCODE_BLOCK,
};

/** Frames kept in the page: about two and a half minutes. */
const FRAMES_MAX = 4500;

/** Makes every document of the page watch its video; call before the page is opened. */
export async function watchFrames(page: Page, readsPicture: boolean): Promise<void> {
  await page.addInitScript(watchInPage, { ...CORNER, readsPicture, framesMax: FRAMES_MAX });
}

/** Runs in the page. */
function watchInPage(corner: typeof CORNER & { readsPicture: boolean; framesMax: number }): void {
  const page = window as PageWindow;
  const frames: PageFrame[] = [];
  page.benchFrames = frames;
  const canvas = new OffscreenCanvas(corner.width, corner.height);
  const context = canvas.getContext('2d', { willReadFrequently: true, alpha: false });
  const read = (video: HTMLVideoElement) => {
    const { width, height, fromWidth, fromHeight } = corner;
    context?.drawImage(video, 0, 0, fromWidth, fromHeight, 0, 0, width, height);
    const pixels = context?.getImageData(0, 0, width, height).data ?? [];
    let text = '';
    for (let at = 1; at < pixels.length; at += 4) text += String.fromCharCode(pixels[at] ?? 0);
    return text;
  };
  const follow = (video: HTMLVideoElement) => {
    const presented = (calledMs: number, frame: VideoFrameCallbackMetadata) => {
      video.requestVideoFrameCallback(presented);
      page.benchFirstMs ??= Math.max(calledMs, frame.presentationTime);
      if (!corner.readsPicture || frames.length >= corner.framesMax) return;
      frames.push({
        presentedMs: frame.presentationTime,
        calledMs,
        rtpTimestamp: frame.rtpTimestamp ?? -1,
        corner: read(video),
      });
    };
    video.requestVideoFrameCallback(presented);
  };
  const look = () => {
    const video = document.querySelector('video');
    if (!video) return false;
    follow(video);
    return true;
  };
  const observer = new MutationObserver(() => {
    if (look()) observer.disconnect();
  });
  if (!look()) observer.observe(document, { childList: true, subtree: true });
}

/** Hands out the frames since the last call. */
export function takeFrames(page: Page): Promise<PageFrame[]> {
  return page.evaluate(() => (window as PageWindow).benchFrames?.splice(0) ?? []);
}

/** Page milliseconds of the first presented frame, once there is one. */
export async function firstFrameMs(page: Page): Promise<number> {
  const handle = await page.waitForFunction(() => (window as PageWindow).benchFirstMs, null, {
    polling: 50,
  });
  return Number(await handle.jsonValue());
}

export type FrameDelays = {
  /** Capture to `presentationTime`, ms. */
  presented: number[];
  /** Capture to the moment the callback ran, which is later, ms. */
  called: number[];
  misread: number;
  /** The picture was already a newer one than the callback told of. */
  mismatched: number;
};

/**
 * Delay of each frame. The barcode names the capture time; the RTP timestamp of the same frame must
 * lie at the same distance from it as its neighbours' do, or the corner belongs to another frame and is not counted.
 *
 * @param epochMs media clock minus the monotonic clock
 */
export function delaysOf(
  frames: readonly PageFrame[],
  clock: PageClockMap,
  epochMs: number,
): FrameDelays {
  const nowMs = monotonicMs() + epochMs;
  let misread = 0;
  const read = frames.flatMap((frame) => {
    const bytes = Uint8Array.from(frame.corner, (character) => character.charCodeAt(0));
    const value = readBarcode({ bytes, stride: CORNER.width, step: 1 }, BLOCK);
    if (value === null) misread++;
    return value === null ? [] : [{ frame, captureMs: barcodeTimeMs(value, nowMs) }];
  });
  const strayTicks = strayOf(read.map(({ frame, captureMs }) => distance(frame, captureMs)));
  const fitting = read.filter(
    ({ frame }, index) => frame.rtpTimestamp < 0 || (strayTicks[index] ?? 0) < FRAME_TICKS / 2,
  );
  const delay = (pageMs: number, captureMs: number) =>
    pageMs + clock.offsetMs + epochMs - captureMs;
  return {
    presented: fitting.map(({ frame, captureMs }) => delay(frame.presentedMs, captureMs)),
    called: fitting.map(({ frame, captureMs }) => delay(frame.calledMs, captureMs)),
    misread,
    mismatched: read.length - fitting.length,
  };
}

const RTP_RANGE = 2 ** 32;
/** RTP ticks of a frame at 30 a second. */
const FRAME_TICKS = 3000;

/** RTP ticks between a frame's timestamp and its barcode, 0..2^32. */
function distance(frame: PageFrame, captureMs: number): number {
  return (((frame.rtpTimestamp - captureMs * 90) % RTP_RANGE) + RTP_RANGE) % RTP_RANGE;
}

/**
 * How far each distance lies from what is usual around it (the median of the 15 nearest, since a
 * source that counts frames steps when it skips one).
 */
export function strayOf(distances: readonly number[]): number[] {
  const [first = 0] = distances;
  const fromFirst = distances.map((one) => wrapped(one - first));
  return fromFirst.map((one, index) => {
    const around = fromFirst.slice(Math.max(0, index - 7), index + 8);
    return Math.abs(one - (percentileOf(around, 0.5) ?? one));
  });
}

function wrapped(ticks: number): number {
  return ((ticks + RTP_RANGE * 1.5) % RTP_RANGE) - RTP_RANGE / 2;
}
