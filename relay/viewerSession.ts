// One connection of a viewer: challenge, signed hello, then its messages to the studio within
// limits. The relay answers clock pings itself and, while the studio is away, bets: "come again
// with the same id". It never decides whether a bet stands.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { newId } from '../core/base/ids.ts';
import {
  type FromViewer,
  FromViewerSchema,
  type Hello,
  type ToViewer,
  ToViewerSchema,
} from '../core/wire/gen/facts_pb.js';
import { FACTS_VERSION, viewerSigningText } from '../core/wire/signing.ts';
import { TokenBucket } from '../core/wire/tokenBucket.ts';
import { viewerMessageFault } from '../core/wire/viewerChecks.ts';
import { type Refusal, refusedAnswer } from '../core/wire/viewerReplies.ts';
import type { Channel, ChannelViewer } from './channel.ts';
import { TOKEN_SECONDS } from './guestTokens.ts';
import { askPeople } from './peopleNews.ts';
import type { RelayRoom } from './room.ts';
import { isSignedBy } from './signature.ts';
import type { FactsSocket } from './webSocket.ts';

/** A connection that has not said hello by then is closed, ms. */
const HELLO_MS_MAX = 5_000;
/** Bets, withdrawals and sales of one connection. */
const BETS = { perSecond: 5, burst: 20 };
/** Everything else of one connection: clock pings come in bursts of 8. */
const OTHERS = { perSecond: 10, burst: 40 };
/** Two thirds of a token's life, ms. */
const TOKEN_EVERY_MS = (TOKEN_SECONDS * 2000) / 3;
const CHATS = { perSecond: 1, burst: 5 };
/** Pieces of a line of the crew: a long call comes in a hundred. */
const STAFF = { perSecond: 50, burst: 400 };
/** Refused messages of one connection before it is closed: no page of ours comes near. */
const BEYOND = { perSecond: 5, burst: 300 };
/** Unsent bytes at which a viewer is too slow: about a minute of a busy show. */
export const VIEWER_QUEUE_BYTES_MAX = 512 * 1024;
/** Unsent bytes at which latest-wins analytics are left out. */
const ANALYTICS_QUEUE_BYTES_MAX = 32 * 1024;

const MOVES: ReadonlySet<string | undefined> = new Set(['bet', 'withdraw', 'sell']);
/** Both say "not now": the page sends it again with the same id. */
const REFUSALS = {
  limited: { code: 'RATE_LIMITED', message: 'Too many at once; wait a moment.' },
  away: { code: 'STUDIO_AWAY', message: 'The studio is away for a moment; it is sent again.' },
} as const;

/** Serves one viewer of a channel until its socket closes. */
export function serveViewer(
  room: RelayRoom,
  channelId: string,
  socket: FactsSocket,
  from: { address: string; isDisplay: boolean },
): void {
  new ViewerSession(room, channelId, socket, from);
}

class ViewerSession implements ChannelViewer {
  readonly id: string;
  subject = '';
  publicKey = '';
  readonly address: string;
  readonly isDisplay: boolean;
  hasResumed = false;
  readonly #room: RelayRoom;
  readonly #channelId: string;
  readonly #socket: FactsSocket;
  readonly #nonce: string;
  readonly #bets: TokenBucket;
  readonly #others: TokenBucket;
  readonly #chats: TokenBucket;
  readonly #staff: TokenBucket;
  /** Messages beyond the limits: whoever does not wait is not answered for ever. */
  readonly #patience: TokenBucket;
  #channel: Channel | null = null;
  #wantsAnalytics = false;
  #isClosed = false;
  #stopTimer: () => void;

