// The room's chat as this page knows it: what was said, what of its own is not confirmed yet, the
// rules of the room and where this viewer stands. A message is sent again with its id after a lost
// line, so that it is said once; nothing counts as said before the studio said so.

import { create } from '@bufbuild/protobuf';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { newId, type RandomBytes } from '../../core/base/ids.ts';
import { CHAT_COLOURS } from '../../core/people/bounds.ts';
import {
  type ChatMessage,
  ChatSendSchema,
  GuestTokenRequestSchema,
  SignOutSchema,
} from '../../core/wire/gen/facts_pb.js';
import type { OutgoingWord, ViewerWord } from './factsSocket.ts';
import type { TextStore } from './textStore.ts';

/** Messages shown; older ones are gone from the page. */
export const MESSAGES_SHOWN = 200;
/** Own messages without an answer; more are not taken from the keyboard. */
const WAITING_MAX = 5;
const COLOUR_KEY = 'morphine.nameColour';
/** "Not now": the page sends it again by itself. */
const AGAIN: ReadonlySet<string> = new Set(['STUDIO_AWAY']);

export type ChatLineView = {
  number: number;
  author: string;
  name: string;
  role: string;
  colour: number;
  text: string;
  replyTo: number;
  /** Calls this viewer by name. */
  isForMe: boolean;
  isHeld: boolean;
};
export type WaitingLine = { chatId: string; text: string; replyTo: number; isSent: boolean };
export type RoomRulesView = {
  slowSeconds: number;
  areLinksAllowed: boolean;
  isSignedInOnly: boolean;
  isShielded: boolean;
  isChatOpen: boolean;
  minimumAge: number;
  streamer: string;
};
export type StandingView = {
  name: string;
  author: string;
  role: string;
  isSignedIn: boolean;
  /** On the page's monotonic clock, ms; 0: no time-out. */
  timedOutUntilMs: number;
  notice: string;
};

export type ChatView = {
  lines: readonly ChatLineView[];
  waiting: readonly WaitingLine[];
  rules: RoomRulesView | null;
  standing: StandingView | null;
  /** Why the last message was not said; empty when it was. */
  trouble: string;
  /** This relay can sign viewers in. */
  canSignIn: boolean;
  signInTrouble: string;
  /** Of one's own name, 1 to 12; 0: the one that belongs to it. */
  colour: number;
};

export type ChatBookOptions = {
  channel: string;
  origin: string;
  random: RandomBytes;
  monotonicMs(): number;
  textStore: TextStore;
  /** False: there is no line; it is sent when there is one. */
  send(word: OutgoingWord): boolean;
};

export class ChatBook {
  readonly store: StoreApi<ChatView>;
  readonly #options: ChatBookOptions;
  #token = '';

  constructor(options: ChatBookOptions) {
    this.#options = options;
    this.store = createStore<ChatView>(() => ({
      ...{ lines: [], waiting: [], rules: null, standing: null },
      ...{ trouble: '', canSignIn: false, signInTrouble: '' },
      colour: colourOf(options.textStore.read(COLOUR_KEY)),
    }));
  }

  /** False when it was not even taken: empty, or too many wait. */
  say(text: string, replyTo: number): boolean {
    const { waiting } = this.store.getState();
    if (text.trim() === '' || waiting.length >= WAITING_MAX) return false;
    const line = { chatId: newId(this.#options.random), text: text.trim(), replyTo, isSent: false };
    this.store.setState({ waiting: [...waiting, line], trouble: '' });
    this.#sendWaiting();
    return true;
  }

  /** What was under way on the old line is asked again. */
  connectionOpened(): void {
    const waiting = this.store.getState().waiting.map((line) => ({ ...line, isSent: false }));
    this.store.setState({ waiting });
    this.#sendWaiting();
  }

  /** Counts from the next message on. */
  setColour(colour: number): void {
    this.store.setState({ colour });
    try {
      this.#options.textStore.write(COLOUR_KEY, String(colour));
    } catch {
      // The store is full: it holds for this visit.
    }
  }

  readNotice(): void {
    const { standing } = this.store.getState();
    if (standing) this.store.setState({ standing: { ...standing, notice: '' } });
  }

  signOut(): void {
    this.#options.send({ case: 'signOut', value: create(SignOutSchema) });
  }

  /** Where to go to sign in; null when it did not work, and `signInTrouble` says why. */
  async signInAddress(ask: typeof fetch): Promise<string | null> {
    const { origin, channel } = this.#options;
    const trouble = (signInTrouble: string) => {
      this.store.setState({ signInTrouble });
      return null;
    };
    try {
      const answer = await ask(`${origin}/login/${channel}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${this.#token}` },
      });
      // A token works once: the next try needs another.
      const value = create(GuestTokenRequestSchema);
      this.#options.send({ case: 'guestTokenRequest', value });
      const said = (await answer.json()) as { url?: unknown; detail?: unknown };
      if (answer.ok && typeof said.url === 'string') return said.url;
      return trouble(typeof said.detail === 'string' ? said.detail : String(answer.status));
    } catch {
      return trouble('');
    }
  }

