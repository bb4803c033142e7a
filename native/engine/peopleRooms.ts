// People of a show, joined: who is bound to a subject, what they may do, their chat, and the lines
// of those who help from elsewhere. The rooms decide; here stands what flows between them, the
// relay and the ledger.

import { isDeepStrictEqual } from 'node:util';
import { create } from '@bufbuild/protobuf';
import type { MediaClock, Timers } from '../../core/base/clock.ts';
import { newId, type RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { EventType } from '../../core/contract/eventCatalogue.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { NOBODY_YET, type PeopleSummary } from '../../core/contract/people.ts';
import type { Role } from '../../core/contract/roles.ts';
import type { RpcServer } from '../../core/contract/rpcServer.ts';
import type { MarketView } from '../../core/contract/state.ts';
import {
  type Bet,
  PeopleSchema,
  RoomRulesSchema,
  StandingSchema,
  type ToViewer,
} from '../../core/wire/gen/facts_pb.js';
import type { Refusal } from '../../core/wire/viewerReplies.ts';
import { toViewer, wireRefused } from '../audience/messages.ts';
import { CHAT_KEPT, Chat } from '../audience/people/chat.ts';
import { type ChatLog, openChatLog } from '../audience/people/chatLog.ts';
import { CrewNotes } from '../audience/people/crewNotes.ts';
import { FraudWatch } from '../audience/people/fraudWatch.ts';
import { People } from '../audience/people/people.ts';
import { openPeopleFile, type PeopleFile } from '../audience/people/peopleFile.ts';
import { StaffDoor } from '../audience/people/staffDoor.ts';
import type { Viewer } from '../audience/viewer.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { ChannelKey } from '../upstream/channelKey.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import { createLeaderboardRoom, type LeaderboardRoom } from './leaderboardRoom.ts';
import { replaceFile } from './replaceFile.ts';

/** Old chat goes once an hour, ms. */
const FORGET_MS = 3_600_000;
const SUMMARY_MS = 500;
/** Hashes of networks live in memory only, and in bans for so long, days. */
const NETWORK_DAYS = 14;

export type KeptPeopleFiles = { file: PeopleFile; log: ChatLog };

/** What was kept of people and their chat. */
export async function openPeopleFiles(
  dataFolder: string,
  around: { random: RandomBytes; wallMs(): number; logger: Logger },
): Promise<KeptPeopleFiles> {
  const { random, wallMs } = around;
  const logger = around.logger.with({ part: 'people' });
  const file = await openPeopleFile({ dataFolder, random, wallMs, replaceFile });
  if (file.complaint !== '') logger.error(file.complaint);
  const onTrouble = (reason: string) => logger.warn('chat is not kept', { reason });
  const { chatDays } = file.people.settings;
  const log = await openChatLog({ dataFolder, wallMs, chatDays, limit: CHAT_KEPT, onTrouble });
  return { file, log };
}

export type PeopleRooms = {
  people: People;
  notes: CrewNotes;
  chat: Chat;
  staffDoor: StaffDoor;
  fraud: FraudWatch;
  leaderboard: LeaderboardRoom;
  /** For the audience: this connection's key is its subject's. */
  bound(viewer: Viewer): void;
  betRefusal(viewer: Viewer, bet: Bet, atUs: number): Refusal | null;
  marketChanged(market: MarketView): void;
  happened(event: GameEvent): void;
  close(): Promise<void>;
};

export function createPeopleRooms(options: {
  kept: KeptPeopleFiles;
  key: ChannelKey;
  socket: StudioSocket;
  ledger: LedgerClient;
  clock: MediaClock;
  timers: Timers;
  random: RandomBytes;
  wallMs(): number;
  logger: Logger;
  /** What user interfaces show of it changed; at most twice a second. */
  onSummary(summary: PeopleSummary): void;
  /** The studio's RPC, once its door stands: lines of the crew speak it. */
  openRpc(): RpcServer;
}): PeopleRooms {
  const { kept, key, socket, clock, timers, random, wallMs } = options;
  const book = createBook(options.ledger, clock, random);
  const people = new People({ file: kept.file, key, random, wallMs, timers, book });
  const deliver = (ids: readonly string[], message: ToViewer['message']) => {
    if (socket.registered) socket.deliver(ids, toViewer(message));
  };
  const { channelId } = key;
  const chat = new Chat({ channelId, people, log: kept.log, wallMs, deliver });
  const staffDoor = new StaffDoor({
    ...{ key, people, random, deliver },
    accept: (port, { role, subject }) => options.openRpc().accept(port, () => role, { subject }),
    revoke: (subject) => options.openRpc().revoke(subject),
  });
  const fraud = new FraudWatch({ clock });
  const tell = createTeller({ people, chat, socket, deliver });
  const { ledger } = options;
  const leaderboard = createLeaderboardRoom({ people, chat, ledger, timers, deliver });
  const unsubscribe = joinPeople({ people, chat, staffDoor, fraud, leaderboard, socket, tell });
  const forget = () => void kept.log.forget(people.settings.chatDays).catch(() => {});
  const cancel = timers.every(FORGET_MS, forget);
  const stopSummary = tellSummary(timers, { people, chat, staffDoor }, options.onSummary);
  options.ledger.onConnected(() => {
    people.bookBans({ role: 'owner', actor: 'studio' }).catch(() => {});
  });
  return {
    ...{ people, chat, staffDoor, fraud, leaderboard },
    notes: new CrewNotes(kept.file, wallMs),
    bound(viewer) {
      const { id: viewerId, subject, publicKey, network } = viewer;
      const isNew = people.personOf(viewerId) === undefined;
      const person = { viewerId, subject, publicKey, network };
      const banned = people.banOf(subject, network);
      if (banned) {
        // The relay holds the newest bans; an old one is met here.
        const { code, message } = banned;
        deliver([viewerId], { case: 'refused', value: wireRefused(code, message) });
        tell.people([viewerId]);
        return;
      }
      people.came(person);
      fraud.came(subject, network);
      if (!isNew) return;
      tell.standing(subject, '');
      // Who came back and resumed has heard all of this.
      if (viewer.hasResumed) return;
      tell.rules([viewerId]);
      chat.greet(person);
      leaderboard.tell([viewerId]);
    },
    betRefusal({ subject, network }, bet, arrivedUs) {
      const { betId, marketId, outcome } = bet;
      const amountMinor = Number(bet.amountMinor);
      fraud.bet({ betId, subject, marketId, outcome, amountMinor, arrivedUs });
      const banned = people.banOf(subject, network);
      if (banned) return banned;
      const mustSignIn = chat.rules().isSignedInOnly && !people.isSignedIn(subject);
      return mustSignIn ? SIGN_IN : null;
    },
    marketChanged({ id: marketId, opensAtUs, state }) {
      if (state === 'OPEN') fraud.marketOpened({ marketId, opensAtUs });
    },
    happened({ type, captureUs }) {
      if (DECIDING.has(type)) fraud.happened({ type, captureUs });
    },
    async close() {
      cancel();
      stopSummary();
      leaderboard.close();
      for (const one of unsubscribe) one();
      staffDoor.close();
      people.close();
      await kept.log.close();
    },
  };
}

/** Events that decide markets; what happens every few seconds says nothing about a bet. */
const DECIDING: ReadonlySet<EventType> = new Set<EventType>([
  ...(['goal', 'kickOff', 'rallyEnd', 'scoreChanged', 'objective', 'elimination'] as const),
]);

const SIGN_IN: Refusal = { code: 'SIGN_IN', message: 'Sign in to bet; watching is free.' };

function createBook(ledger: LedgerClient, clock: MediaClock, random: RandomBytes) {
  const act = (actor: { role: Role; actor: string }) => ({
    ...{ role: actor.role, actor: actor.actor },
    commandId: newId(random),
    atUs: clock.nowUs(),
  });
  return {
    async ban(
      actor: { role: Role; actor: string },
      args: { subject: string; isBanned: boolean; reason: string },
    ): Promise<void> {
      await ledger.setBan({ ...act(actor), ...args });
    },
    async staff(
      actor: { role: Role; actor: string },
      args: { subject: string; isStaff: boolean; reason: string },
    ): Promise<void> {
      await ledger.setStaff({ ...act(actor), ...args });
    },
  };
}

function tellSummary(
  timers: Timers,
  { people, chat, staffDoor }: { people: People; chat: Chat; staffDoor: StaffDoor },
  onSummary: (summary: PeopleSummary) => void,
): () => void {
  let told: PeopleSummary = NOBODY_YET;
  return timers.every(SUMMARY_MS, () => {
    const { heldCount, changes: chatChanges } = chat;
    const crewHere = staffDoor.lineCount;
    const { isShielded, settings } = people;
    const { slowSeconds } = settings;
    const now = { isShielded, crewHere, heldCount, chatChanges, slowSeconds };
    if (isDeepStrictEqual(now, told)) return;
    told = now;
    onSummary(now);
  });
}

type Teller = {
  /** To these connections; an empty list is everybody. */
  rules(viewerIds: readonly string[]): void;
  standing(subject: string, notice: string): void;
  /** To the relay; these connections end. */
  people(endViewers: readonly string[]): void;
};

function createTeller(rooms: {
  people: People;
  chat: Chat;
  socket: StudioSocket;
  deliver(viewerIds: readonly string[], message: ToViewer['message']): void;
}): Teller {
  const { people, chat, socket, deliver } = rooms;
  return {
    rules(viewerIds) {
      const { slowSeconds, areLinksAllowed, isSignedInOnly } = chat.rules();
      const { minimumAge, streamer, appeal, isChatOpen } = people.settings;
      const value = create(RoomRulesSchema, {
        ...{ slowSeconds, minimumAge, streamer, appeal },
        linksAllowed: areLinksAllowed,
        signedInOnly: isSignedInOnly,
        isShielded: people.isShielded,
        chatOpen: isChatOpen,
      });
      deliver(viewerIds, { case: 'roomRules', value });
    },
    standing(subject, notice) {
      const viewerIds = people.connectionsOf(subject);
      if (viewerIds.length === 0) return;
      const value = create(StandingSchema, {
        name: chat.nameOf(subject),
        role: people.roleOf(subject),
        isSignedIn: people.isSignedIn(subject),
        timedOutMs: BigInt(Math.max(0, people.timeOutOf(subject)?.leftMs ?? 0)),
        notice,
        author: chat.authorOf(subject),
      });
      deliver(viewerIds, { case: 'standing', value });
    },
    people(endViewers) {
      const { streamer, contact, appeal, minimumAge, chatDays } = people.settings;
      const barred = people.barred().map(({ leftMs, ...one }) => ({
        ...one,
        remainingMs: BigInt(leftMs),
      }));
      const word = create(PeopleSchema, {
        ...{ streamer, contact, appeal, minimumAge, chatDays, barred },
        networkKey: people.networkKey,
        endViewers: [...endViewers],
        networkDays: NETWORK_DAYS,
      });
      socket.sendPeople(word);
    },
  };
}

/** What flows where. Each statement is one arrow. */
function joinPeople(rooms: {
  people: People;
  chat: Chat;
  staffDoor: StaffDoor;
  fraud: FraudWatch;
  leaderboard: LeaderboardRoom;
  socket: StudioSocket;
  tell: Teller;
}): (() => void)[] {
  const { people, chat, staffDoor, leaderboard, socket, tell } = rooms;
  return [
    socket.onRegistered(() => {
      tell.people([]);
      tell.rules([]);
      leaderboard.tell([]);
    }),
    socket.onLost(() => {
      people.everybodyLeft();
      staffDoor.everybodyLeft();
    }),
    socket.onViewerLeft((viewerId) => {
      people.left(viewerId);
      staffDoor.left(viewerId);
    }),
    socket.onSignedIn(({ subject, identity, name }) => {
      people.signIn(subject, identity, name);
      leaderboard.signedIn(subject);
    }),
    socket.onViewerMessage((viewerId, { message }) => {
      const person = people.personOf(viewerId);
      if (!person) return;
      if (message.case === 'chatSend') chat.take(person, message.value);
      else if (message.case === 'staffOpen') staffDoor.open(person, message.value);
      else if (message.case === 'staffFrame') staffDoor.frame(viewerId, message.value);
      else if (message.case === 'signOut') people.signOut(person.subject);
    }),
    people.onChanged((endViewers) => tell.people(endViewers)),
    people.onChanged(() => leaderboard.peopleChanged()),
    people.onStanding((subject, notice) => tell.standing(subject, notice)),
    people.onStanding(() => leaderboard.peopleChanged()),
    people.onRules(() => {
      tell.people([]);
      tell.rules([]);
    }),
  ];
}
