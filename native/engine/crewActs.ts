// Who of the crew did what. Every act is written into the ledger's journal with its actor; where
// two want the same, the first one's act stands, and the other is told who did it and when. Which
// operations are acts is one table here; the rooms know nothing of it. It never decides whether an
// act is allowed: that is the contract's roles, the rooms and the ledger.

import type { MediaClock } from '../../core/base/clock.ts';
import { newId, type RandomBytes } from '../../core/base/ids.ts';
import { type EarlierAct, RpcError } from '../../core/contract/rpc.ts';
import type { Caller, Handlers } from '../../core/contract/rpcCalls.ts';
import type { MarketView } from '../../core/contract/state.ts';
import type { LedgerClient } from '../ledger/client.ts';
import { actorOf } from './peopleHandlers.ts';
import type { PeopleRooms } from './peopleRooms.ts';
import type { Show } from './show.ts';

/** Acts remembered by what they were done to; older ones are asked of the ledger. */
const RECENT_MAX = 500;
/** A second warning within this, ms, is the same one. */
const SAME_WARNING_MS = 10_000;
/** A time-out that ends this little earlier, ms, is the same one. */
const SAME_TIME_OUT_MS = 15_000;

export type CrewActRooms = {
  ledger: Pick<LedgerClient, 'noteAct' | 'acts'>;
  peopleRooms: PeopleRooms;
  show: Show;
  markets: { markets(): readonly MarketView[] };
  around: { clock: MediaClock; random: RandomBytes; wallMs(): number };
};

/** What an operation does to what; `noted`: the ledger has no row of its own for it. */
type Spec = {
  act: string;
  /** Names what two cannot do twice. */
  key: string;
  target: string;
  reason?: string;
  isNoted?: boolean;
  /** It is as this act would make it: nothing is left to do. */
  isDone?: boolean;
};

type Args = Readonly<Record<string, unknown>>;
type SpecOf = (args: Args, rooms: CrewActRooms) => Spec;

const text = (value: unknown) => (typeof value === 'string' ? value : '');

const ofMarket =
  (act: string, isDone?: (market: MarketView) => boolean): SpecOf =>
  ({ marketId }, { markets }) => {
    const market = markets.markets().find(({ id }) => id === marketId);
    const target = text(marketId);
    const isOver = market !== undefined && isDone?.(market) === true;
    return { act, key: `market ${target}`, target, isDone: isOver };
  };

const ofSuggestion =
  (act: string, isNoted: boolean): SpecOf =>
  ({ suggestionId }) => ({ act, key: `suggestion ${text(suggestionId)}`, target: '', isNoted });

const ofRoom =
  (act: string, reasonOf: (args: Args) => string = () => ''): SpecOf =>
  (args) => ({ act, key: act, target: '', reason: reasonOf(args), isNoted: true });

const ofPerson =
  (act: string, isNoted = true): SpecOf =>
  ({ subject, reason }) => {
    const target = text(subject);
    return { act, key: `${act} ${target}`, target, reason: text(reason), isNoted };
  };

const messages = (numbers: readonly unknown[]) => {
  const [first = 0] = numbers;
  return numbers.length > 1 ? `message-${first}-and-${numbers.length - 1}` : `message-${first}`;
};

