// The room's chat: who may say what, how often, and what is shown to whom. Every message passes
// here, because the rules and the numbers are the studio's; the relay only carries it. What the
// filter is not sure of waits for a moderator: its writer sees it, nobody else does.

import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import type { ChatLine } from '../../../core/contract/people.ts';
import { RpcError } from '../../../core/contract/rpc.ts';
import { CHAT_COLOURS } from '../../../core/people/bounds.ts';
import { BUILT_IN_WORDS } from '../../../core/people/builtInWords.ts';
import { ChatPace } from '../../../core/people/chatPace.ts';
import { cleanName, cleanText, handleOf, handlesIn } from '../../../core/people/chatText.ts';
import { hasLink } from '../../../core/people/links.ts';
import { createWordFilter, type WordFilter } from '../../../core/people/wordFilter.ts';
import {
  ChatGoneSchema,
  ChatListSchema,
  type ChatMessage,
  ChatMessageSchema,
  ChatReplySchema,
  type ChatSend,
  type ToViewer,
} from '../../../core/wire/gen/facts_pb.js';
import type { ChatLog } from './chatLog.ts';
import type { Actor, People, PersonHere } from './people.ts';

/** Lines in memory: what moderators page through without the disk. */
export const CHAT_KEPT = 500;
/** Lines that a joiner is shown. */
const CHAT_ON_JOIN = 50;
/** Paces held; whoever was silent longest begins anew. */
const PACES_MAX = 20_000;
/** Ids by which a message sent again is known. */
const IDS_MAX = 2_000;
/** Under the shield one message each so many seconds. */
export const SHIELD_SLOW_SECONDS = 30;

type Answer = Extract<ToViewer['message'], { value: unknown }>;

export type ChatOptions = {
  channelId: string;
  people: People;
  log: ChatLog;
  wallMs(): number;
  /** To these connections; an empty list is everybody. */
  deliver(viewerIds: readonly string[], message: Answer): void;
};

type Refusal = { code: string; message: string };
type Filters = { refused: WordFilter; held: WordFilter; of: unknown };