  constructor(
    room: RelayRoom,
    channelId: string,
    socket: FactsSocket,
    from: { address: string; isDisplay: boolean },
  ) {
    const nowUs = room.clock.nowUs();
    this.id = newId(room.random);
    this.#room = room;
    this.#channelId = channelId;
    this.address = from.address;
    this.isDisplay = from.isDisplay;
    this.#socket = socket;
    this.#nonce = newId(room.random);
    this.#bets = new TokenBucket({ ...BETS, nowUs });
    this.#others = new TokenBucket({ ...OTHERS, nowUs });
    this.#chats = new TokenBucket({ ...CHATS, nowUs });
    this.#staff = new TokenBucket({ ...STAFF, nowUs });
    this.#patience = new TokenBucket({ ...BEYOND, nowUs });
    this.#stopTimer = room.timers.after(HELLO_MS_MAX, () =>
      this.#refuse('TOO_SLOW', `Say hello within ${HELLO_MS_MAX / 1000} s of connecting.`),
    );
    socket.onMessage((bytes) => this.#receive(bytes));
    socket.onClose(() => this.#closed());
    const value = { $typeName: 'morphine.facts.v1.Challenge', nonce: this.#nonce } as const;
    this.#write({ case: 'challenge', value });
  }

  send(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#socket.unsentBytes > VIEWER_QUEUE_BYTES_MAX) {
      this.#room.counters.viewersTooSlow++;
      this.#closed();
      this.#socket.terminate();
      return;
    }
    this.#socket.send(bytes);
  }

  sendAnalytics(bytes: Uint8Array): void {
    if (!this.#wantsAnalytics || this.#socket.unsentBytes > ANALYTICS_QUEUE_BYTES_MAX) return;
    this.send(bytes);
  }

  end({ code, message }: Refusal): void {
    this.#refuse(code, message);
  }

  #write(message: ToViewer['message']): void {
    this.send(toBinary(ToViewerSchema, create(ToViewerSchema, { message })));
  }

  #refuse(code: string, message: string): void {
    if (this.#isClosed) return;
    const value = { $typeName: 'morphine.facts.v1.Refused', code, message } as const;
    this.#write({ case: 'refused', value });
    this.#socket.close(4000, code);
    this.#closed();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopTimer();
    this.#channel?.viewerWent(this);
    this.#channel = null;
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const arrivedUs = this.#room.clock.nowUs();
    let message: FromViewer;
    try {
      message = fromBinary(FromViewerSchema, bytes);
    } catch {
      this.#malformed('The message is not one of this protocol.');
      return;
    }
    const part = message.message;
    const fault = viewerMessageFault(part);
    if (fault !== null) {
      this.#malformed(fault);
      return;
    }
    if (part.case === 'hello') this.#hello(part.value);
    else if (!this.#channel) this.#refuse('NO_HELLO', 'Say hello first.');
    else if (MOVES.has(part.case)) this.#move(this.#channel, message, arrivedUs);
    else this.#other(this.#channel, message, arrivedUs);
  }

  #malformed(fault: string): void {
    this.#room.counters.messagesMalformed++;
    this.#refuse('MALFORMED', fault);
  }

  #hello(hello: Hello): void {
    if (this.#channel) {
      this.#refuse('ALREADY_GREETED', 'One hello per connection.');
      return;
    }
    if (hello.version !== FACTS_VERSION) {
      this.#refuse('VERSION', 'This page is of another version; reload it.');
      return;
    }
    const text = viewerSigningText(this.#channelId, hello.subject, this.#nonce);
    if (!isSignedBy(text, hello.signature, hello.publicKey)) {
      this.#refuse('BAD_SIGNATURE', 'Another key signed the challenge.');
      return;
    }
    const channel = this.#room.channels.find(this.#channelId);
    if (!channel) {
      this.#refuse('UNKNOWN_CHANNEL', 'This relay knows no such channel (yet).');
      return;
    }
    const who = { subject: hello.subject, address: this.address };
    const barred = channel.people.refusal(who, 'join', this.#room.clock.nowUs());
    if (barred) {
      this.#room.counters.viewersBarred++;
      this.end(barred);
      return;
    }
    this.#stopTimer();
    this.subject = hello.subject;
    this.publicKey = hello.publicKey;
    this.#channel = channel;
    const { news } = channel;
    const missed = news.since(hello.resumeFeed, Number(hello.resumeNumber));
    this.hasResumed = missed !== null;
    if (this.hasResumed) this.#room.counters.viewersResumed++;
    this.#write({
      case: 'welcome',
      value: {
        $typeName: 'morphine.facts.v1.Welcome',
        subject: hello.subject,
        role: 'viewer',
        version: FACTS_VERSION,
        feed: news.feed,
        number: BigInt(news.number),
        resumed: this.hasResumed,
      },
    });
    channel.viewerCame(this, missed);
    if (channel.people.streamer === null) askPeople(this.#room, channel.id);
    this.#giveToken();
    this.#stopTimer = this.#room.timers.every(TOKEN_EVERY_MS, () => this.#giveToken());
  }

  /** For the relay's HTTP verbs; a newer one comes before it ends. */
  #giveToken(): void {
    const { guestTokens, canSignIn } = this.#room;
    if (!canSignIn) return;
    const guest = { channelId: this.#channelId, subject: this.subject };
    const token = guestTokens.issue(guest, 'signIn');
    const $typeName = 'morphine.facts.v1.GuestToken';
    const value = { $typeName, token, seconds: TOKEN_SECONDS, canSignIn } as const;
    this.#write({ case: 'guestToken', value });
  }

  /** What moves a position: bets, withdrawals and sales share one limit. */
  #move(channel: Channel, message: FromViewer, arrivedUs: number): void {
    const { counters } = this.#room;
    const barred = channel.people.refusal(this, 'move', arrivedUs);
    if (barred) {
      counters.viewersBarred++;
      this.#answer(message, barred);
      return;
    }
    if (!this.#bets.take(arrivedUs)) {
      counters.betsLimited++;
      this.#tooMuch(message, arrivedUs);
      return;
    }
    if (this.#forward(channel, message)) counters.betsForwarded++;
    else {
      counters.betsWithoutStudio++;
      this.#answer(message, REFUSALS.away);
    }
  }

  #tooMuch(message: FromViewer, arrivedUs: number): void {
    if (this.#patience.take(arrivedUs)) this.#answer(message, REFUSALS.limited);
    else this.#refuse('FLOOD', 'Far too many messages; the connection is closed.');
  }

  #answer(question: FromViewer, refusal: Refusal): void {
    const answer = refusedAnswer(question.message, refusal);
    if (answer) this.#write(answer);
  }

