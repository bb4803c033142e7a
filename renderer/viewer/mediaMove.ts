// Moves a running page's picture between our relay and another engine: the new connection first,
// beside the old one, and the swap once its first frame is there. While both play, the shift of the
// other engine's timestamps is read from the pictures themselves; until it is known nobody may put
// boxes on its frames. Surprising: a page that began at the other engine opens a short connection
// to our relay only to measure that shift.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import {
  httpSignalling,
  openWhepConnection,
  showStream,
  type WhepConnection,
} from '../ui/whepConnection.ts';
import { FrameMatch } from './frameMatch.ts';

/** Where a picture comes from. */
export type Place = 'here' | 'elsewhere';

export type MoveFigures = {
  place: Place;
  /** Ticks that the other engine adds to timestamps; null: not known, so there are no boxes. */
  shift: number | null;
  /** Longest time without a new frame over the last move, ms; null before any. */
  gapMs: number | null;
};

export type MediaMoveOptions = {
  video: HTMLVideoElement;
  timers: Timers;
  monotonicMs: () => number;
  /** WHEP address of the channel at our relay, which may send on to another engine. */
  url: string;
  /** The page plays this connection from now on, and closes the older one. */
  swap(connection: WhepConnection): void;
  /** Place or shift changed. */
  onChange(): void;
  /** False while the picture comes by WebSocket, which is always our relay's. */
  isByWebrtc(): boolean;
};

/** A new connection that shows nothing for so long is given up, ms. */
const FIRST_FRAME_MS_MAX = 8_000;
/** After a move that failed the next one waits, ms. */
const RETRY_MS = 5_000;
/** The shift is looked for so long beside the old connection; then the swap goes on without, ms. */
const MATCH_MS_MAX = 3_000;
/** Pictures are compared at this size. */
const PRINT_SIZE = { width: 40, height: 24 };

export class MediaMove {
  readonly #options: MediaMoveOptions;
  /** Never sent on. */
  readonly #hereUrl: string;
  #elsewhereUrl: string | null = null;
  #wanted: Place = 'here';
  #place: Place = 'here';
  #shift: number | null = 0;
  #gapMs: number | null = null;
  #attempt: Attempt | null = null;
  #cancels: CancelTimer[] = [];
  #frames: FrameWatch;
  #isClosed = false;

  constructor(options: MediaMoveOptions) {
    this.#options = options;
    this.#hereUrl = `${options.url}?here=1`;
    this.#frames = new FrameWatch(options.video, options.monotonicMs);
  }

