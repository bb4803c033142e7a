// The pictures that show viewers what decided their markets: few, small, signed by the channel, in
// memory only. The relay decides nothing by them; it hands on what verifies, with the signature, so
// that a page can check for itself that the studio sent it.

import type { Still } from '../core/wire/gen/facts_pb.js';
import { isId, isStillSigned } from '../core/wire/signing.ts';
import { isJpeg } from './poster.ts';

/** Newest markets of a channel that have one: 4 MB at most. */
const STILLS_MAX = 24;

export type KeptStill = {
  jpeg: Uint8Array;
  captureUs: number;
  signature: string;
  publicKey: string;
};

type SignedStill = Omit<Still, '$typeName' | '$unknown'>;

export class StillKeeper {
  readonly #channelId: string;
  readonly #kept = new Map<string, KeptStill>();
  refused = 0;

  constructor(channelId: string) {
    this.#channelId = channelId;
  }

  of(marketId: string): KeptStill | null {
    return this.#kept.get(marketId) ?? null;
  }

  /** As the studio sent them, oldest first. */
  all(): Still[] {
    return [...this.#kept].map(([marketId, { jpeg, captureUs, signature, publicKey }]) => {
      const $typeName = 'morphine.facts.v1.Still';
      return { $typeName, marketId, jpeg, captureUs: BigInt(captureUs), signature, publicKey };
    });
  }

  /** False: it is not the channel's, and is not kept. */
  take(still: SignedStill): boolean {
    if (!this.#isOurs(still)) {
      this.refused++;
      return false;
    }
    const { marketId, jpeg, signature, publicKey } = still;
    const captureUs = Number(still.captureUs);
    this.#kept.delete(marketId);
    this.#kept.set(marketId, { jpeg: Uint8Array.from(jpeg), captureUs, signature, publicKey });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > STILLS_MAX && oldest !== undefined) this.#kept.delete(oldest);
    return true;
  }

  #isOurs(still: SignedStill): boolean {
    const { marketId, captureUs, jpeg } = still;
    if (!isId(marketId) || captureUs > Number.MAX_SAFE_INTEGER || !isJpeg(jpeg)) return false;
    return isStillSigned(this.#channelId, { ...still, captureUs: Number(captureUs) });
  }
}
