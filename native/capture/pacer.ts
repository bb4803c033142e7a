// Lets frames with times go out at those times: what a file's decoder has read ahead is held here
// until its moment on the media clock. Bounded: while it holds a second, it asks its producer to
// stop reading. Late frames go at once; a lasting delay moves the start instead of piling up.

import type { CancelTimer, MediaClock, MediaTimeUs, Timers } from '../../core/base/clock.ts';
import type { TrackKind } from '../../core/media/feed.ts';

export type PacedFrame = { track: TrackKind; ptsUs: number; bytes: Uint8Array };

export type PacerOptions = {
  clock: MediaClock;
  timers: Timers;
  onDue(frame: PacedFrame, captureUs: MediaTimeUs): void;
  /** The producer should stop or go on reading this track. */
  onPause(track: TrackKind, isPaused: boolean): void;
  /** A track jumped so far ahead that nobody would wait for it; nothing more goes out. */
  onBroken(track: TrackKind, gapUs: number): void;
};

export type Pacer = {
  push(frame: PacedFrame): void;
  close(): void;
};

/** A second ahead rides over a seek to the start of a file; two tracks of it are below 1 MB. */
const AHEAD_US_MAX = 1_000_000;
const AHEAD_US_RESUME = 500_000;
/** A track with less than this is starving: then the other one must not block ffmpeg. */
const AHEAD_US_STARVING = 150_000;
/** Files with sound far from its picture may need more than a second; never more than this. */
const BYTES_MAX = 16 * 1024 * 1024;
/** Both tracks must have begun by then, or the one that has begins alone. */
const START_WAIT_US = 400_000;
/** A file is not live: this cushion rides over a busy core at the price of a later start. */
const CUSHION_US = 250_000;
/** Later than this for a frame, and the start moves: the machine cannot keep up. */
const LATE_US_MAX = 300_000;
/**
 * A picture that rests this long is no still of a recorded screen any more. A file that is cut off
 * while it loops makes such gaps: ffmpeg turns through nothing hundreds of times a second, each
 * turn moves the time on, and the next true picture would be due in minutes (366 s were seen).
 */
const GAP_US_MAX = 30_000_000;

type Track = { frames: PacedFrame[]; lastPtsUs: number; isPaused: boolean };

/** Makes a pacer for one run of one file, with a video and an audio track. */
export function createPacer(options: PacerOptions): Pacer {
  return new TwoTrackPacer(options);
}

class TwoTrackPacer implements Pacer {
  #options: PacerOptions;
  #tracks: Record<TrackKind, Track> = {
    video: { frames: [], lastPtsUs: -1, isPaused: false },
    audio: { frames: [], lastPtsUs: -1, isPaused: false },
  };
  #bytes = 0;
  #firstPushUs: MediaTimeUs | null = null;
  #startUs: MediaTimeUs | null = null;
  #cancel: CancelTimer = () => {};
  #isClosed = false;

  constructor(options: PacerOptions) {
    this.#options = options;
  }

  push(frame: PacedFrame): void {
    if (this.#isClosed) return;
    const track = this.#tracks[frame.track];
    // A frame whose time does not rise cannot be shown in its place.
    if (frame.ptsUs <= track.lastPtsUs) return;
    const gapUs = frame.ptsUs - track.lastPtsUs;
    if (track.lastPtsUs >= 0 && gapUs > GAP_US_MAX) {
      this.close();
      this.#options.onBroken(frame.track, gapUs);
      return;
    }
    track.frames.push(frame);
    track.lastPtsUs = frame.ptsUs;
    this.#bytes += frame.bytes.length;
    this.#firstPushUs ??= this.#options.clock.nowUs();
    this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#tracks.video.frames = [];
    this.#tracks.audio.frames = [];
  }

  #run(): void {
    this.#cancel();
    if (this.#isClosed) return;
    const nowUs = this.#options.clock.nowUs();
    if (this.#startUs === null && !this.#begin(nowUs)) return;
    for (;;) {
      const next = this.#next();
      if (!next) break;
      const dueUs = (this.#startUs ?? 0) + next.ptsUs;
      if (dueUs > nowUs) {
        this.#cancel = this.#options.timers.after((dueUs - nowUs) / 1000, () => this.#run());
        break;
      }
      if (nowUs - dueUs > LATE_US_MAX) this.#startUs = nowUs - next.ptsUs;
      this.#tracks[next.track].frames.shift();
      this.#bytes -= next.bytes.length;
      this.#options.onDue(next, (this.#startUs ?? 0) + next.ptsUs);
      if (this.#isClosed) return;
    }
    this.#updatePauses(nowUs);
  }

  #begin(nowUs: MediaTimeUs): boolean {
    const first = this.#next();
    if (!first) return false;
    const hasBoth = this.#tracks.video.frames.length > 0 && this.#tracks.audio.frames.length > 0;
    const waitedUs = nowUs - (this.#firstPushUs ?? nowUs);
    if (!hasBoth && waitedUs < START_WAIT_US) {
      const waitMs = (START_WAIT_US - waitedUs) / 1000;
      this.#cancel = this.#options.timers.after(waitMs, () => this.#run());
      return false;
    }
    this.#startUs = nowUs + CUSHION_US - first.ptsUs;
    return true;
  }

  #next(): PacedFrame | undefined {
    const video = this.#tracks.video.frames[0];
    const audio = this.#tracks.audio.frames[0];
    if (!video || !audio) return video ?? audio;
    return audio.ptsUs <= video.ptsUs ? audio : video;
  }

  #updatePauses(nowUs: MediaTimeUs): void {
    const playedUs = nowUs - (this.#startUs ?? nowUs);
    const aheadUs = (kind: TrackKind) => this.#tracks[kind].lastPtsUs - playedUs;
    for (const kind of ['video', 'audio'] as const) {
      const track = this.#tracks[kind];
      const isOtherStarving = aheadUs(kind === 'video' ? 'audio' : 'video') < AHEAD_US_STARVING;
      const limitUs = track.isPaused ? AHEAD_US_RESUME : AHEAD_US_MAX;
      const isFull = this.#bytes > BYTES_MAX;
      const shouldPause = isFull || (aheadUs(kind) > limitUs && !isOtherStarving);
      if (shouldPause === track.isPaused) continue;
      track.isPaused = shouldPause;
      this.#options.onPause(kind, shouldPause);
    }
  }
}
