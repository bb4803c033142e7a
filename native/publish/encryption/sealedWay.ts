// What leaves for viewers' engines when a show is sealed end to end: a fan-out of its own beside
// the clear one, which the studio's own preview and its recordings go on to read. Off, it costs
// nothing and everybody shares the clear one.

import type { Unit } from '../../../core/media/feed.ts';
import type { FanOut } from '../../webrtc/fanOut.ts';
import type { FrameSealer } from './frameSealer.ts';

export class SealedWay {
  readonly #openFanOut: () => FanOut;
  readonly #openOutlet: (fanOut: FanOut) => { push(unit: Unit): void };
  #open: { fanOut: FanOut; outlet: { push(unit: Unit): void } } | null = null;
  #sealer: FrameSealer | null = null;

  constructor(
    openFanOut: () => FanOut,
    openOutlet: (fanOut: FanOut) => { push(unit: Unit): void },
  ) {
    this.#openFanOut = openFanOut;
    this.#openOutlet = openOutlet;
  }

  /** Null: the show is not sealed. */
  get fanOut(): FanOut | null {
    return this.#open?.fanOut ?? null;
  }

  /** Another key goes on with the same stream; null ends the sealing. True: it began or ended. */
  setSealer(sealer: FrameSealer | null): boolean {
    const wasOpen = this.#open !== null;
    this.#sealer = sealer;
    if (sealer && !this.#open) {
      const fanOut = this.#openFanOut();
      this.#open = { fanOut, outlet: this.#openOutlet(fanOut) };
    }
    if (!sealer) this.close();
    return wasOpen !== (this.#open !== null);
  }

  /** As it leaves for a viewers' engine. */
  sealed(unit: Unit): Unit {
    return this.#sealer?.seal(unit) ?? unit;
  }

  push(unit: Unit): void {
    this.#open?.outlet.push(this.sealed(unit));
  }

  close(): void {
    this.#open?.fanOut.close();
    this.#open = null;
    this.#sealer = null;
  }
}
