// Lets the engine use its ledger once it is known to be whole: a ledger that lacks rows which a
// relay signed is brought up to them first, because one grant or bet written before that would be
// a second past. While no relay answers, the mark kept in the data folder decides, and a ledger
// that was not closed in order waits, for only the relay can say that nothing is missing.
// Afterwards markets that were open are locked: what happened to them meanwhile only the owner can
// know.

import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Endpoint } from '../../core/contract/process.ts';
import { createLedgerClient, type LedgerClient } from '../ledger/client.ts';
import { ImportRefused, importOver } from '../ledger/importRows.ts';
import type { Link } from '../link/link.ts';
import type { JournalShipper, JournalSource } from '../upstream/journalShipper.ts';
import { type LocalHead, RecoveryRefused, recoverJournal } from '../upstream/recovery.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import type { MarkKeeper } from '../upstream/witnessedMark.ts';

/** Our own relay answers sooner; one that does not is met when it comes. */
const RELAY_WAIT_MS_MAX = 1_500;
/** After the ledger or the relay went away in the middle, ms. */
const RETRY_MS = 1_000;
const MARKETS_MAX = 500;
const LOCK_REASON = 'The ledger was rebuilt from the relay’s copy; the owner decides here.';
const FETCHING = 'Rows that the relay holds are missing here and are being fetched.';
const WAITING =
  'This ledger is older than the relay’s copy, and no relay answers; betting waits for it.';
const CRASHED =
  'The studio did not stop in order, and no relay answers: markets wait until it confirms that ' +
  'no bet is missing here.';

export type LedgerGate = {
  /** The ledger (re)started there, or went away. */
  setEndpoint(endpoint: Endpoint | null): void;
  /** Why the ledger is not used yet, one sentence; empty when it is. */
  readonly reason: () => string;
  /** Whose rows these are while the ledger is away; null for a ledger without a past. */
  identity(): { ledgerId: string; epoch: number } | null;
  close(): void;
};

type Options = {
  ledger: LedgerClient;
  journal: Pick<JournalSource, 'head' | 'onRows'>;
  socket: StudioSocket;
  shipper: JournalShipper;
  marks: MarkKeeper;
  connect(endpoint: Endpoint): Promise<Link>;
  clock: MediaClock;
  timers: Timers;
  logger: Logger;
};

export function createLedgerGate(options: Options): LedgerGate {
  return new Gate(options);
}

class Gate implements LedgerGate {
  readonly #options: Options;
  readonly #unsubscribe: (() => void)[];
  #endpoint: Endpoint | null = null;
  #attached: Link | null = null;
  #isOpening = false;
  /** The rows cannot be had: what is here is read, and nobody tries again on this connection. */
  #isRefused = false;
  /** Unused, and not the ledger of the kept mark: that one's epoch is not ours. */
  #isFresh = false;
  #reason = '';
  #cancelRetry: CancelTimer | null = null;
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#unsubscribe = [
      options.socket.onRegistered(() => this.#relayCame()),
      options.journal.onRows(() => this.#check()),
    ];
  }

  reason = (): string => this.#reason;

  identity(): { ledgerId: string; epoch: number } | null {
    return this.#isFresh ? null : this.#options.marks.identity();
  }

  setEndpoint(endpoint: Endpoint | null): void {
    this.#endpoint = endpoint;
    this.#attached = null;
    this.#open();
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#unsubscribe) stop();
    this.#cancelRetry?.();
  }

  /** A relay may know more than the one kept mark did; each registration is one more try. */
  #relayCame(): void {
    this.#isRefused = false;
    this.#check();
    if (!this.#attached) this.#open();
  }

