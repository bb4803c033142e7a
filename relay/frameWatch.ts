// When the relay passed on the last frames of the best picture, for the studio that asks. It reads
// along in the fan-out, after the packets went to the viewers, and never holds anything up: two
// numbers per frame in a ring that forgets the oldest. Surprising: where more viewers watch than
// are sent to in one turn, the rest get the frame after the time that is told.

import type { MediaClock } from '../core/base/clock.ts';
import type { FrameTimes } from '../core/wire/gen/facts_pb.js';
import type { FanOut } from '../native/webrtc/fanOut.ts';
import type { StoredPacket } from '../native/webrtc/packetRing.ts';
import type { StudioClock } from './studioClock.ts';

/** Frames kept: as many as the studio shows. */
const KEPT = 300;

type Frame = { rtpTimestamp: number; firstUs: number; lastUs: number; sequence: number };
export type FollowedFanOut = Pick<FanOut, 'openReader' | 'timestampShift'>;

export class FrameWatch {
  readonly #clock: MediaClock;
  readonly #frames: Frame[] = [];
  #next = 0;
  #newest: Frame | undefined;
  #followed: FollowedFanOut | null = null;
  #stop = () => {};

  constructor(clock: MediaClock) {
    this.#clock = clock;
  }

  /** Reads along in this fan-out, and in no other; null: there is none now. */
  follow(fanOut: FollowedFanOut | null): void {
    if (fanOut === this.#followed) return;
    this.#stop();
    this.#followed = fanOut;
    if (fanOut === null) {
      this.#stop = () => {};
      return;
    }
    const source = fanOut.openReader({
      packet: (track, stored) => {
        if (track === 'video') this.#passed(stored, fanOut.timestampShift('video'));
      },
      analytics() {},
    });
    this.#stop = () => source.close();
  }

  /** Frames that were passed on after that, oldest first; empty while the clock is not known. */
  since(afterUs: number, clock: StudioClock): FrameTimes {
    const nowUs = this.#clock.nowUs();
    const { mediaUs, uncertaintyUs } = clock.read(nowUs);
    const offsetUs = mediaUs - nowUs;
    const told = mediaUs === 0 ? [] : this.#frames.filter((one) => one.lastUs + offsetUs > afterUs);
    told.sort((one, other) => one.lastUs - other.lastUs);
    return {
      $typeName: 'morphine.facts.v1.FrameTimes',
      uncertaintyUs,
      frames: told.map(({ rtpTimestamp, firstUs, lastUs }) => ({
        $typeName: 'morphine.facts.v1.FrameTime',
        rtpTimestamp,
        firstUs: BigInt(Math.max(0, firstUs + offsetUs)),
        lastUs: BigInt(Math.max(0, lastUs + offsetUs)),
      })),
    };
  }

  close(): void {
    this.follow(null);
  }

  #passed({ timestamp, sequence }: StoredPacket, shift: number): void {
    const nowUs = this.#clock.nowUs();
    const rtpTimestamp = (timestamp - shift) >>> 0;
    const newest = this.#newest;
    if (newest?.rtpTimestamp === rtpTimestamp) {
      newest.lastUs = nowUs;
      newest.sequence = sequence;
      return;
    }
    // A packet that was lost and sent again ends an older frame anew; that one is rare.
    if (newest && sequence < newest.sequence) {
      const late = this.#frames.find((one) => one.rtpTimestamp === rtpTimestamp);
      if (late) late.lastUs = nowUs;
      return;
    }
    this.#newest = { rtpTimestamp, firstUs: nowUs, lastUs: nowUs, sequence };
    this.#frames[this.#next] = this.#newest;
    this.#next = (this.#next + 1) % KEPT;
  }
}