  take(word: ViewerWord): void {
    const { store } = this;
    switch (word.case) {
      case 'chatList':
        store.setState({ lines: word.value.messages.map((one) => this.#lineOf(one)) });
        return;
      case 'chat':
        this.#add(this.#lineOf(word.value));
        return;
      case 'chatGone': {
        const gone = new Set(word.value.numbers.map(Number));
        store.setState(({ lines }) => ({ lines: lines.filter(({ number }) => !gone.has(number)) }));
        return;
      }
      case 'chatReply':
        this.#answered(word.value);
        return;
      case 'roomRules': {
        const { slowSeconds, linksAllowed, signedInOnly, isShielded, chatOpen } = word.value;
        const { minimumAge, streamer } = word.value;
        const rules = { slowSeconds, isShielded, minimumAge, streamer, isChatOpen: chatOpen };
        const room = { areLinksAllowed: linksAllowed, isSignedInOnly: signedInOnly };
        store.setState({ rules: { ...rules, ...room } });
        return;
      }
      case 'standing': {
        const { name, role, isSignedIn, notice, timedOutMs, author } = word.value;
        const timedOutUntilMs =
          timedOutMs === 0n ? 0 : this.#options.monotonicMs() + Number(timedOutMs);
        store.setState({ standing: { name, role, isSignedIn, notice, timedOutUntilMs, author } });
        return;
      }
      case 'guestToken':
        this.#token = word.value.token;
        store.setState({ canSignIn: word.value.canSignIn });
        return;
      default:
        return;
    }
  }

  #sendWaiting(): void {
    const { colour } = this.store.getState();
    const waiting = this.store.getState().waiting.map((line) => {
      if (line.isSent) return line;
      const { chatId, text, replyTo } = line;
      const value = create(ChatSendSchema, { chatId, text, replyTo: BigInt(replyTo), colour });
      return { ...line, isSent: this.#options.send({ case: 'chatSend', value }) };
    });
    this.store.setState({ waiting });
  }

  #answered(reply: { chatId: string; number: bigint; code: string; message: string }): void {
    const { waiting, standing } = this.store.getState();
    const own = waiting.find(({ chatId }) => chatId === reply.chatId);
    if (!own || AGAIN.has(reply.code)) return;
    this.store.setState({ waiting: waiting.filter((line) => line !== own) });
    if (reply.number === 0n) {
      this.store.setState({ trouble: reply.message });
      return;
    }
    if (reply.code !== 'HELD' || !standing) return;
    const { name, author, role } = standing;
    const { text, replyTo } = own;
    const number = Number(reply.number);
    this.#add({
      number,
      author,
      name,
      role,
      colour: this.store.getState().colour || 1,
      text,
      replyTo,
      isForMe: false,
      isHeld: true,
    });
  }

  #add(line: ChatLineView): void {
    const others = this.store.getState().lines.filter(({ number }) => number !== line.number);
    const lines = [...others, line].sort((one, other) => one.number - other.number);
    this.store.setState({ lines: lines.slice(-MESSAGES_SHOWN) });
  }

  #lineOf(message: ChatMessage): ChatLineView {
    const { author, name, role, colour, text, isHeld } = message;
    const own = this.store.getState().standing?.author ?? '';
    return {
      ...{ author, name, role, colour, text, isHeld },
      number: Number(message.number),
      replyTo: Number(message.replyTo),
      isForMe: own !== '' && message.mentions.includes(own),
    };
  }
}

/** What was kept, or the name's own. */
function colourOf(kept: string | null): number {
  const colour = Number(kept ?? 0);
  return Number.isInteger(colour) && colour >= 0 && colour <= CHAT_COLOURS ? colour : 0;
}