  #check(): void {
    const head = this.#options.journal.head();
    if (!this.#attached || !head || this.#isRefused) return;
    if (!this.#lacksRows({ ...head, isUnused: head.seq === 1 })) return;
    // Closing it refuses everybody at once, before a viewer is granted anything.
    this.#attached.close();
    this.#attached = null;
    this.#open();
  }

  #open(): void {
    const endpoint = this.#endpoint;
    if (!endpoint || this.#isOpening || this.#isClosed) return;
    this.#isOpening = true;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#openAt(endpoint)
      .catch((cause: unknown) => {
        this.#options.logger.warn('ledger not reached', { reason: String(cause) });
        return 'retry' as const;
      })
      .then((outcome) => {
        this.#isOpening = false;
        if (this.#isClosed) return;
        // Another one came meanwhile, or this one is to be tried again.
        const hasRelayNow = outcome === 'waiting' && this.#options.socket.registered !== null;
        if (this.#endpoint !== endpoint || hasRelayNow) this.#open();
        else if (outcome === 'retry') {
          this.#cancelRetry = this.#options.timers.after(RETRY_MS, () => this.#open());
        }
      });
  }

  async #openAt(endpoint: Endpoint): Promise<'attached' | 'retry' | 'waiting'> {
    const { socket, marks, timers, logger } = this.#options;
    const link = await this.#options.connect(endpoint);
    const local = importOver(link);
    try {
      const head = await local.head();
      this.#isFresh = head.isUnused && marks.mark?.ledgerId !== head.ledgerId;
      await this.#relayAnswer();
      if (this.#lacksRows(head)) {
        if (!socket.registered) return this.#wait(link, WAITING);
        this.#reason = FETCHING;
        const { rows, epoch } = await recoverJournal({ socket, local, marks, timers });
        this.#isFresh = false;
        await this.#lockOpenMarkets(endpoint, epoch);
        logger.info('the ledger got its rows back', { rows, epoch });
      } else if (head.isAfterCrash && !head.isUnused && !socket.registered) {
        return this.#wait(link, CRASHED);
      }
    } catch (cause) {
      if (!(cause instanceof RecoveryRefused || cause instanceof ImportRefused)) {
        link.close();
        throw cause;
      }
      this.#isRefused = true;
      // The shipper meets the same and suspends betting; what is here can still be read.
      logger.error('the ledger could not be brought back', { reason: cause.message });
    }
    if (this.#endpoint !== endpoint || this.#isClosed) {
      link.close();
      return 'retry';
    }
    this.#reason = '';
    this.#attached = link;
    this.#options.ledger.attach(link);
    this.#options.shipper.resume();
    return 'attached';
  }

  #wait(link: Link, reason: string): 'waiting' {
    this.#reason = reason;
    link.close();
    return 'waiting';
  }

  #lacksRows(head: Pick<LocalHead, 'ledgerId' | 'seq' | 'isUnused'>): boolean {
    const signed = this.#options.socket.registered?.journalMark;
    if (signed && signed.ledgerId !== head.ledgerId) return head.isUnused;
    if (signed) return head.seq < Number(signed.seq);
    const kept = this.#options.marks.mark;
    if (this.#options.socket.registered || !kept) return false;
    return kept.ledgerId === head.ledgerId ? head.seq < kept.seq : head.isUnused;
  }

  /** Resolves when the relay answered or is known to be away. */
  #relayAnswer(): Promise<void> {
    const { socket, timers } = this.#options;
    return new Promise((resolve) => {
      const isKnown = () => socket.registered !== null || socket.state.state === 'unreachable';
      if (isKnown()) {
        resolve();
        return;
      }
      const stops = [
        timers.after(RELAY_WAIT_MS_MAX, () => end()),
        socket.onRegistered(() => end()),
        socket.onState(() => isKnown() && end()),
      ];
      const end = () => {
        for (const stop of stops) stop();
        resolve();
      };
    });
  }

  async #lockOpenMarkets(endpoint: Endpoint, epoch: number): Promise<void> {
    const client = createLedgerClient(await this.#options.connect(endpoint));
    try {
      for (const market of await client.markets(false, MARKETS_MAX)) {
        if (market.state !== 'OPEN') continue;
        await client.lockMarket({
          commandId: `recovered-${epoch}-${market.id}`.slice(0, 80),
          marketId: market.id,
          actor: 'engine',
          role: 'vision',
          atUs: this.#options.clock.nowUs(),
          tCapUs: null,
          reason: LOCK_REASON,
        });
      }
    } finally {
      client.close();
    }
  }
}
