// When a frame of a WebRTC publisher was captured, on our media clock. Its timestamps count on
// clocks of their own; the least delayed arrival of the last seconds ties them to ours, and its
// sender reports tie sound and picture to each other. A tie that gets better is approached slowly,
// so that no frame is lost to it. Never in the future, because markets lock on these times.

import type { MediaTimeUs } from '../../../core/base/clock.ts';
import { RTP_CLOCK_RATE, type TrackKind } from '../../../core/media/feed.ts';
import { timestampDistance } from '../../../core/media/rtp.ts';

/** The best arrival of this long counts, twice: one running window and the one before. */
const WINDOW_US = 5_000_000;
/** Of the time that passes, this share may be used to come closer. */
const SLEW = 0.05;
/** Further away than this is another clock: a jump, not a correction. */
const JUMP_US = 500_000;

export type SenderTimed = {
  track: TrackKind;
  rtpTimestamp: number;
  /** By the sender's reports, microseconds on its own clock; null before the first. */
  senderUs: number | null;
};

type Lane = {
  timestamp: number;
  /** Unwrapped media time of `timestamp`, microseconds. */
  mediaUs: number;
  /** Added to media time. */
  offsetUs: number | undefined;
  least: Least;
};

export class SenderTimes {
  readonly #lanes: Partial<Record<TrackKind, Lane>> = {};
  readonly #sender = new Least();

  /** The capture time of a frame that has just arrived whole. Microseconds. */
  captureUs(frame: SenderTimed, nowUs: MediaTimeUs): MediaTimeUs {
    const lane = this.#advance(frame);
    const { mediaUs } = lane.lane;
    lane.lane.least.add(nowUs - mediaUs, nowUs);
    let targetUs = lane.lane.least.value;
    if (frame.senderUs !== null) {
      this.#sender.add(nowUs - frame.senderUs, nowUs);
      targetUs = frame.senderUs + this.#sender.value - mediaUs;
    }
    const current = lane.lane.offsetUs;
    const wishUs = current === undefined ? 0 : targetUs - current;
    const stepUs = Math.abs(lane.passedUs) * SLEW;
    const isJump = current === undefined || Math.abs(wishUs) > JUMP_US;
    lane.lane.offsetUs = isJump
      ? targetUs
      : current + Math.sign(wishUs) * Math.min(Math.abs(wishUs), stepUs);
    return Math.round(Math.min(mediaUs + lane.lane.offsetUs, nowUs));
  }

  #advance({ track, rtpTimestamp }: SenderTimed): { lane: Lane; passedUs: number } {
    const known = this.#lanes[track];
    if (!known) {
      const lane = { timestamp: rtpTimestamp, mediaUs: 0, offsetUs: undefined, least: new Least() };
      this.#lanes[track] = lane;
      return { lane, passedUs: 0 };
    }
    const ticks = timestampDistance(known.timestamp, rtpTimestamp);
    const passedUs = (ticks * 1_000_000) / RTP_CLOCK_RATE[track];
    known.timestamp = rtpTimestamp;
    known.mediaUs += passedUs;
    return { lane: known, passedUs };
  }
}

/** The least of the last seconds; a clock that drifts is followed as old figures leave. */
class Least {
  #startUs: MediaTimeUs = 0;
  #before = Number.POSITIVE_INFINITY;
  #running = Number.POSITIVE_INFINITY;

  get value(): number {
    return Math.min(this.#before, this.#running);
  }

  add(figure: number, nowUs: MediaTimeUs): void {
    // A step of the other clock: what was known of it is of no use.
    if (Math.abs(figure - this.value) > 10 * JUMP_US && Number.isFinite(this.value)) {
      this.#before = Number.POSITIVE_INFINITY;
      this.#running = Number.POSITIVE_INFINITY;
    }
    if (nowUs - this.#startUs > WINDOW_US) {
      this.#before = this.#running;
      this.#running = Number.POSITIVE_INFINITY;
      this.#startUs = nowUs;
    }
    this.#running = Math.min(this.#running, figure);
  }
}
