// The ledger process' front: takes requests from links, carries out whatever has arrived as one
// group, makes it durable with one commit and only then answers. Subscribers are fed from the disk,
// so a slow one costs no memory. It never answers before the commit.

import { BoundedQueue } from '../../core/base/boundedQueue.ts';
import type { Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import type { Link } from '../link/link.ts';
import { diskTroubleOf, needsDisk } from './diskTrouble.ts';
import type { AnsweredRequest, Ledger } from './ledger.ts';
import {
  REPLY_FRAME,
  REQUEST_FRAME,
  type Reply,
  type RequestName,
  ROW_FRAME,
  ROW_FRAME_HEADER_BYTES,
  requestArgs,
  requestSchema,
} from './protocol.ts';

/** Requests that may wait for the next group; one more is refused, and its caller retries. */
const QUEUE_REQUESTS_MAX = 50_000;
/** Most requests in one commit: at 15 us each this keeps the event loop free every 30 ms. */
const GROUP_REQUESTS_MAX = 2_000;
/** Rows read from the disk at once for a subscriber. */
const FEED_ROWS = 200;
/** Wait before a congested subscriber is looked at again, ms. */
const FEED_RETRY_MS = 20;
/** Between two parts of the housekeeping when nobody asks for anything, ms. */
const TEND_PAUSE_MS = 1;

const DECIDES: ReadonlySet<string> = new Set(['resolveMarket', 'voidMarket', 'correctMarket']);

type Request = { link: Link; id: number; name: RequestName; args: unknown };
type Subscriber = { link: Link; subscription: number; nextSeq: number };

export type LedgerServer = {
  serve(link: Link): void;
  readonly counters: { requests: number; groups: number; groupsFailed: number; refused: number };
  /** Answers what has arrived and stops taking more. */
  close(): void;
};

export type LedgerServerOptions = {
  ledger: Ledger;
  timers: Timers;
  logger: Logger;
  /** Memory and disk differ and cannot be joined again: the process must end. */
  onBroken(cause: Error): void;
};

export function createLedgerServer(options: LedgerServerOptions): LedgerServer {
  return new Server(options);
}

class Server implements LedgerServer {
  readonly counters = { requests: 0, groups: 0, groupsFailed: 0, refused: 0 };
  readonly #options: LedgerServerOptions;
  readonly #queue = new BoundedQueue<Request>({
    owner: 'ledger.requests',
    capacity: QUEUE_REQUESTS_MAX,
    policy: 'drop-newest',
  });
  readonly #subscribers = new Set<Subscriber>();
  #isDrainPlanned = false;
  #isFeedPlanned = false;
  #isClosed = false;
  #isTendingPlanned = false;
  /** Corrections whose market is being brought back. */
  #waiting: Request[] = [];
  /** Decisions whose settlement is under way. */
  #held: { request: Request; result: unknown }[] = [];
  /** Whether there was more to tend at the last look; at the start nobody has looked. */
  #hasMore = true;
  #difference = '';
  /** Rows up to here are durable; subscribers never see further. */
  #durableSeq: number;
  /** Why the disk cannot be written; until a probe has written again nothing else is tried. */
  #diskTrouble = '';

  constructor(options: LedgerServerOptions) {
    this.#options = options;
    this.#durableSeq = options.ledger.headSeq;
    this.#planTending();
  }

  serve(link: Link): void {
    link.onFrame((frame) => {
      if (frame.kind === REQUEST_FRAME) this.#take(link, frame.payload);
    });
    link.onClose(() => {
      for (const subscriber of [...this.#subscribers]) {
        if (subscriber.link === link) this.#subscribers.delete(subscriber);
      }
    });
  }

  close(): void {
    while (this.#queue.length > 0) this.#drain();
    this.#isClosed = true;
    this.#subscribers.clear();
  }

  #take(link: Link, payload: Buffer): void {
    const request = parseRequest(payload);
    if (!request || this.#isClosed) return;
    this.counters.requests++;
    const dropped = this.#queue.push({ link, ...request });
    if (dropped) refuse(dropped, new LedgerRefusal('LEDGER_UNAVAILABLE', 'Too many requests.'));
    this.#planDrain();
  }

  #planDrain(): void {
    if (this.#isDrainPlanned) return;
    this.#isDrainPlanned = true;
    // After the sockets were read: whatever has arrived by then shares one commit.
    setImmediate(() => {
      this.#isDrainPlanned = false;
      this.#drain();
      if (this.#queue.length > 0) this.#planDrain();
    });
  }

  /** One group: carry out, commit, answer. */
  #drain(): void {
    const group: Request[] = [];
    for (const request of this.#waiting.splice(0)) this.#admit(request, group);
    while (group.length < GROUP_REQUESTS_MAX) {
      const request = this.#queue.shift();
      if (!request) break;
      this.#admit(request, group);
    }
    if (this.#isClosed || (group.length === 0 && !this.#hasMore)) return;
    if (group.length > 0) this.counters.groups++;
    const replies: { link: Link; reply: Reply }[] = [];
    try {
      for (const request of group) {
        const reply = this.#run(request);
        if (reply.ok && this.#isHeld(request)) this.#held.push({ request, result: reply.result });
        else replies.push({ link: request.link, reply });
      }
      this.#tend(group.length);
      this.#options.ledger.commit();
    } catch (cause) {
      this.#abandon(group, cause);
      return;
    }
    this.#durableSeq = this.#options.ledger.headSeq;
    if (group.some(({ name }) => name === 'probeDisk')) this.#diskTrouble = '';
    for (const { link, reply } of replies) send(link, reply);
    this.#feed();
    if (this.#held.length > 0) this.#askHeldAgain();
    if (this.#hasMore) this.#planTending();
  }

  /** Into the group, or back among those that wait for their market. */
  #admit(request: Request, group: Request[]): void {
    if (!this.#options.ledger.isWaiting(request.name, request.args)) {
      group.push(request);
      return;
    }
    this.#waiting.push(request);
    this.#hasMore = true;
  }

  /** A decision is answered when its market is settled. */
  #isHeld({ name, args }: Request): boolean {
    return DECIDES.has(name) && this.#options.ledger.isSettling(args);
  }

  /** Asked again with their ids, they give the market as it is now. */
  #askHeldAgain(): void {
    const settled = this.#held.filter(({ request }) => !this.#isHeld(request));
    this.#held = this.#held.filter(({ request }) => this.#isHeld(request));
    for (const { request, result } of settled) {
      const reply = this.#run(request);
      const { isKnown } = result as { isKnown: boolean };
      if (reply.ok) reply.result = { ...(reply.result as object), isKnown };
      send(request.link, reply);
    }
    if (this.#held.length > 0) this.#planDrain();
  }

  /** One part of the housekeeping, in the open group. */
  #tend(groupSize: number): void {
    const { ledger, logger } = this.#options;
    // A group that only reads needs no disk, and must not come to need it here.
    if (groupSize > 0 && !ledger.journal.isWriting) return;
    this.#hasMore = false;
    this.#hasMore = ledger.tend();
    if (ledger.difference === this.#difference) return;
    this.#difference = ledger.difference;
    logger.error('The journal does not verify; betting is suspended', {
      reason: this.#difference,
    });
  }

  /** Between requests, and with a pause so that nothing else on the machine waits for it. */
  #planTending(): void {
    if (this.#isTendingPlanned || this.#isClosed) return;
    this.#isTendingPlanned = true;
    this.#options.timers.after(TEND_PAUSE_MS, () => {
      this.#isTendingPlanned = false;
      this.#planDrain();
    });
  }

  #run(request: Request): Reply {
    try {
      if (this.#diskTrouble !== '' && needsDisk(request.name)) {
        throw new LedgerRefusal('LEDGER_UNAVAILABLE', this.#diskTrouble);
      }
      return { id: request.id, ok: true, result: this.#resultOf(request) };
    } catch (cause) {
      if (!(cause instanceof LedgerRefusal)) throw cause;
      this.counters.refused++;
      return { id: request.id, ok: false, code: cause.code, message: cause.message };
    }
  }

  #resultOf(request: Request): unknown {
    if (request.name === 'subscribe') return this.#subscribe(request);
    if (request.name === 'unsubscribe') return this.#unsubscribe(request);
    return this.#options.ledger.answer(request.name as AnsweredRequest, request.args);
  }

  /** The group did not become durable: nobody is told otherwise, and memory follows the disk. */
  #abandon(group: readonly Request[], cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    this.counters.groupsFailed++;
    this.#held = this.#held.filter(({ request }) => !group.includes(request));
    if (this.#diskTrouble === '')
      this.#options.logger.error('A group of requests was not made durable', {
        requests: group.length,
        reason: error.message,
      });
    const refusal = new LedgerRefusal('LEDGER_UNAVAILABLE', `Nothing was booked: ${error.message}`);
    try {
      this.#options.ledger.abandon(this.#durableSeq);
    } catch (worse) {
      this.#isClosed = true;
      this.#options.onBroken(worse instanceof Error ? worse : new Error(String(worse)));
    }
    this.#diskTrouble = diskTroubleOf(cause) || this.#diskTrouble;
    const result = { trouble: this.#diskTrouble };
    for (const request of group) {
      const { link, id, name } = request;
      if (name === 'probeDisk') send(link, { id, ok: true, result });
      else refuse(request, refusal);
    }
  }

  #subscribe(request: Request): object {
    const args = requestArgs.subscribe.safeParse(request.args);
    if (!args.success) throw new LedgerRefusal('BAD_REQUEST');
    this.#unsubscribe(request);
    this.#subscribers.add({
      link: request.link,
      subscription: args.data.subscription,
      nextSeq: Math.max(1, args.data.fromSeq),
    });
    return {};
  }

  #unsubscribe(request: Request): object {
    const args = requestArgs.unsubscribe.loose().safeParse(request.args);
    if (!args.success) throw new LedgerRefusal('BAD_REQUEST');
    for (const subscriber of [...this.#subscribers]) {
      const isIt =
        subscriber.link === request.link && subscriber.subscription === args.data.subscription;
      if (isIt) this.#subscribers.delete(subscriber);
    }
    return {};
  }

  /** Sends durable rows to everybody who is behind and reads fast enough. */
  #feed(): void {
    let isSomebodySlow = false;
    for (const subscriber of this.#subscribers) {
      while (subscriber.nextSeq <= this.#durableSeq && !subscriber.link.isCongested()) {
        this.#feedPage(subscriber);
      }
      if (subscriber.nextSeq <= this.#durableSeq) isSomebodySlow = true;
    }
    if (!isSomebodySlow || this.#isFeedPlanned || this.#isClosed) return;
    this.#isFeedPlanned = true;
    this.#options.timers.after(FEED_RETRY_MS, () => {
      this.#isFeedPlanned = false;
      if (!this.#isClosed) this.#feed();
    });
  }

  #feedPage(subscriber: Subscriber): void {
    const { rowsFrom } = this.#options.ledger.journal.store;
    for (const row of rowsFrom.all(subscriber.nextSeq, FEED_ROWS)) {
      const frame = Buffer.allocUnsafe(ROW_FRAME_HEADER_BYTES + row.body.length);
      frame.writeUInt32BE(subscriber.subscription, 0);
      frame.writeBigUInt64BE(BigInt(row.seq), 4);
      row.hash.copy(frame, 12);
      row.body.copy(frame, ROW_FRAME_HEADER_BYTES);
      subscriber.link.send(ROW_FRAME, frame);
      subscriber.nextSeq = row.seq + 1;
    }
  }
}

function parseRequest(payload: Buffer): Omit<Request, 'link'> | null {
  try {
    const parsed = requestSchema.safeParse(JSON.parse(payload.toString('utf8')));
    return parsed.success ? { ...parsed.data, args: parsed.data.args } : null;
  } catch {
    return null;
  }
}

function refuse(request: Request, refusal: LedgerRefusal): void {
  const { code, message } = refusal;
  send(request.link, { id: request.id, ok: false, code, message });
}

function send(link: Link, reply: Reply): void {
  link.send(REPLY_FRAME, Buffer.from(JSON.stringify(reply)));
}
