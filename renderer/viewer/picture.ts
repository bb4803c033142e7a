// The picture's inner loop: one call per presented frame measures its delay and paints its boxes.
// In the exact mode frames are copied and shown later from a canvas over the video, because asking
// the browser's own buffer for delay does nothing where the sender wishes for none. Never touches
// state of the page: the page reads the figures when it wants them.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import { captureUsOf, RTP_CLOCK_RATE, rtpTimestampOf } from '../../core/media/feed.ts';
import type { FrameFacts } from '../../core/wire/gen/facts_pb.js';
import type { PageClock } from '../ui/mediaClock.ts';
import {
  CARRY_MS_MAX,
  carriedForward,
  createFactsTimeline,
  rtpMsBetween,
  type ShownBox,
} from '../ui/overlayGeometry.ts';
import { LAYERS_AT_FIRST, type OverlayLayers, TRAIL_MS, trailsOf } from '../ui/overlayLayers.ts';
import { type OverlayMode, paintOverlay } from '../ui/overlayPainter.ts';
import type { Transport } from './address.ts';
import { exactDelayUs, HeldFrames, OwnFrameShare, RollingFigure } from './overlayTiming.ts';

export type PictureFigures = {
  /** Frames presented since the page was opened. */
  frames: number;
  /** Page clock of the first frame and of the last new one presented, ms; null before any. */
  firstFrameMs: number | null;
  lastFrameMs: number | null;
  /** Frame made → on this screen, median of the last 2 s, ms; null while the clock is unknown. */
  delayMs: number | null;
  delayP95Ms: number | null;
  /** Frame made → its facts here, p95 of the last 10 s, ms. */
  overlayDelayP95Ms: number | null;
  /** Share of shown frames with boxes of their very frame since the mode was chosen. */
  ownFrameShare: number | null;
  /** How much later than it came the exact mode shows a frame, ms; 0 in the other modes. */
  addedDelayMs: number;
};

type FrameMetadata = VideoFrameCallbackMetadata & { rtpTimestamp?: number };
type Size = { width: number; height: number };

/** One way by which frames come: the video element, or pictures decoded by the page. */
class Way {
  /** Capture time of its newest frame so far; null while no frame had one. */
  newestUs: MediaTimeUs | null = null;
  /** Page clock of its last new frame, ms. */
  lastFrameMs: number | null = null;
  /** As above, but only of frames that follow each other: a lone one may be blank. */
  flowingMs: number | null = null;

  arrived(captureUs: MediaTimeUs | null, nowMs: number): void {
    if (this.lastFrameMs !== null && nowMs - this.lastFrameMs < FLOW_GAP_MS) this.flowingMs = nowMs;
    this.lastFrameMs = nowMs;
    this.newestUs = captureUs ?? this.newestUs;
  }
}

/** Frames this close together are a flow, ms. */
const FLOW_GAP_MS = 400;
const DELAYS_KEPT = 60;
const FACTS_DELAYS_KEPT = 300;
/** Held frames at most: 0.8 s at 40 fps, each a copy of the picture. */
const FRAMES_HELD = 32;

export class Picture {
  #video: HTMLVideoElement;
  #still: HTMLCanvasElement;
  #boxes: HTMLCanvasElement;
  #streamed: HTMLCanvasElement;
  #clock: PageClock;
  #monotonicMs: () => number;
  #mode: OverlayMode = 'live';
  #layers: OverlayLayers = LAYERS_AT_FIRST;
  #clockOffset: number | null = null;
  #isClockLost = false;
  #timeline = createFactsTimeline();
  #liveDelayUs = new RollingFigure(DELAYS_KEPT);
  #shownDelayUs = new RollingFigure(DELAYS_KEPT);
  #factsDelayUs = new RollingFigure(FACTS_DELAYS_KEPT);
  #share = new OwnFrameShare();
  #exactUs: number | null = null;
  #pool: HTMLCanvasElement[] = [];
  #held = new HeldFrames<HTMLCanvasElement>(FRAMES_HELD, (canvas) => this.#pool.push(canvas));
  #frames = 0;
  #firstFrameMs: number | null = null;
  readonly #ways: Record<Transport, Way> = { webrtc: new Way(), websocket: new Way() };
  #shown: Transport = 'webrtc';
  /** The still picture is the last frame of a lost connection, until a new one comes. */
  #keepsLast = false;
  #videoHandle = 0;
  #pageHandle = 0;

  constructor(options: {
    video: HTMLVideoElement;
    still: HTMLCanvasElement;
    boxes: HTMLCanvasElement;
    /** Lies over the video; shows what the page decodes itself. */
    streamed: HTMLCanvasElement;
    clock: PageClock;
    monotonicMs: () => number;
    /** Frames that were presented before this was made, page clock, ms. */
    before: { firstFrameMs: number | null; lastFrameMs: number | null } | null;
  }) {
    this.#video = options.video;
    this.#still = options.still;
    this.#boxes = options.boxes;
    this.#streamed = options.streamed;
    this.#clock = options.clock;
    this.#monotonicMs = options.monotonicMs;
    this.#firstFrameMs = options.before?.firstFrameMs ?? null;
    this.#ways.webrtc.lastFrameMs = options.before?.lastFrameMs ?? null;
    this.#videoHandle = this.#video.requestVideoFrameCallback(this.#presented);
  }

