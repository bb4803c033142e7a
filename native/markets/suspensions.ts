// Markets in which nobody may bet for now, by the hand of whoever runs the show. It is no state:
// the market locks and is decided as ever. Kept in the data folder, so that an engine that died
// does not open again what a person had closed.

import { MarketRefusal } from './refusal.ts';

export type SuspensionOptions = {
  /** Market id -> reason, as kept by the last engine. */
  suspended: Readonly<Record<string, string>>;
  keepSuspended(suspended: Readonly<Record<string, string>>): Promise<void>;
  /** Tells the ledger, which refuses bets by it. Empty reason: betting goes on. */
  tell(marketId: string, reason: string): Promise<void>;
};

export class Suspensions {
  readonly #known: Map<string, string>;
  readonly #options: SuspensionOptions;

  constructor(options: SuspensionOptions) {
    this.#options = options;
    this.#known = new Map(Object.entries(options.suspended));
    // The client repeats it at every connection to the ledger.
    for (const [id, reason] of this.#known) options.tell(id, reason).catch(() => {});
  }

  reasonOf(marketId: string): string {
    return this.#known.get(marketId) ?? '';
  }

  /** Resolves once the ledger refuses bets; stopping bets never waits for the disk. */
  async set(marketId: string, reason: string): Promise<void> {
    if (reason === '') this.#known.delete(marketId);
    else this.#known.set(marketId, reason);
    await this.#options.tell(marketId, reason);
    await this.#keep();
  }

  /** An ended market needs no suspension. */
  forget(marketId: string): void {
    if (!this.#known.delete(marketId)) return;
    this.#options.tell(marketId, '').catch(() => {});
    this.#keep().catch(() => {});
  }

  async #keep(): Promise<void> {
    try {
      await this.#options.keepSuspended(Object.fromEntries(this.#known));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new MarketRefusal(
        'unavailable',
        `It holds now, but not over a restart of the studio: ${why}`,
      );
    }
  }
}
