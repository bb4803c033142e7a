// The leaderboard, joined to the ledger and the audience: told once a second where something
// changed, and to everybody who comes. After a start, and when somebody signs in, what the ledger
// settled before is read again: the board itself is kept nowhere.

import type { Timers } from '../../core/base/clock.ts';
import type { ToViewer } from '../../core/wire/gen/facts_pb.js';
import type { Chat } from '../audience/people/chat.ts';
import { type SettledBet, ShowLeaderboard } from '../audience/people/leaderboard.ts';
import type { People } from '../audience/people/people.ts';
import type { LedgerClient } from '../ledger/client.ts';

const TELL_MS = 1_000;
/** Bettors and their bets that are read back; the ledger gives no more in one answer. */
const READ_BACK_MAX = 500;

export type LeaderboardRoom = {
  /** When the show began, media clock, microseconds; 0 while there is none. */
  begin(sinceUs: number): void;
  settled(entry: SettledBet): void;
  /** Somebody who bet as a guest now is somebody. */
  signedIn(subject: string): void;
  /** Who is listed, or under which name, may have changed. */
  peopleChanged(): void;
  /** To these connections; an empty list is everybody. */
  tell(viewerIds: readonly string[]): void;
  close(): void;
};

export function createLeaderboardRoom(options: {
  people: People;
  chat: Chat;
  ledger: Pick<LedgerClient, 'bettors' | 'history' | 'onConnected'>;
  timers: Timers;
  deliver(viewerIds: readonly string[], message: ToViewer['message']): void;
}): LeaderboardRoom {
  const { people, chat, ledger, timers, deliver } = options;
  let isDue = false;
  const board = new ShowLeaderboard({
    identityOf: (subject) => people.identityOf(subject),
    isListed: (subject) =>
      people.roleOf(subject) === 'viewer' && people.banOf(subject, '') === null,
    nameOf: (subject) => chat.nameOf(subject),
    authorOf: (subject) => chat.authorOf(subject),
  });
  const take = (entry: SettledBet) => {
    if (board.take(entry)) isDue = true;
  };
  const tell = (viewerIds: readonly string[]) =>
    deliver(viewerIds, { case: 'leaderboard', value: board.view() });
  const read = async (subject: string) => {
    if (people.identityOf(subject) === '') return;
    // Oldest first: the order in which they would have been told.
    for (const entry of (await ledger.history(subject, READ_BACK_MAX)).reverse()) take(entry);
  };
  async function readAll(): Promise<void> {
    if (board.sinceUs === 0) return;
    for (const { subject, lastBetAtUs } of await ledger.bettors(READ_BACK_MAX)) {
      if (lastBetAtUs >= board.sinceUs) await read(subject);
    }
  }
  /** A ledger that goes away meanwhile is read again when it is back. */
  const quietly = (reading: Promise<void>) => void reading.catch(() => {});
  ledger.onConnected(() => quietly(readAll()));
  const cancel = timers.every(TELL_MS, () => {
    if (!isDue) return;
    isDue = false;
    tell([]);
  });
  return {
    begin(sinceUs) {
      const before = board.sinceUs;
      board.begin(sinceUs);
      if (board.sinceUs === before) return;
      isDue = true;
      // An engine that was started anew finds a show that began before it.
      quietly(readAll());
    },
    settled: take,
    signedIn: (subject) => quietly(read(subject)),
    peopleChanged() {
      isDue = true;
    },
    tell,
    close: cancel,
  };
}