  figures(): MoveFigures {
    return { place: this.#place, shift: this.#shift, gapMs: this.#gapMs };
  }

  /** Where a new connection is asked for now. */
  url(): string {
    if (this.#place === 'elsewhere' && this.#elsewhereUrl !== null) return this.#elsewhereUrl;
    return this.#wanted === 'elsewhere' ? this.#hereUrl : this.#options.url;
  }

  /** Who really answered: a relay may send a page on before its words reached us. */
  answeredBy(url: string | null): void {
    if (url === null) return;
    const isHere = new URL(url).origin === new URL(this.#hereUrl).origin;
    const isElsewhere = !isHere || url === this.#elsewhereUrl;
    if (!isElsewhere) {
      this.#arrive('here', 0);
      return;
    }
    // What ran beside the old connection compared with that one.
    this.#giveUp();
    this.#arrive('elsewhere', null);
    this.#measure();
  }

  /** The relay's word of where the picture is. */
  want(media: { url: string; isMoved: boolean } | null): void {
    const url = media?.url || null;
    const wanted = media?.isMoved && url !== null ? 'elsewhere' : 'here';
    const isSame = wanted === this.#wanted && url === this.#elsewhereUrl;
    this.#elsewhereUrl = url;
    this.#wanted = wanted;
    if (isSame) return;
    this.#giveUp();
    if (wanted !== this.#place) this.#move(wanted);
    else if (wanted === 'elsewhere' && this.#shift === null) this.#measure();
  }

  /** The picture from the other engine stopped: this page goes back by itself and waits there. */
  distrust(): void {
    if (this.#place !== 'elsewhere') return;
    this.#giveUp();
    this.#countGap();
    this.#arrive('here', 0);
    this.#later(RETRY_MS, () => this.#wanted === 'elsewhere' && this.#move('elsewhere'));
  }

  close(): void {
    this.#isClosed = true;
    this.#giveUp();
    this.#frames.close();
  }

  #move(to: Place): void {
    const url = to === 'here' ? this.#hereUrl : this.#elsewhereUrl;
    if (url === null || this.#isClosed) return;
    const again = () => {
      this.#giveUp();
      this.#later(RETRY_MS, () => this.#wanted === to && this.#place !== to && this.#move(to));
    };
    if (!this.#options.isByWebrtc()) {
      again();
      return;
    }
    const attempt = this.#open(url, to);
    attempt.connection.answered.catch(again);
    const cancelPatience = this.#later(FIRST_FRAME_MS_MAX, again);
    attempt.firstFrame.then(() => {
      if (attempt.isClosed) return;
      cancelPatience();
      if (to === 'here') {
        this.#swap(attempt, to, 0);
        return;
      }
      const finish = () => this.#swap(attempt, to, attempt.match.shift());
      this.#later(MATCH_MS_MAX, finish);
      attempt.onMatched = finish;
    });
  }

  #swap(attempt: Attempt, to: Place, shift: number | null): void {
    if (attempt.isClosed) return;
    attempt.isClosed = true;
    attempt.frames.close();
    attempt.video.srcObject = null;
    this.#giveUp();
    this.#countGap();
    this.#arrive(to, shift);
    this.#options.swap(attempt.connection);
  }

  #countGap(): void {
    this.#frames.countGap((gapMs) => {
      this.#gapMs = gapMs;
      this.#options.onChange();
    });
  }

  /** At the other engine without a known shift: a short look at our relay tells it. */
  #measure(): void {
    if (this.#attempt || this.#isClosed) return;
    const attempt = this.#open(this.#hereUrl, 'here');
    const finish = () => {
      if (attempt.isClosed) return;
      const shift = attempt.match.shift();
      this.#giveUp();
      if (shift !== null) this.#arrive('elsewhere', shift);
    };
    attempt.connection.answered.catch(finish);
    attempt.onMatched = finish;
    this.#later(FIRST_FRAME_MS_MAX, finish);
  }

  /** A second connection whose pictures are compared with those on the page. */
  #open(url: string, place: Place): Attempt {
    const attempt = new Attempt(url, place, this.#options);
    this.#attempt = attempt;
    this.#frames.onFrame = (print, rtpTimestamp) => attempt.see('page', print(), rtpTimestamp);
    return attempt;
  }

  #arrive(place: Place, shift: number | null): void {
    if (this.#place === place && this.#shift === shift) return;
    this.#place = place;
    this.#shift = shift;
    this.#options.onChange();
  }

  #giveUp(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#frames.onFrame = null;
    this.#attempt?.close();
    this.#attempt = null;
  }

  #later(delayMs: number, run: () => unknown): CancelTimer {
    const cancel = this.#options.timers.after(delayMs, run);
    this.#cancels.push(cancel);
    return cancel;
  }
}

/** A connection in an element that nobody sees. */
class Attempt {
  readonly connection: WhepConnection;
  readonly video: HTMLVideoElement;
  readonly frames: FrameWatch;
  readonly match = new FrameMatch();
  readonly firstFrame: Promise<void>;
  readonly #place: Place;
  /** Runs once the shift is known. */
  onMatched: (() => void) | null = null;
  isClosed = false;