const TABLE: Readonly<Record<string, SpecOf>> = {
  'show.goLive': ofRoom('show.wentLive'),
  'show.end': ofRoom('show.ended'),
  'show.rename': ofRoom('show.renamed', ({ title }) => text(title)),
  'show.suspendBetting': (_args, { show }) => ({
    ...{ act: 'betting.suspended', key: 'betting', target: '' },
    isDone: show.view().suspendedByHand !== '',
  }),
  'show.resumeBetting': (_args, { show }) => ({
    ...{ act: 'betting.resumed', key: 'betting', target: '' },
    isDone: show.view().suspendedByHand === '',
  }),
  'markets.openSuggestion': ofSuggestion('market.opened', false),
  'markets.dismissSuggestion': ofSuggestion('show.dismissedSuggestion', true),
  'markets.lock': ofMarket('market.locked', ({ state }) => state === 'LOCKED'),
  'markets.resolve': ofMarket('market.resolved'),
  'markets.void': ofMarket('market.voided'),
  'markets.correct': ofMarket('market.corrected'),
  'markets.suspend': ofMarket('betting.suspended', ({ suspended }) => suspended !== undefined),
  'markets.resume': ofMarket('betting.resumed', ({ suspended }) => suspended === undefined),
  'people.warn': ofPerson('person.warned'),
  'people.timeOut': (args, rooms) => {
    const { people } = rooms.peopleRooms;
    const leftMs = people.timeOutOf(text(args.subject))?.leftMs ?? 0;
    const isDone = leftMs > Number(args.seconds) * 1000 - SAME_TIME_OUT_MS;
    return { ...ofPerson('person.timedOut')(args, rooms), isDone: leftMs > 0 && isDone };
  },
  'people.ban': (args, rooms) => {
    const known = rooms.peopleRooms.people.banOf(text(args.subject), '');
    const isDone = known !== null && args.withNetwork === false;
    return { ...ofPerson('person.banned', false)(args, rooms), isDone };
  },
  'people.lift': ({ sanctionId, reason }, { peopleRooms: { people } }) => {
    const found = people.view().sanctions.find((one) => one.sanctionId === sanctionId);
    const key = `sanction ${text(sanctionId)}`;
    const isNoted = found !== undefined && found.kind !== 'ban';
    const target = found?.subject ?? '';
    return { act: 'person.restored', key, target, reason: text(reason), isNoted };
  },
  'people.setShield': ({ isOn }, { peopleRooms: { people } }) => ({
    ...{ act: isOn === true ? 'shield.on' : 'shield.off', key: 'shield', target: '' },
    ...{ isNoted: true, isDone: people.isShielded === isOn },
  }),
  'people.configure': ofRoom('room.configured'),
  'people.invite': ({ inviteId, role, name }) => ({
    ...{ act: 'invite.made', key: `invite ${text(inviteId)}`, target: text(inviteId) },
    ...{ reason: [text(role), text(name)].filter((one) => one !== '').join(', '), isNoted: true },
  }),
  'people.revokeInvite': ({ inviteId }) => ({
    ...{ act: 'invite.revoked', key: `invite ${text(inviteId)}`, target: text(inviteId) },
    isNoted: true,
  }),
  'people.revokeRole': ofPerson('role.revoked'),
  'chat.remove': ({ numbers }, { peopleRooms: { chat } }) => {
    const all = numbers as number[];
    const target = messages(all);
    const act = 'chat.removed';
    return { act, key: `message ${all[0]}`, target, isNoted: true, isDone: chat.areRemoved(all) };
  },
  'chat.judge': ({ number, isSaid }) => ({
    ...{ act: isSaid === true ? 'chat.approved' : 'chat.refused', key: `message ${number}` },
    ...{ target: messages([number]), isNoted: true },
  }),
  'moderation.note': (args, rooms) => ({
    ...ofPerson('note.written')(args, rooms),
    key: `note ${text(args.noteId)}`,
  }),
  'moderation.removeNote': ({ noteId }) => ({
    ...{ act: 'note.removed', key: `note ${text(noteId)}`, target: text(noteId), isNoted: true },
  }),
  'moderation.setSlow': ofRoom('room.slowed', ({ seconds }) => `${seconds} s`),
};

/** Handlers whose acts are written down, and told to whoever comes second. */
export function withCrewActs(handlers: Handlers, rooms: CrewActRooms): Handlers {
  const acts = new CrewActs(rooms);
  const wrapped = Object.entries(handlers).map(([room, ofThisRoom]) => {
    const entries = Object.entries(ofThisRoom).map(([name, each]) => {
      const handle = each as unknown as Handle;
      const specOf = TABLE[`${room}.${name}`];
      if (!specOf) return [name, handle] as const;
      const run: Handle = (args, caller) => acts.run(specOf(args, rooms), args, caller, handle);
      return [name, run] as const;
    });
    return [room, Object.fromEntries(entries)];
  });
  // Every operation of the table keeps its arguments and its answer.
  return Object.fromEntries(wrapped) as Handlers;
}

