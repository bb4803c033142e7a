// Where the time of the last frames went: a ring of the newest 300 with the moments that the engine
// reads itself (whole unit in hand, packets handed on), those that vision tells with each result,
// and those that the relay tells while somebody looks. It must never wait and never guess: what
// nobody told stays null. Surprising: a slate and the smaller copies are no frames here.

import type { MediaClock, MediaTimeUs } from '../../core/base/clock.ts';
import { FRAMES_KEPT, type FrameTimes, type RecentFrames } from '../../core/contract/frames.ts';
import type { Unit } from '../../core/media/feed.ts';
import type { FrameFacts, FrameTimes as RelayTimes } from '../../core/wire/gen/facts_pb.js';

/** The relay's part in it. */
export type RelayTeller = {
  askFrameTimes(afterUs: number): boolean;
  onFrameTimes(run: (times: RelayTimes) => void): void;
};

export type FrameRing = {
  /** A whole unit is here; call what it returns once its packets were handed on. */
  taken(unit: Unit): () => void;
  /** Vision's result is here. */
  judged(facts: FrameFacts): void;
  /** What changed after that version; also asks the relay, whose answer comes with a later one. */
  recent(after: number): RecentFrames;
  /** Times that came for a frame that is not kept any more, or never was. */
  readonly counters: { framesTaken: number; timesTooLate: number };
};

type Kept = {
  version: number;
  value: FrameTimes;
  /** What the relay's times of it may have been wrong by when they were told. */
  relayUncertaintyUs: number | null;
};
const nothing = () => {};

export function createFrameRing(clock: MediaClock, relay: RelayTeller): FrameRing {
  return new Ring(clock, relay);
}

class Ring implements FrameRing {
  readonly counters = { framesTaken: 0, timesTooLate: 0 };
  readonly #clock: MediaClock;
  readonly #relay: RelayTeller;
  readonly #run: MediaTimeUs;
  readonly #frames: Kept[] = [];
  #version = 0;
  #relayedUs = 0;

  constructor(clock: MediaClock, relay: RelayTeller) {
    this.#clock = clock;
    this.#relay = relay;
    this.#run = clock.nowUs();
    relay.onFrameTimes((times) => this.#relayed(times));
  }

  taken({ track, layer, slate, ...unit }: Unit): () => void {
    if (track !== 'video' || layer || slate) return nothing;
    const { captureUs, rtpTimestamp, keyFrame, bytes } = unit;
    const value: FrameTimes = {
      ...{ captureUs, rtpTimestamp, bytes: bytes.length, isKeyFrame: keyFrame },
      ...{
        encodingUs: unit.encodingUs ?? null,
        fedUs: this.#clock.nowUs(),
        sentUs: null,
        sight: null,
        relay: null,
      },
    };
    const frame: Kept = { version: ++this.#version, value, relayUncertaintyUs: null };
    this.counters.framesTaken++;
    this.#frames.push(frame);
    if (this.#frames.length > FRAMES_KEPT) this.#frames.shift();
    return () => {
      value.sentUs = this.#clock.nowUs();
      frame.version = ++this.#version;
    };
  }

  judged({ captureUs, knownUs, stages }: FrameFacts): void {
    if (!stages) return;
    const frame = this.#find(({ captureUs: own }) => own === Number(captureUs));
    if (!frame) return;
    const receivedUs = Number(knownUs) - stages.totalUs;
    const decodedUs = receivedUs + stages.decodeUs;
    const begunUs = decodedUs + stages.waitedUs;
    const { motionUs, inferUs, trackUs, eventUs } = stages;
    frame.value.sight = {
      ...{ receivedUs, decodedUs, begunUs, seenUs: begunUs + stages.lookedUs },
      ...{ knownUs: Number(knownUs), motionUs, inferUs, trackUs, eventUs },
      heardUs: this.#clock.nowUs(),
    };
    frame.version = ++this.#version;
  }

  recent(after: number): RecentFrames {
    // Some frames are asked for again: a packet that came late may have moved their end.
    this.#relay.askFrameTimes(this.#relayedUs);
    return {
      nowUs: this.#clock.nowUs(),
      run: this.#run,
      version: this.#version,
      frames: this.#frames.filter(({ version }) => version > after).map(({ value }) => value),
      relayUncertaintyUs: this.#worstUncertaintyUs(),
    };
  }

  /** Of all that are kept: the relay knows the clock better now than when it told the first. */
  #worstUncertaintyUs(): number | null {
    const known = this.#frames.flatMap(({ relayUncertaintyUs: one }) => one ?? []);
    return known.length === 0 ? null : Math.max(...known);
  }

  #relayed({ frames, uncertaintyUs }: RelayTimes): void {
    for (const { rtpTimestamp, firstUs, lastUs } of frames) {
      this.#relayedUs = Math.max(this.#relayedUs, Number(lastUs));
      const frame = this.#find((own) => own.rtpTimestamp === rtpTimestamp);
      if (!frame) continue;
      frame.relayUncertaintyUs = uncertaintyUs;
      frame.value.relay = { firstUs: Number(firstUs), lastUs: Number(lastUs) };
      frame.version = ++this.#version;
    }
  }

  /** Newest first: what is told is of a frame a moment ago. */
  #find(isIt: (frame: FrameTimes) => boolean): Kept | null {
    const found = this.#frames.findLast(({ value }) => isIt(value)) ?? null;
    if (!found) this.counters.timesTooLate++;
    return found;
  }
}