  constructor(url: string, place: Place, { monotonicMs }: MediaMoveOptions) {
    this.#place = place;
    const signalling = httpSignalling(url);
    this.connection = openWhepConnection({ signalling, hasAnalytics: place === 'here' });
    this.video = document.createElement('video');
    this.video.muted = true;
    this.video.playsInline = true;
    this.connection.answered.then(
      () => showStream(this.video, this.connection.stream),
      () => {},
    );
    this.frames = new FrameWatch(this.video, monotonicMs);
    this.firstFrame = new Promise((done) => {
      this.frames.onFrame = (print, rtpTimestamp) => {
        done();
        this.see('attempt', print(), rtpTimestamp);
      };
    });
  }

  see(side: 'page' | 'attempt', print: string | null, rtpTimestamp: number): void {
    if (this.isClosed || print === null) return;
    const isHere = (side === 'attempt') === (this.#place === 'here');
    if (isHere) this.match.seenHere(print, rtpTimestamp);
    else this.match.seenElsewhere(print, rtpTimestamp);
    if (this.onMatched && this.match.shift() !== null) this.onMatched();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.frames.close();
    this.connection.close();
    this.video.srcObject = null;
  }
}

type Metadata = VideoFrameCallbackMetadata & { rtpTimestamp?: number };

/** Looks at each presented frame of an element while somebody wants to know. */
class FrameWatch {
  readonly #video: HTMLVideoElement;
  readonly #monotonicMs: () => number;
  #onFrame: ((print: () => string | null, rtpTimestamp: number) => void) | null = null;
  #onGap: ((gapMs: number) => void) | null = null;
  #lastMs: number | null = null;
  #longestMs = 0;
  #framesAfter = 0;
  #handle = 0;
  #canvas: CanvasRenderingContext2D | null = null;

  constructor(video: HTMLVideoElement, monotonicMs: () => number) {
    this.#video = video;
    this.#monotonicMs = monotonicMs;
    this.#handle = video.requestVideoFrameCallback(this.#presented);
  }

  set onFrame(run: ((print: () => string | null, rtpTimestamp: number) => void) | null) {
    this.#onFrame = run;
  }

  /** Tells the longest pause between frames over the next second of them. */
  countGap(run: (gapMs: number) => void): void {
    this.#onGap = run;
    this.#longestMs = 0;
    this.#framesAfter = 0;
  }

  close(): void {
    this.#onFrame = null;
    this.#video.cancelVideoFrameCallback(this.#handle);
  }

  #presented = (_nowMs: number, frame: Metadata): void => {
    this.#handle = this.#video.requestVideoFrameCallback(this.#presented);
    const nowMs = this.#monotonicMs();
    if (this.#onGap && this.#lastMs !== null) {
      this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
      if (++this.#framesAfter === 30) {
        this.#onGap(this.#longestMs);
        this.#onGap = null;
      }
    }
    this.#lastMs = nowMs;
    if (this.#onFrame && frame.rtpTimestamp !== undefined) {
      this.#onFrame(() => this.#print(), frame.rtpTimestamp);
    }
  };

  /** A print of the picture; null where its pixels may not be read. */
  #print(): string | null {
    const { width, height } = PRINT_SIZE;
    this.#canvas ??= makeCanvas(width, height);
    if (!this.#canvas) return null;
    this.#canvas.drawImage(this.#video, 0, 0, width, height);
    const { data } = this.#canvas.getImageData(0, 0, width, height);
    // FNV-1a over all pixels, twice with different bases: 64 bits are enough for four seconds.
    let one = 0x811c9dc5;
    let other = 0x1234567;
    for (const byte of data) {
      one = Math.imul(one ^ byte, 0x01000193);
      other = Math.imul(other ^ byte, 0x01000193) + 1;
    }
    return `${one >>> 0}.${other >>> 0}`;
  }
}

function makeCanvas(width: number, height: number): CanvasRenderingContext2D | null {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas.getContext('2d', { alpha: false, willReadFrequently: true });
}