  #other(channel: Channel, message: FromViewer, arrivedUs: number): void {
    const kind = message.message.case;
    const barred = kind === 'chatSend' ? channel.people.refusal(this, 'chat', arrivedUs) : null;
    if (barred) {
      this.#room.counters.viewersBarred++;
      this.#answer(message, barred);
      return;
    }
    if (!this.#bucketOf(kind).take(arrivedUs)) {
      this.#room.counters.messagesLimited++;
      this.#tooMuch(message, arrivedUs);
      return;
    }
    if (message.message.case === 'analyticsWish') {
      this.#wantsAnalytics = message.message.value.isWanted;
      return;
    }
    if (kind === 'guestTokenRequest') {
      this.#giveToken();
      return;
    }
    if (message.message.case !== 'ping') {
      if (!this.#forward(channel, message)) this.#answer(message, REFUSALS.away);
      return;
    }
    const { mediaUs, uncertaintyUs } = channel.clock.read(this.#room.clock.nowUs());
    this.#write({
      case: 'pong',
      value: {
        $typeName: 'morphine.facts.v1.Pong',
        sentMs: message.message.value.sentMs,
        mediaUs: BigInt(mediaUs),
        uncertaintyUs,
        relayUs: 0n,
      },
    });
  }

  #bucketOf(kind: FromViewer['message']['case']): TokenBucket {
    if (kind === 'chatSend') return this.#chats;
    return kind === 'staffFrame' ? this.#staff : this.#others;
  }

  #forward(channel: Channel, message: FromViewer): boolean {
    const value = {
      $typeName: 'morphine.facts.v1.ViewerMessage',
      viewerId: this.id,
      message,
    } as const;
    return channel.studio?.send({ case: 'viewerMessage', value }) ?? false;
  }
}
