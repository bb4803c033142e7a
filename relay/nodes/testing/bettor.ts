// For tests only: a viewer who bets and behaves as the page does. Every bet has an id before it is
// sent and is asked again with that id until it is answered; a lost connection is made anew.

import { realTimers } from '../../../core/base/clock.ts';
import { newId } from '../../../core/base/ids.ts';
import { random, TestViewer } from '../../testing/harness.ts';

const NOT_NOW = new Set(['STUDIO_AWAY', 'LEDGER_UNAVAILABLE', 'RATE_LIMITED']);
/** As in the page, but for tests that must not wait long, ms. */
const PATIENCE_MS = 1_000;
const AGAIN_MS = 150;
const BACK_MS = 50;

export type Receipt = { seq: number; hash: string; amountMinor: number };

export class Bettor {
  readonly receipts = new Map<string, Receipt>();
  readonly refused = new Map<string, string>();
  readonly pending = new Map<string, number>();
  readonly faults: string[] = [];
  connections = 0;
  asked = 0;
  isConnected = false;
  readonly subject = newId(random);
  readonly #secret = random(32);
  readonly #url: string;
  readonly #channelId: string;
  readonly #marketId: string;
  #viewer: TestViewer | null = null;
  #isDone = false;

  constructor(url: string, channelId: string, marketId: string) {
    this.#url = url;
    this.#channelId = channelId;
    this.#marketId = marketId;
    void this.#stay();
  }

  /** A new bet; it is asked for until it is answered. */
  bet(amountMinor: number): void {
    const betId = newId(random);
    this.pending.set(betId, amountMinor);
    void this.#ask(betId);
  }

  close(): void {
    this.#isDone = true;
    this.#viewer?.close();
  }

  async #stay(): Promise<void> {
    while (!this.#isDone) {
      const viewer = new TestViewer(this.#url, this.#channelId, this.#secret, this.subject);
      this.#viewer = viewer;
      viewer.socket.addEventListener('message', () => this.#read(viewer));
      await Promise.race([viewer.hello(), viewer.closed]);
      await viewer.closed;
      this.isConnected = false;
      await new Promise<void>((resolve) => realTimers.after(BACK_MS, resolve));
    }
  }

  #read(viewer: TestViewer): void {
    const { message } = viewer.inbox.all.at(-1) ?? { message: { case: undefined } };
    if (message.case === 'welcome') {
      this.connections++;
      this.isConnected = true;
      for (const betId of this.pending.keys()) this.#send(betId);
    } else if (message.case === 'betReply') {
      const { betId, seq, hash, code, amountMinor } = message.value;
      if (NOT_NOW.has(code)) realTimers.after(AGAIN_MS, () => this.#send(betId));
      else
        this.#answered(betId, code, { seq: Number(seq), hash, amountMinor: Number(amountMinor) });
    }
  }

  #answered(betId: string, code: string, receipt: Receipt): void {
    this.pending.delete(betId);
    if (code !== '') {
      this.refused.set(betId, code);
      return;
    }
    const known = this.receipts.get(betId);
    if (known && known.hash !== receipt.hash) this.faults.push(`${betId} has two receipts`);
    this.receipts.set(betId, receipt);
  }

  async #ask(betId: string): Promise<void> {
    this.#send(betId);
    while (this.pending.has(betId) && !this.#isDone) {
      await new Promise<void>((resolve) => realTimers.after(PATIENCE_MS, resolve));
      this.#send(betId);
    }
  }

  #send(betId: string): void {
    const amountMinor = this.pending.get(betId);
    if (amountMinor === undefined || !this.isConnected) return;
    this.asked++;
    this.#viewer?.bet(this.#marketId, amountMinor, betId);
  }
}
