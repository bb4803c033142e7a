// The documented view for outside tools (docs/json-view.md): a channel's facts as JSON over
// server-sent events, in the types of the source documents. It is read-only and needs a token that
// the studio holds. A tool that does not keep up loses pictures' facts, and is closed before it
// loses a market: it comes back with the last number and hears what it missed.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CancelTimer, Timers } from '../core/base/clock.ts';
import { newId, type RandomBytes } from '../core/base/ids.ts';
import type { Market } from '../core/wire/gen/facts_pb.js';
import { isId } from '../core/wire/signing.ts';
import type { Channel } from './channel.ts';
import { detectionOf, opportunityOf, poseOf, speedOf } from './jsonMessages.ts';
import { sendProblem } from './problems.ts';
import type { MarkSigner } from './relayKey.ts';

/** Tools of one channel at once. */
const TOOLS_MAX = 32;
/** Markets' changes that a tool may have missed and still hear one by one. */
const KEPT_MAX = 256;
/** A feed without tools keeps its numbers this long, ms. */
const LINGER_MS = 60_000;
/** A line that says nothing, so that no proxy takes the connection for dead, ms. */
const ALIVE_MS = 10_000;
/** Unsent bytes above which pictures' facts are left out, and above which a tool is closed. */
const BEHIND_BYTES = 64 * 1024;
const LOST_BYTES = 512 * 1024;

/** What opens the view of a channel: the same on all nodes, because they sign with one key. */
export function viewTokenOf(marks: Pick<MarkSigner, 'signText'>, channelId: string): string {
  const signed = marks.signText(`morphine-view-v1|${channelId}`);
  return createHash('sha256').update(signed).digest('hex');
}

export type JsonViewOptions = {
  marks: Pick<MarkSigner, 'signText'>;
  timers: Timers;
  random: RandomBytes;
  /** A channel that is known here, after it was looked for. */
  find(channelId: string): Promise<Channel | null>;
};

export class JsonView {
  readonly #options: JsonViewOptions;
  readonly #feeds = new Map<Channel, Feed>();

  constructor(options: JsonViewOptions) {
    this.#options = options;
  }

  /** Answers `GET /view/{channel}`; false for other paths. */
  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    if (!path.startsWith('/view/')) return false;
    const channelId = path.slice('/view/'.length);
    if (request.method !== 'GET') {
      response.setHeader('Allow', 'GET');
      sendProblem(response, 405, 'The view is read by GET.');
    } else if (!isId(channelId)) sendProblem(response, 404, 'There is no such channel.');
    else if (!this.#isAllowed(request, channelId)) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="view"');
      sendProblem(response, 401, 'Give the view’s token, as the studio shows it with its address.');
    } else await this.#open(request, response, channelId);
    return true;
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
    this.#feeds.clear();
  }

  #isAllowed(request: IncomingMessage, channelId: string): boolean {
    const [, query = ''] = (request.url ?? '').split('?');
    const bearer = /^bearer +(\S{1,200})$/i.exec(request.headers.authorization ?? '')?.[1];
    // A page's EventSource can set no header.
    const given = bearer ?? new URLSearchParams(query).get('token') ?? '';
    const [left, right] = [given, viewTokenOf(this.#options.marks, channelId)].map((text) =>
      createHash('sha256').update(text).digest(),
    );
    return left !== undefined && right !== undefined && timingSafeEqual(left, right);
  }

  async #open(
    request: IncomingMessage,
    response: ServerResponse,
    channelId: string,
  ): Promise<void> {
    const channel = await this.#options.find(channelId);
    if (!channel) {
      sendProblem(response, 404, 'There is no such channel.');
      return;
    }
    const feed = this.#feeds.get(channel) ?? this.#begin(channel);
    if (feed.toolCount >= TOOLS_MAX) {
      response.setHeader('Retry-After', '10');
      sendProblem(response, 503, `A channel has at most ${TOOLS_MAX} tools at a time.`);
      return;
    }
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
      'Access-Control-Allow-Origin': '*',
    });
    feed.add(response, String(request.headers['last-event-id'] ?? ''));
  }

  #begin(channel: Channel): Feed {
    const { timers, random } = this.#options;
    const feed = new Feed(channel, timers, newId(random).slice(0, 12), () => {
      this.#feeds.delete(channel);
    });
    this.#feeds.set(channel, feed);
    return feed;
  }
}