  /**
   * The RTP offset of the channel's video as it arrives here. Null: another engine carries it and
   * its shift is not known, so that no frame has a time and no box finds its frame.
   */
  setClockOffset(offset: number | null): void {
    this.#isClockLost = offset === null;
    if (this.#clockOffset === offset) return;
    this.#clockOffset = offset;
    for (const way of Object.values(this.#ways)) way.newestUs = null;
    this.#timeline.clear();
    this.#liveDelayUs.clear();
    this.#shownDelayUs.clear();
  }

  setMode(mode: OverlayMode): void {
    this.#mode = mode;
    this.#exactUs = null;
    this.#held.clear();
    this.#share.clear();
    this.#shownDelayUs.clear();
    cancelAnimationFrame(this.#pageHandle);
    if (mode === 'exact') this.#pageHandle = requestAnimationFrame(this.#showDue);
    else this.#still.hidden = true;
  }

  setLayers(layers: OverlayLayers): void {
    this.#layers = layers;
  }

  takeFacts(facts: FrameFacts): void {
    const nowUs = this.#clock.nowUs();
    const captureUs = Number(facts.captureUs);
    if (nowUs !== null) this.#factsDelayUs.add(Math.max(0, nowUs - captureUs));
    // The relay may have shifted the frames' timestamps; facts are found by the shifted ones.
    if (this.#clockOffset !== null) {
      facts.rtpTimestamp = rtpTimestampOf(captureUs, RTP_CLOCK_RATE.video, this.#clockOffset);
    }
    this.#timeline.push(facts);
  }

  figures(): PictureFigures {
    const shown = this.#mode === 'exact' && this.#exactUs !== null;
    const delay = shown ? this.#shownDelayUs : this.#liveDelayUs;
    return {
      frames: this.#frames,
      firstFrameMs: this.#firstFrameMs,
      lastFrameMs: latest(this.#ways.webrtc.lastFrameMs, this.#ways.websocket.lastFrameMs),
      delayMs: milliseconds(delay.at(0.5)),
      delayP95Ms: milliseconds(delay.at(0.95)),
      overlayDelayP95Ms: milliseconds(this.#factsDelayUs.at(0.95)),
      ownFrameShare: this.#share.share(),
      addedDelayMs: shown ? this.#addedMs() : 0,
    };
  }

  /** Page clock of the last new frame that came by this way right after another, ms. */
  flowingMsBy(transport: Transport): number | null {
    return this.#ways[transport].flowingMs;
  }

  /** A way begins: what the other one has shown already is no news from it. */
  begins(transport: Transport): void {
    const { webrtc, websocket } = this.#ways;
    this.#ways[transport].newestUs = latest(webrtc.newestUs, websocket.newestUs);
  }

  /** Whose frames are on the screen from now on. */
  show(transport: Transport): void {
    if (this.#shown === transport) return;
    this.#shown = transport;
    this.#streamed.hidden = transport !== 'websocket';
    this.connectionChanged();
  }

  /** A frame that the page decoded itself; it is closed by the caller. */
  takeFrame(frame: VideoFrame, rtpTimestamp: number): void {
    const size = { width: frame.displayWidth, height: frame.displayHeight };
    // Also while it is hidden, so that it is not blank when it is shown.
    if (this.#mode !== 'exact') drawOn(this.#streamed, frame, size);
    const atMs = this.#monotonicMs();
    this.#take('websocket', { image: frame, size, rtpTimestamp, presentedMs: atMs });
  }

  /** A new connection's element is black at first, so the last frame stays over it. */
  keepLastFrame(): void {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (width === 0 || height === 0 || this.#keepsLast) return;
    if (this.#shown === 'websocket') return;
    this.#keepsLast = true;
    this.#drawStill(this.#video, { width, height });
  }

  /** A new connection: what was held is of the old one. */
  connectionChanged(): void {
    this.#held.clear();
    this.#liveDelayUs.clear();
  }

  close(): void {
    this.#video.cancelVideoFrameCallback(this.#videoHandle);
    cancelAnimationFrame(this.#pageHandle);
    this.#held.clear();
  }

  #addedMs(): number {
    const live = this.#liveDelayUs.at(0.5);
    return live === null || this.#exactUs === null ? 0 : Math.max(0, this.#exactUs - live) / 1000;
  }

  #presented = (_nowMs: number, frame: FrameMetadata): void => {
    this.#videoHandle = this.#video.requestVideoFrameCallback(this.#presented);
    const { videoWidth: width, videoHeight: height } = this.#video;
    const { rtpTimestamp, presentationTime: presentedMs } = frame;
    this.#take('webrtc', {
      image: this.#video,
      size: { width, height },
      rtpTimestamp,
      presentedMs,
    });
  };

  #take(
    transport: Transport,
    frame: {
      image: CanvasImageSource;
      size: Size;
      rtpTimestamp: number | undefined;
      presentedMs: number;
    },
  ): void {
    const { rtpTimestamp } = frame;
    const captureUs = this.#captureUs(rtpTimestamp);
    const way = this.#ways[transport];
    const isNew = isNewFor(way, captureUs, rtpTimestamp);
    const monotonicMs = this.#monotonicMs();
    if (isNew) way.arrived(captureUs, monotonicMs);
    if (transport !== this.#shown) return;
    this.#frames++;
    this.#firstFrameMs ??= monotonicMs;
    if (isNew) {
      if (this.#keepsLast && this.#mode !== 'exact') this.#still.hidden = true;
      this.#keepsLast = false;
    }
    const nowUs = this.#clock.nowUs();
    if (isNew && captureUs !== null && nowUs !== null) {
      const shownUs = nowUs + (frame.presentedMs - monotonicMs) * 1000;
      this.#liveDelayUs.add(shownUs - captureUs);
    }
    if (this.#mode === 'exact' && this.#holds(frame, captureUs)) return;
    this.#paint(rtpTimestamp, frame.size);
  }

  #captureUs(rtpTimestamp: number | undefined): MediaTimeUs | null {
    const nowUs = this.#clock.nowUs();
    if (rtpTimestamp === undefined || nowUs === null || this.#clockOffset === null) return null;
    return captureUsOf(rtpTimestamp, RTP_CLOCK_RATE.video, this.#clockOffset, nowUs);
  }

  /** True when the frame waits for its moment; false while the exact mode cannot work yet. */
  #holds(
    frame: { image: CanvasImageSource; size: Size; rtpTimestamp: number | undefined },
    captureUs: MediaTimeUs | null,
  ): boolean {
    const { image, size, rtpTimestamp } = frame;
    this.#exactUs = exactDelayUs(this.#factsDelayUs, this.#exactUs);
    if (this.#exactUs === null || captureUs === null || rtpTimestamp === undefined) {
      if (this.#shown === 'websocket') drawOn(this.#streamed, image, size);
      return false;
    }
    if (size.width === 0 || size.height === 0) return false;
    const picture = this.#pool.pop() ?? document.createElement('canvas');
    drawOn(picture, image, size);
    this.#held.hold({ captureUs, rtpTimestamp, picture });
    return true;
  }

  #showDue = (): void => {
    if (this.#mode !== 'exact') return;
    this.#pageHandle = requestAnimationFrame(this.#showDue);
    const nowUs = this.#clock.nowUs();
    if (nowUs === null || this.#exactUs === null) return;
    const due = this.#held.takeDue(nowUs, this.#exactUs);
    if (!due) return;
    const { width, height } = due.picture;
    this.#drawStill(due.picture, { width, height });
    this.#pool.push(due.picture);
    this.#shownDelayUs.add(nowUs - due.captureUs);
    this.#paint(due.rtpTimestamp, { width, height });
  };

  #drawStill(picture: CanvasImageSource, size: Size): void {
    drawOn(this.#still, picture, size);
    this.#still.hidden = false;
  }

  #paint(rtpTimestamp: number | undefined, size: Size): void {
    const boxes = this.#boxesOf(rtpTimestamp);
    const layers = this.#layers;
    const hasTrails = layers.trails && boxes.length > 0 && rtpTimestamp !== undefined;
    const trails = hasTrails ? trailsOf(this.#timeline.lately(rtpTimestamp, TRAIL_MS)) : [];
    paintOverlay(this.#boxes, size, { boxes, trails, layers });
  }

  #boxesOf(rtpTimestamp: number | undefined): ShownBox[] {
    if (rtpTimestamp === undefined || this.#mode === 'off' || this.#isClockLost) return [];
    const own = this.#timeline.exactly(rtpTimestamp);
    this.#share.add(own !== undefined);
    if (own) return carriedForward(own, 0);
    if (this.#mode === 'exact' && this.#exactUs !== null) return [];
    const before = this.#timeline.atOrBefore(rtpTimestamp);
    if (!before) return [];
    const aheadMs = rtpMsBetween(before.rtpTimestamp, rtpTimestamp);
    return aheadMs > CARRY_MS_MAX ? [] : carriedForward(before, aheadMs);
  }
}

/**
 * False for the kept frames that a new connection begins with, and for its blank one: while
 * nothing new is made, they are no sign of life.
 */
function isNewFor(way: Way, captureUs: MediaTimeUs | null, rtpTimestamp: number | undefined) {
  if (way.newestUs === null) return true;
  if (rtpTimestamp === undefined) return false;
  return captureUs === null || captureUs > way.newestUs;
}

function drawOn(canvas: HTMLCanvasElement, picture: CanvasImageSource, size: Size): void {
  if (canvas.width !== size.width || canvas.height !== size.height) {
    canvas.width = size.width;
    canvas.height = size.height;
  }
  canvas.getContext('2d', { alpha: false })?.drawImage(picture, 0, 0, size.width, size.height);
}

/** The greater of two of which either may be unknown. */
export function latest(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}

function milliseconds(us: number | null): number | null {
  return us === null ? null : us / 1000;
}
