// The smaller copies of the picture on their way to the relay: each has a fan-out and a WHIP
// session of its own (`?layer=`), and no sound. A leg whose rate the path cannot bear beside the
// best picture is left out, because two poor pictures are worse than one.

import type { MediaClock, Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import { LOWER_LAYERS, type LowerLayer, type Unit } from '../../core/media/feed.ts';
import { createFanOut, type FanOut } from '../webrtc/fanOut.ts';
import type { PeerOptions } from '../webrtc/peer.ts';
import { createWhipClient, type WhipClient } from '../webrtc/whipClient.ts';

/** A copy is worth sending while it is at most this share of the best picture's rate. */
const SHARE_MAX = 0.6;

export type LayerLegsOptions = {
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  logger: Logger;
  fetch: typeof fetch;
  peer: PeerOptions;
  requestKeyFrame(): void;
  /** Units in, packets into a fan-out. */
  openOutlet(fanOut: FanOut): { push(unit: Unit): void };
  /** The fan-out as the path to the relay leaves it. */
  behind(fanOut: FanOut): FanOut;
};

type Target = { url: string; token: string | null };
type Leg = {
  layer: LowerLayer;
  fanOut: FanOut;
  outlet: { push(unit: Unit): void };
  uplink: WhipClient | null;
};

export class LayerLegs {
  readonly #options: LayerLegsOptions;
  readonly #legs = new Map<LowerLayer, Leg>();
  #target: Target | null = null;
  #bestBitsPerSecond = Number.POSITIVE_INFINITY;

  constructor(options: LayerLegsOptions) {
    this.#options = options;
  }

  push(layer: LowerLayer, unit: Unit): void {
    const known = this.#legs.get(layer);
    if (known) known.outlet.push(unit);
    else {
      const { clock, timers, random, logger, openOutlet } = this.#options;
      const fanOut = createFanOut({
        ...{ owner: `publish ${layer}`, clock, timers, random, logger },
        onKeyFrameRequest: () => this.#options.requestKeyFrame(),
      });
      const leg = { layer, fanOut, outlet: openOutlet(fanOut), uplink: null };
      this.#legs.set(layer, leg);
      leg.outlet.push(unit);
      this.#steer(leg);
    }
  }

  start(target: Target): void {
    void this.stop();
    this.#target = target;
    for (const leg of this.#legs.values()) this.#steer(leg);
  }

  async stop(): Promise<void> {
    this.#target = null;
    await Promise.all([...this.#legs.values()].map((leg) => this.#end(leg)));
  }

  /** The best picture's rate changed: legs that are too much beside it end, others begin. */
  limit(bestBitsPerSecond: number): void {
    this.#bestBitsPerSecond = bestBitsPerSecond;
    for (const leg of this.#legs.values()) this.#steer(leg);
  }

  /** Layers that are sent now. */
  sent(): LowerLayer[] {
    return [...this.#legs.values()].filter(({ uplink }) => uplink).map(({ layer }) => layer);
  }

  /** Forgets what the rings hold; legs begin anew with the next pictures. */
  begin(): void {
    for (const leg of this.#legs.values()) {
      void this.#end(leg);
      leg.fanOut.close();
    }
    this.#legs.clear();
  }

  async close(): Promise<void> {
    await this.stop();
    for (const { fanOut } of this.#legs.values()) fanOut.close();
  }

  #steer(leg: Leg): void {
    const rate = LOWER_LAYERS[leg.layer].bitsPerSecond;
    const isWorth = rate <= this.#bestBitsPerSecond * SHARE_MAX;
    if (!this.#target || !isWorth) {
      void this.#end(leg);
      return;
    }
    if (leg.uplink) return;
    const { url, token } = this.#target;
    const own = new URL(url);
    own.searchParams.set('layer', leg.layer);
    const { fetch, peer, timers, random, logger, behind } = this.#options;
    const rest = { fetch, peer, timers, random, logger, onState() {} };
    leg.uplink = createWhipClient({ ...rest, url: own.href, token, fanOut: behind(leg.fanOut) });
  }

  async #end(leg: Leg): Promise<void> {
    const ended = leg.uplink;
    leg.uplink = null;
    await ended?.close();
  }
}