/** One channel's tools, and the numbers of what they heard. */
class Feed {
  readonly #channel: Channel;
  readonly #timers: Timers;
  /** Numbers of another feed mean nothing here. */
  readonly #name: string;
  readonly #tools = new Set<ServerResponse>();
  readonly #kept: { number: number; text: string }[] = [];
  readonly #stopWatching: () => void;
  readonly #cancelAlive: CancelTimer;
  readonly #ended: () => void;
  #isClosed = false;
  #cancelLinger: CancelTimer = () => {};
  #number = 0;

  constructor(channel: Channel, timers: Timers, name: string, ended: () => void) {
    this.#channel = channel;
    this.#timers = timers;
    this.#name = name;
    this.#ended = ended;
    this.#stopWatching = channel.watch({
      analytics: (facts) => {
        for (const message of [detectionOf(facts), poseOf(facts), speedOf(facts)]) {
          if (message) this.#pass(`data: ${JSON.stringify(message)}\n\n`, BEHIND_BYTES);
        }
      },
      markets: (markets) => {
        for (const market of markets) this.#market(market);
      },
    });
    this.#cancelAlive = timers.every(ALIVE_MS, () => this.#pass(': alive\n\n', BEHIND_BYTES));
  }

  get toolCount(): number {
    return this.#tools.size;
  }

  /** `lastId` is the number that the tool heard last, as it says. */
  add(tool: ServerResponse, lastId: string): void {
    this.#cancelLinger();
    this.#tools.add(tool);
    tool.write(`retry: 1000\n\n${this.#missed(lastId)}`);
    tool.on('error', () => {});
    tool.once('close', () => {
      this.#tools.delete(tool);
      if (this.#tools.size > 0 || this.#isClosed) return;
      this.#cancelLinger = this.#timers.after(LINGER_MS, () => this.close());
    });
  }

  close(): void {
    // A tool that is sent away leaves later, and would begin the waiting for others anew.
    this.#isClosed = true;
    this.#cancelLinger();
    this.#cancelAlive();
    this.#stopWatching();
    for (const tool of this.#tools) tool.destroy();
    this.#ended();
  }

  #missed(lastId: string): string {
    const [, name, number] = /^([0-9a-f]{12})-(\d{1,15})$/.exec(lastId) ?? [];
    const first = this.#number - this.#kept.length;
    const last = Number(number);
    if (name === this.#name && last >= first && last <= this.#number) {
      const missed = this.#kept.filter((message) => message.number > last);
      return missed.map(({ text }) => text).join('');
    }
    // Oldest first, all under the number that stands: with it a tool knows all of them.
    const known = this.#channel.markets.reverse().map(opportunityOf);
    return known.map((message) => this.#textOf(message, this.#number)).join('');
  }

  #market(market: Market): void {
    this.#number++;
    const text = this.#textOf(opportunityOf(market), this.#number);
    this.#kept.push({ number: this.#number, text });
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
    for (const tool of this.#tools) {
      if (tool.writableLength > LOST_BYTES) tool.destroy();
      else tool.write(text);
    }
  }

  #textOf(message: object, number: number): string {
    return `id: ${this.#name}-${number}\ndata: ${JSON.stringify(message)}\n\n`;
  }

  #pass(text: string, bytesMax: number): void {
    for (const tool of this.#tools) if (tool.writableLength <= bytesMax) tool.write(text);
  }
}
