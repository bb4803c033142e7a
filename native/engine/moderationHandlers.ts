// What the moderators' panel asks beside people and chat: the audit log with names, one person's
// card, notes of the crew, slow mode, and what a decision would do. Reads of rooms and ledger.

import type { AuditEntry } from '../../core/contract/moderation.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { RequestResult } from '../ledger/protocol.ts';
import { type CrewActRooms, wallOf } from './crewActs.ts';
import { actorOf } from './peopleHandlers.ts';

/** Shown of one person. */
const LINES_SHOWN = 50;
const BETS_SHOWN = 30;
const ACTS_SHOWN = 20;
/** Pages of the journal that one search looks through. */
const SEARCH_PAGES = 5;
const SEARCH_PAGE = 200;

export type ModerationRooms = CrewActRooms & {
  ledger: Pick<LedgerClient, 'acts' | 'effectOf' | 'history' | 'balance'>;
};

/** @param refusable turns a room's refusal into the contract's error */
export function createModerationHandlers(
  rooms: ModerationRooms,
  refusable: <Result>(run: () => Promise<Result>) => Promise<Result> = (run) => run(),
): Pick<Handlers, 'moderation'> {
  const { ledger, around } = rooms;
  const { people, notes, chat, fraud } = rooms.peopleRooms;
  return {
    moderation: {
      audit: (args) => refusable(() => search(rooms, args)),
      card: ({ subject }) =>
        refusable(async () => {
          const { availableMinor, stakedMinor, debtMinor = 0 } = await ledger.balance(subject);
          const bets = await ledger.history(subject, BETS_SHOWN);
          const acts = await ledger.acts({ beforeSeq: null, limit: ACTS_SHOWN, target: subject });
          return {
            subject,
            ...{ name: chat.nameOf(subject), role: people.roleOf(subject) },
            isHere: people.connectionsOf(subject).length > 0,
            isSignedIn: people.isSignedIn(subject),
            ...{ availableMinor, stakedMinor, debtMinor },
            lines: chat.linesOf(subject, LINES_SHOWN),
            bets: bets.map(
              ({ betId, marketTitle, outcomeLabel, amountMinor, result, paidMinor }) => ({
                ...{ betId, marketTitle, outcomeLabel, amountMinor, result, paidMinor },
              }),
            ),
            sanctions: people.view().sanctions.filter((one) => one.subject === subject),
            signals: fraud.signals().filter(({ subjects }) => subjects.includes(subject)),
            notes: notes.of(subject),
            acts: acts.acts.map((act) => entryOf(rooms, act)),
          };
        }),
      note: (args, caller) => notes.write(actorOf(caller), args),
      removeNote: ({ noteId }) => notes.remove(noteId),
      setSlow: ({ seconds }) => people.configure({ ...people.settings, slowSeconds: seconds }),
      effect: (args, caller) =>
        refusable(() => {
          const { subject, ...by } = actorOf(caller);
          const act = { ...by, commandId: 'effect', atUs: around.clock.nowUs() };
          return ledger.effectOf({
            ...act,
            ...args,
            ...(subject ? { actorSubject: subject } : {}),
          });
        }),
    },
  };
}

type Act = RequestResult<'acts'>['acts'][number];

function entryOf({ peopleRooms: { people, chat }, around }: ModerationRooms, act: Act): AuditEntry {
  const { atUs, ...kept } = act;
  const isOfPerson = /^(person|role|note)\./.test(act.act) && /^[0-9a-f]{32}$/.test(act.target);
  return {
    ...kept,
    atMs: wallOf(around, atUs),
    name: people.crewNameOf(act.actor),
    about: isOfPerson ? chat.nameOf(act.target) : act.about,
  };
}

async function search(
  rooms: ModerationRooms,
  { beforeSeq, limit, words }: { beforeSeq: number | null; limit: number; words: string },
) {
  const wanted = words.trim().toLowerCase();
  const entries: AuditEntry[] = [];
  let nextSeq = beforeSeq;
  for (let page = 0; page < SEARCH_PAGES && entries.length < limit; page++) {
    const asked = wanted === '' ? limit - entries.length : SEARCH_PAGE;
    const found = await rooms.ledger.acts({ beforeSeq: nextSeq, limit: asked });
    nextSeq = found.nextSeq;
    for (const act of found.acts) {
      const entry = entryOf(rooms, act);
      if (wanted !== '' && !textOf(entry).includes(wanted)) continue;
      entries.push(entry);
      if (entries.length < limit) continue;
      nextSeq = act.seq > 1 ? act.seq : null;
      break;
    }
    if (nextSeq === null) break;
  }
  return { entries, nextSeq };
}

function textOf({ name, actor, role, act, about, outcome, reason, target }: AuditEntry): string {
  return [name, actor, role, act, about, outcome, reason, target].join(' ').toLowerCase();
}
