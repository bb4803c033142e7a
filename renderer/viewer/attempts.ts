// When something unanswered is sent again: with patience after sending, with growing waits after
// "not now", at once on a new connection. Never stored: a reload asks anew.

/** An answer that does not come in this time is asked for again with the same id, ms. */
const ANSWER_PATIENCE_MS = 3000;
const RETRY_FIRST_MS = 500;
const RETRY_CAP_MS = 8000;

/** Refusals that say "not now" and decide nothing: it waits and is sent again. */
export const WAITING_CODES: ReadonlySet<string> = new Set([
  'STUDIO_AWAY',
  'LEDGER_UNAVAILABLE',
  'RATE_LIMITED',
]);

export class Attempts {
  readonly #known = new Map<string, { count: number; dueAtMs: number }>();

  /** True when `id` is to be sent now; the next time is then set. */
  take(id: string, nowMs: number): boolean {
    const { count, dueAtMs } = this.#known.get(id) ?? { count: 0, dueAtMs: nowMs };
    if (dueAtMs > nowMs) return false;
    const waitMs = Math.max(ANSWER_PATIENCE_MS, retryDelayMs(count));
    this.#known.set(id, { count: count + 1, dueAtMs: nowMs + waitMs });
    return true;
  }

  /** It was told to come again later. */
  postpone(id: string, nowMs: number): void {
    const count = Math.max(1, this.#known.get(id)?.count ?? 1);
    this.#known.set(id, { count, dueAtMs: nowMs + retryDelayMs(count - 1) });
  }

  /** It was answered. */
  done(id: string): void {
    this.#known.delete(id);
  }

  /** A new connection knows nothing of what the old one lost: everything is due now. */
  connectionOpened(): void {
    this.#known.clear();
  }
}

/** Back-off after the given number of earlier attempts, ms. */
function retryDelayMs(attempts: number): number {
  return Math.min(RETRY_CAP_MS, RETRY_FIRST_MS * 2 ** Math.min(attempts, 10));
}
