// In which order many viewers get what came in. A picture is sent to one viewer whole, then to the
// next: what the library and the kernel keep for a connection stays near the processor, which saves
// a fifth of the work against packet by packet. The first viewer of a picture is another one each
// time, so nobody is always the last. Long work is cut into turns, between which others run. With
// few viewers nothing waits at all. When the process cannot keep up, some viewers rest until the
// next key frame and the others get everything: a picture with holes is worth nothing to anybody.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import type { TrackKind } from '../../core/media/feed.ts';
import type { StoredPacket } from './packetRing.ts';

/** From this many viewers on, the packets of a picture wait for its last one. */
const CROWD_MIN = 16;

/** They wait so long at most: a picture that trickles in goes out as it comes. */
const HOLD_MS = 1;

/** Packets sent in one turn, about 4 ms of work. */
const SENDS_PER_TURN = 600;

/** Pictures and sounds under way, half a second of them; with more, some viewers rest. */
const WAITING_MAX = 40;

/** One in so many rests, another one each time, with every picture that comes on top of that. */
const RESTING_SHARE = 8;

/** Under way at most; beyond it the oldest is given up, which leaves holes. */
const WAITING_LIMIT = 160;

/** One packet on its way to everybody. */
export type Passed = { kind: TrackKind; stored: StoredPacket; isKeyFrameStart: boolean };

export type Taker = {
  /** False when the viewer did not take it and it cost nothing. */
  forward(kind: TrackKind, stored: StoredPacket, isStart: boolean): boolean;
  /** No pictures until the next key frame; the viewer's numbers go on without a hole. */
  rest(): void;
};

type Picture<Viewer> = {
  packets: Passed[];
  viewers: readonly Viewer[];
  first: number;
  sent: number;
};

export class CrowdOrder<Viewer extends Taker> {
  /** Packets given up because the pictures before them took too long. */
  packetsGivenUp = 0;
  readonly #timers: Timers;
  readonly #soon: (run: () => void) => void;
  #viewers: readonly Viewer[] = [];
  #held: Passed[] = [];
  #cancelHold: CancelTimer | undefined;
  #waiting: Picture<Viewer>[] = [];
  #isTurnDue = false;
  #first = 0;
  #restedLast = 0;

  /** @param soon runs something in a later turn of the event loop */
  constructor(timers: Timers, soon: (run: () => void) => void) {
    this.#timers = timers;
    this.#soon = soon;
  }

  get viewers(): readonly Viewer[] {
    return this.#viewers;
  }

  add(viewer: Viewer): void {
    // A picture under way keeps the viewers that it began with.
    this.#viewers = [...this.#viewers, viewer];
  }

  remove(viewer: Viewer): boolean {
    const kept = this.#viewers.filter((each) => each !== viewer);
    const isKnown = kept.length < this.#viewers.length;
    this.#viewers = kept;
    return isKnown;
  }

  push(passed: Passed): void {
    if (this.#viewers.length === 0) return;
    const isAlone = this.#held.length === 0;
    this.#held.push(passed);
    const isWhole = passed.stored.marker || (passed.kind === 'audio' && isAlone);
    if (isWhole || this.#viewers.length < CROWD_MIN) this.#release();
    else if (isAlone) this.#cancelHold = this.#timers.after(HOLD_MS, () => this.#release());
  }

  /** Sends all that waits now: before somebody is given the past from the ring. */
  settle(): void {
    this.#release();
    this.#turn(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#cancelHold?.();
    this.#held = [];
    this.#waiting = [];
    this.#viewers = [];
  }

  #release(): void {
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    if (this.#held.length === 0) return;
    const viewers = this.#viewers;
    this.#first = this.#first + 1 < viewers.length ? this.#first + 1 : 0;
    this.#waiting.push({ packets: this.#held, viewers, first: this.#first, sent: 0 });
    this.#held = [];
    if (this.#waiting.length > WAITING_MAX) this.#restSome();
    if (this.#waiting.length > WAITING_LIMIT) {
      this.packetsGivenUp += this.#waiting.shift()?.packets.length ?? 0;
    }
    if (!this.#isTurnDue) this.#turn(SENDS_PER_TURN);
  }

  #restSome(): void {
    const viewers = this.#viewers;
    for (let left = Math.ceil(viewers.length / RESTING_SHARE); left > 0; left--) {
      this.#restedLast = (this.#restedLast + 1) % Math.max(1, viewers.length);
      viewers[this.#restedLast]?.rest();
    }
  }

  #turn(sends: number): void {
    let left = sends;
    for (let picture = this.#waiting[0]; picture; picture = this.#waiting[0]) {
      const { packets, viewers, first } = picture;
      while (picture.sent < viewers.length) {
        if (left <= 0) {
          this.#continueSoon();
          return;
        }
        const viewer = viewers[(first + picture.sent) % viewers.length];
        picture.sent++;
        for (const { kind, stored, isKeyFrameStart } of packets) {
          if (viewer?.forward(kind, stored, isKeyFrameStart)) left--;
        }
      }
      this.#waiting.shift();
    }
  }

  #continueSoon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#soon(() => {
      this.#isTurnDue = false;
      this.#turn(SENDS_PER_TURN);
    });
  }
}
