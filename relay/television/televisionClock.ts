// One line of time for a fragmented MP4 out of two tracks' RTP timestamps. The picture's own clock
// leads; sound is laid beside it by the sender reports, and is left out until one came: sound at a
// wrong place is worse than none for a second.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import { RTP_CLOCK_RATE, type TrackKind } from '../../core/media/feed.ts';
import { timestampDistance } from '../../core/media/rtp.ts';
import type { ReadUnit } from '../../native/webrtc/unitReader.ts';

/** Time 0 of a stream: sound may stand a little before its first picture. */
const START_US: MediaTimeUs = 60_000_000;
/** Reports wander by the network's whims; sound moves only when it is this far off. */
const OFF_US_MAX = 80_000;
/** A clock that jumps by more was set anew. */
const JUMP_US_MAX = 60_000_000;
const PICTURE_US = 33_333;

type Track = { rtpTimestamp: number; atUs: MediaTimeUs };

export class TelevisionClock {
  readonly #tracks: Partial<Record<TrackKind, Track>> = {};
  /** Sender's clock less this one's; null before a report of the picture. */
  #aheadUs: number | null = null;

  /** Null: there is no saying where it belongs. */
  timeOf(unit: ReadUnit): MediaTimeUs | null {
    return unit.track === 'video' ? this.#picture(unit) : this.#sound(unit);
  }

  #picture(unit: ReadUnit): MediaTimeUs {
    const atUs = this.#goOn('video', unit) ?? this.#startPicture(unit);
    if (unit.senderUs !== null) this.#aheadUs = unit.senderUs - atUs;
    return atUs;
  }

  #startPicture({ rtpTimestamp }: ReadUnit): MediaTimeUs {
    const before = this.#tracks.video;
    const atUs = before ? before.atUs + PICTURE_US : START_US;
    this.#tracks.video = { rtpTimestamp, atUs };
    this.#aheadUs = null;
    return atUs;
  }

  #sound(unit: ReadUnit): MediaTimeUs | null {
    const atUs = this.#goOn('audio', unit);
    const { senderUs, rtpTimestamp } = unit;
    const reportedUs =
      senderUs === null || this.#aheadUs === null ? null : senderUs - this.#aheadUs;
    if (reportedUs === null) return atUs;
    if (atUs !== null && Math.abs(atUs - reportedUs) <= OFF_US_MAX) return atUs;
    this.#tracks.audio = { rtpTimestamp, atUs: reportedUs };
    return reportedUs;
  }

  /** Null at the first one, and where its clock was set anew. */
  #goOn(kind: TrackKind, { rtpTimestamp }: ReadUnit): MediaTimeUs | null {
    const track = this.#tracks[kind];
    if (!track) return null;
    const ticks = timestampDistance(track.rtpTimestamp, rtpTimestamp);
    const sinceUs = (ticks * 1_000_000) / RTP_CLOCK_RATE[kind];
    if (Math.abs(sinceUs) > JUMP_US_MAX) return null;
    const atUs = track.atUs + sinceUs;
    this.#tracks[kind] = { rtpTimestamp, atUs };
    return Math.round(atUs);
  }
}