export class Chat {
  readonly #options: ChatOptions;
  readonly #paces = new Map<string, ChatPace>();
  /** Chat id -> number, oldest first. */
  readonly #ids = new Map<string, number>();
  #lines: ChatLine[];
  #number: number;
  #filters: Filters | null = null;
  readonly counters = { said: 0, held: 0, refused: 0, removed: 0 };
  #changes = 0;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#lines = [...options.log.found];
    this.#number = this.#lines.at(-1)?.number ?? 0;
  }

  /** Rises with everything that a moderator's list would show otherwise. */
  get changes(): number {
    return this.#changes;
  }

  get heldCount(): number {
    return this.#lines.filter(({ state }) => state === 'held').length;
  }

  /** What holds now: the settings, or the shield where it is stricter. */
  rules(): { slowSeconds: number; areLinksAllowed: boolean; isSignedInOnly: boolean } {
    const { settings, isShielded } = this.#options.people;
    if (!isShielded) return settings;
    const slowSeconds = Math.max(settings.slowSeconds, SHIELD_SLOW_SECONDS);
    return { slowSeconds, areLinksAllowed: false, isSignedInOnly: true };
  }

  /** A viewer's message; the answer goes to all connections of that person. */
  take(person: PersonHere, sent: ChatSend): void {
    const known = this.#ids.get(`${person.subject} ${sent.chatId}`);
    if (known !== undefined) {
      this.#reply(person, sent.chatId, { number: known });
      return;
    }
    const text = cleanText(sent.text);
    const refusal = text === '' ? EMPTY : this.#refusalOf(person, text);
    if (refusal) {
      this.counters.refused++;
      this.#reply(person, sent.chatId, refusal);
      return;
    }
    const why = this.#isCrew(person.subject) ? '' : this.#heldFor(text);
    const line = this.#newLine(person.subject, text, Number(sent.replyTo), sent.colour);
    if (why !== '') {
      line.state = 'held';
      line.why = why;
    }
    this.#remember(`${person.subject} ${sent.chatId}`, line.number);
    this.#keep(line);
    if (line.state === 'held') {
      this.counters.held++;
      this.#reply(person, sent.chatId, { number: line.number, ...HELD });
      return;
    }
    this.#reply(person, sent.chatId, { number: line.number });
    this.#tellAll(line);
  }

  /** The crew on the studio's machine, or a remote one that speaks RPC. */
  say(actor: Actor, text: string, replyTo: number): void {
    const clean = cleanText(text);
    if (clean === '') throw new RpcError('badArguments', EMPTY.message);
    const line = this.#newLine(actor.subject ?? '', clean, replyTo, 0);
    line.role = actor.role;
    if (actor.subject === undefined) line.name = this.#options.people.settings.streamer || 'Studio';
    this.#keep(line);
    this.#tellAll(line);
  }

  /** Newest last. */
  list(args: { beforeNumber: number | null; limit: number; heldOnly: boolean }): ChatLine[] {
    const before = args.beforeNumber ?? Number.POSITIVE_INFINITY;
    const found = this.#lines.filter(
      (line) => line.number < before && (!args.heldOnly || line.state === 'held'),
    );
    return found.slice(-args.limit);
  }

  remove(numbers: readonly number[]): void {
    const lines = this.#lines.filter(
      (line) => numbers.includes(line.number) && line.state !== 'removed',
    );
    if (lines.length === 0 && this.areRemoved(numbers)) {
      throw new RpcError('wrongState', 'Those messages were removed already.');
    }
    if (lines.length === 0) throw new RpcError('notFound', 'Those messages are not kept any more.');
    for (const line of lines) this.#forget(line);
    this.#tellGone(lines.map(({ number }) => number));
  }

  /** Whether these are kept, and all of them were removed. */
  areRemoved(numbers: readonly number[]): boolean {
    const lines = this.#lines.filter((line) => numbers.includes(line.number));
    return lines.length > 0 && lines.every(({ state }) => state === 'removed');
  }

  /** What a person said of late; newest last. */
  linesOf(subject: string, limit: number): ChatLine[] {
    return this.#lines.filter((line) => line.subject === subject).slice(-limit);
  }

  /** All that a person said, for example at a ban. */
  removeAllOf(subject: string): void {
    const lines = this.#lines.filter(
      (line) => line.subject === subject && line.state !== 'removed',
    );
    for (const line of lines) this.#forget(line);
    if (lines.length > 0) this.#tellGone(lines.map(({ number }) => number));
  }

  judge(number: number, isSaid: boolean): void {
    const line = this.#lines.find((one) => one.number === number);
    if (line?.state !== 'held') {
      throw new RpcError('wrongState', 'That message does not wait any more.');
    }
    if (!isSaid) {
      this.remove([number]);
      return;
    }
    line.state = 'said';
    line.why = '';
    this.#changes++;
    this.#options.log.mark(number, 'said');
    this.#tellAll(line);
  }

  /** What somebody who joins is shown: what was said, and their own that still wait. */
  greet(person: PersonHere): void {
    const shown = this.#lines.filter(
      (line) => line.state === 'said' || (line.state === 'held' && line.subject === person.subject),
    );
    const messages = shown.slice(-CHAT_ON_JOIN).map(wireLine);
    this.#options.deliver([person.viewerId], {
      case: 'chatList',
      value: create(ChatListSchema, { messages }),
    });
  }

  /** The name that chat shows for a person. */
  nameOf(subject: string): string {
    const name = cleanName(this.#options.people.nameOf(subject));
    const isFine = name !== '' && this.#filtersNow().refused.find(name) === null;
    return isFine && this.#filtersNow().held.find(name) === null
      ? name
      : `Guest-${this.authorOf(subject).slice(0, 5)}`;
  }

  /** Tells authors apart, and leads back to no subject for those who do not know it. */
  authorOf(subject: string): string {
    if (subject === '') return '0'.repeat(16);
    const text = `author|${this.#options.channelId}|${subject}`;
    return createHash('sha256').update(text).digest('hex').slice(0, 16);
  }

  #isCrew(subject: string): boolean {
    return this.#options.people.roleOf(subject) !== 'viewer';
  }

  #refusalOf(person: PersonHere, text: string): Refusal | null {
    const { people, wallMs } = this.#options;
    const barred = people.banOf(person.subject, person.network) ?? people.timeOutOf(person.subject);
    if (barred) return { code: barred.code, message: barred.message };
    if (this.#isCrew(person.subject)) return null;
    const { slowSeconds, areLinksAllowed, isSignedInOnly } = this.rules();
    if (!people.settings.isChatOpen) return { code: 'CHAT_CLOSED', message: 'Chat is closed.' };
    if (isSignedInOnly && !people.isSignedIn(person.subject)) return SIGN_IN;
    const refused = this.#filtersNow().refused.find(text);
    if (refused !== null) {
      return { code: 'REFUSED_WORD', message: `“${refused}” is not said in this room.` };
    }
    if (!areLinksAllowed && hasLink(text)) {
      return { code: 'NO_LINKS', message: 'Links are off in this room.' };
    }
    const nowMs = wallMs();
    const pace = this.#paceOf(person.subject, nowMs).say(text, nowMs, slowSeconds);
    if (pace === null) return null;
    if (pace.code === 'SLOW_MODE') {
      return { code: pace.code, message: `Slow mode: wait ${pace.waitSeconds} s.` };
    }
    return pace.code === 'REPEATED' ? REPEATED : LIMITED;
  }

  #heldFor(text: string): string {
    const found = this.#filtersNow().held.find(text);
    return found === null ? '' : `“${found}”`;
  }

  #filtersNow(): Filters {
    const { settings } = this.#options.people;
    if (this.#filters?.of === settings) return this.#filters;
    const { filter, refusedWords, heldWords } = settings;
    const refused = [...refusedWords, ...(filter === 'refuse' ? BUILT_IN_WORDS : [])];
    const held = [...heldWords, ...(filter === 'hold' ? BUILT_IN_WORDS : [])];
    this.#filters = {
      refused: createWordFilter(refused),
      held: createWordFilter(held),
      of: settings,
    };
    return this.#filters;
  }

  #paceOf(subject: string, nowMs: number): ChatPace {
    const known = this.#paces.get(subject) ?? new ChatPace(nowMs);
    this.#paces.delete(subject);
    this.#paces.set(subject, known);
    const oldest = this.#paces.size > PACES_MAX ? this.#paces.keys().next().value : undefined;
    if (oldest !== undefined) this.#paces.delete(oldest);
    return known;
  }

  #newLine(subject: string, text: string, replyTo: number, colour: number): ChatLine {
    const author = this.authorOf(subject);
    const isKnown = this.#lines.some((line) => line.number === replyTo && line.state === 'said');
    return {
      number: ++this.#number,
      atMs: this.#options.wallMs(),
      subject,
      author,
      name: this.nameOf(subject),
      role: this.#options.people.roleOf(subject),
      colour: colour || 1 + (Number.parseInt(author.slice(0, 4), 16) % CHAT_COLOURS),
      text,
      replyTo: isKnown ? replyTo : 0,
      mentions: this.#mentionsIn(text),
      state: 'said',
      why: '',
    };
  }

  /** Authors of late whose names the text calls. */
  #mentionsIn(text: string): string[] {
    const handles = handlesIn(text);
    if (handles.length === 0) return [];
    const found = new Set<string>();
    for (const line of this.#lines) {
      if (handles.includes(handleOf(line.name))) found.add(line.author);
    }
    return [...found];
  }

  #remember(id: string, number: number): void {
    this.#ids.set(id, number);
    const oldest = this.#ids.size > IDS_MAX ? this.#ids.keys().next().value : undefined;
    if (oldest !== undefined) this.#ids.delete(oldest);
  }

  #keep(line: ChatLine): void {
    this.#changes++;
    this.#lines.push(line);
    if (this.#lines.length > CHAT_KEPT) this.#lines = this.#lines.slice(-CHAT_KEPT);
    this.#options.log.add(line);
  }

  #forget(line: ChatLine): void {
    line.state = 'removed';
    line.text = '';
    this.#changes++;
    this.counters.removed++;
    this.#options.log.mark(line.number, 'removed');
  }

  #tellAll(line: ChatLine): void {
    this.counters.said++;
    this.#options.deliver([], { case: 'chat', value: wireLine(line) });
  }

  #tellGone(numbers: readonly number[]): void {
    const value = create(ChatGoneSchema, { numbers: numbers.map(BigInt) });
    this.#options.deliver([], { case: 'chatGone', value });
  }

  #reply(person: PersonHere, chatId: string, answer: Partial<Refusal> & { number?: number }): void {
    const { number = 0, code = '', message = '' } = answer;
    const value = create(ChatReplySchema, { chatId, number: BigInt(number), code, message });
    this.#options.deliver([person.viewerId], { case: 'chatReply', value });
  }
}

const EMPTY: Refusal = { code: 'EMPTY', message: 'There is nothing to say in it.' };
const SIGN_IN: Refusal = { code: 'SIGN_IN', message: 'Sign in to take part; watching is free.' };
const REPEATED: Refusal = { code: 'REPEATED', message: 'You have just said that.' };
const LIMITED: Refusal = { code: 'RATE_LIMITED', message: 'Too many at once; wait a moment.' };
const HELD: Refusal = { code: 'HELD', message: 'A moderator looks at it first.' };

function wireLine(line: ChatLine): ChatMessage {
  const { author, name, role, colour, text, mentions } = line;
  return create(ChatMessageSchema, {
    ...{ author, name, role, colour, text, mentions },
    number: BigInt(line.number),
    atMs: BigInt(line.atMs),
    replyTo: BigInt(line.replyTo),
    isHeld: line.state === 'held',
  });
}