type Handle = (args: Args, caller: Caller) => unknown;
type Recent = EarlierAct & { actor: string };

class CrewActs {
  readonly #rooms: CrewActRooms;
  readonly #recent = new Map<string, Recent>();

  constructor(rooms: CrewActRooms) {
    this.#rooms = rooms;
  }

  async run(spec: Spec, args: Args, caller: Caller, handle: Handle): Promise<unknown> {
    const isSame = spec.act === 'person.warned' && this.#isFresh(spec.key);
    if (spec.isDone || isSame) {
      const earlier = await this.#earlierOf(spec);
      // One's own act again changes nothing and is no fault.
      if (!earlier || earlier.actor === actorOf(caller).actor) return {};
      throw told(new RpcError('wrongState', 'That was done already.'), earlier);
    }
    let result: unknown;
    try {
      result = await handle(args, caller);
    } catch (cause) {
      const isLate = cause instanceof RpcError && LATE.has(cause.code);
      const earlier = isLate ? await this.#earlierOf(spec) : null;
      throw isLate && earlier ? told(cause, earlier) : cause;
    }
    this.#remember(spec, caller);
    if (spec.isNoted) await this.#note(spec, caller);
    return result;
  }

  #isFresh(key: string): boolean {
    const known = this.#recent.get(key);
    return known !== undefined && this.#rooms.around.wallMs() - known.atMs < SAME_WARNING_MS;
  }

  #remember({ key, act }: Spec, caller: Caller): void {
    const { actor, role } = actorOf(caller);
    const { peopleRooms, around } = this.#rooms;
    const name = peopleRooms.people.crewNameOf(actor);
    this.#recent.delete(key);
    this.#recent.set(key, { actor, role, name, act, outcome: '', atMs: around.wallMs() });
    const oldest = this.#recent.size > RECENT_MAX ? this.#recent.keys().next().value : undefined;
    if (oldest !== undefined) this.#recent.delete(oldest);
  }

  /** The journal knows what the machine decided, and what was done before a restart. */
  async #earlierOf({ key, target }: Spec): Promise<Recent | null> {
    const recent = this.#recent.get(key) ?? null;
    const { ledger, peopleRooms, around } = this.#rooms;
    const isOfMarket = key.startsWith('market ');
    if (target === '' || (recent && !isOfMarket)) return recent;
    const page = await ledger.acts({ beforeSeq: null, limit: 1, target }).catch(() => null);
    const [newest] = page?.acts ?? [];
    if (!newest) return recent;
    const { actor, role, act, outcome, atUs } = newest;
    const atMs = wallOf(around, atUs);
    return { actor, role, name: peopleRooms.people.crewNameOf(actor), act, outcome, atMs };
  }

  async #note({ act, target, reason = '' }: Spec, caller: Caller): Promise<void> {
    const { ledger, around } = this.#rooms;
    const { actor, role } = actorOf(caller);
    const at = { commandId: newId(around.random), atUs: around.clock.nowUs() };
    const note = { ...at, actor, role, act, target, reason: reason.slice(0, 300) };
    await ledger.noteAct(note).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      const words = `It holds, but the ledger has no record of it: ${why}`;
      throw new RpcError('unavailable', words);
    });
  }
}

const LATE: ReadonlySet<string> = new Set(['wrongState', 'notFound']);

/** The same refusal, with who was first. */
function told(refusal: RpcError, { actor: _pseudonym, ...earlier }: Recent): RpcError {
  const who = earlier.name || WHO[earlier.role];
  const at = new Date(earlier.atMs).toISOString().slice(11, 19);
  const words = `${refusal.message} ${who} was first, at ${at} UTC.`;
  return new RpcError(refusal.code, words, earlier);
}

const WHO = {
  owner: 'The owner',
  coHost: 'A co-host',
  moderator: 'A moderator',
  vision: 'The studio itself',
  viewer: 'A viewer',
} as const;

/** A media time of this run, or of one before that shared its clock, as wall time in ms. */
export function wallOf({ clock, wallMs }: CrewActRooms['around'], atUs: number): number {
  return Math.max(0, Math.round(wallMs() - (clock.nowUs() - atUs) / 1000));
}
