// Counts how long each viewer really watches and lets the house give points for it. A minute
// counts by facts of servers: the show is live, the relay says that the picture goes and how many
// take it, the viewer is connected; the page's reports of presented frames are needed as well, but
// alone they give nothing: no more people are given points than the relay sends pictures to.

import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { LedgerBalance } from '../ledger/protocol.ts';
import { refusalOf } from './messages.ts';

/** Pages report every 2 s; after a gap longer than this watching begins anew, microseconds. */
const REPORT_GAP_US_MAX = 6_000_000;
/** What is asked for at once: the policy gives by the minute. */
const MINUTE_US = 60_000_000;
/** A second more than a minute: the ledger counts whole minutes since it gave the last time. */
const GIVE_GAP_US = 61_000_000;
/** Watched but not given yet; more is forgotten, so that nobody saves up hours. */
const WATCHED_US_MAX = 2 * MINUTE_US;
/** After a ledger that was away it is asked again so much later, microseconds. */
const RETRY_US = 5_000_000;
const LOOK_MS = 1_000;

type Watcher = { watchedUs: number; reportedUs: number; givenUs: number; isAsking: boolean };

export type WatchTimeOptions = {
  ledger: Pick<LedgerClient, 'vest'>;
  clock: MediaClock;
  timers: Timers;
  isLive(): boolean;
  /** Points were given. */
  onGiven(subject: string, balance: LedgerBalance, grantedMinor: number): void;
};

export class WatchTime {
  readonly #options: WatchTimeOptions;
  readonly #watchers = new Map<string, Watcher>();
  readonly #cancel: CancelTimer;
  /** By the relay: the picture goes out, to so many. */
  #picture = { isGoing: false, readers: 0 };

  constructor(options: WatchTimeOptions) {
    this.#options = options;
    this.#cancel = options.timers.every(LOOK_MS, () => this.#look());
  }

  /** The relay's word. Without a relay nobody watches. */
  relayTold(picture: { isGoing: boolean; readers: number }): void {
    this.#picture = picture;
  }

  /** A report of one of the subject's pages. */
  reported(subject: string, framesPerSecond: number): void {
    // A hidden page presents nothing; another tab of the same viewer may.
    if (framesPerSecond <= 0) return;
    const nowUs = this.#options.clock.nowUs();
    const before = this.#watchers.get(subject);
    if (!this.#picture.isGoing || !this.#options.isLive()) {
      if (before) before.reportedUs = 0;
      return;
    }
    const watcher = before ?? { watchedUs: 0, reportedUs: 0, givenUs: 0, isAsking: false };
    const gapUs = nowUs - watcher.reportedUs;
    if (gapUs <= REPORT_GAP_US_MAX) {
      watcher.watchedUs = Math.min(WATCHED_US_MAX, watcher.watchedUs + gapUs);
    }
    watcher.reportedUs = nowUs;
    this.#watchers.set(subject, watcher);
  }

  /** Nobody of this subject is connected any more. */
  left(subject: string): void {
    const watcher = this.#watchers.get(subject);
    if (watcher) watcher.reportedUs = 0;
  }

  close(): void {
    this.#cancel();
    this.#watchers.clear();
  }

  #look(): void {
    const nowUs = this.#options.clock.nowUs();
    let given = 0;
    for (const [subject, watcher] of this.#watchers) {
      if (watcher.givenUs > nowUs - MINUTE_US) given++;
      else if (watcher.reportedUs < nowUs - WATCHED_US_MAX && !watcher.isAsking) {
        this.#watchers.delete(subject);
      }
    }
    if (!this.#picture.isGoing || !this.#options.isLive()) return;
    for (const [subject, watcher] of this.#watchers) {
      if (given >= this.#picture.readers) return;
      if (watcher.isAsking || watcher.watchedUs < MINUTE_US) continue;
      if (nowUs - watcher.givenUs < GIVE_GAP_US) continue;
      given++;
      void this.#give(subject, watcher, nowUs);
    }
  }

  async #give(subject: string, watcher: Watcher, atUs: number): Promise<void> {
    watcher.isAsking = true;
    watcher.givenUs = atUs;
    try {
      const { ledger, onGiven } = this.#options;
      const { grantedMinor, balance } = await ledger.vest({
        subject,
        watchedSeconds: MINUTE_US / 1_000_000,
        atUs,
      });
      watcher.watchedUs -= MINUTE_US;
      if (grantedMinor > 0) onGiven(subject, balance, grantedMinor);
    } catch (error) {
      if (refusalOf(error).code === 'LEDGER_UNAVAILABLE') {
        // Asked again with the same minute: the ledger never gives more than time has passed.
        watcher.givenUs = atUs - GIVE_GAP_US + RETRY_US;
      } else watcher.watchedUs -= MINUTE_US;
    } finally {
      watcher.isAsking = false;
    }
  }
}
