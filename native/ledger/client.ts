// The engine's side of the ledger process: one promise per command. It never decides and never
// caches money. When the link closes, what waits is asked again of the restarted ledger, in the
// same order and with the same ids, which is safe because the ledger knows them; when it stays away
// longer, everything is refused with LEDGER_UNAVAILABLE and the caller asks again.

import type { Timers } from '../../core/base/clock.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import type { Link, LinkFrame } from '../link/link.ts';
import {
  REPLY_FRAME,
  REQUEST_FRAME,
  type RequestArgs,
  type RequestName,
  type RequestResult,
  ROW_FRAME,
  ROW_FRAME_HEADER_BYTES,
  replySchema,
  requestResults,
} from './protocol.ts';

/** Requests that may wait at once. More means that the ledger stands; then we refuse. */
const WAITING_MAX = 20_000;

/** One journal row: the bytes that were hashed and their chain hash. */
export type StreamedRow = { seq: number; body: Uint8Array; hash: Uint8Array };

type Command<Name extends RequestName> = (args: RequestArgs<Name>) => Promise<RequestResult<Name>>;

/**
 * Every command and query rejects with `LedgerRefusal` (code and sentence), never with anything
 * else that a caller should handle. LEDGER_UNAVAILABLE means: unknown, retry with the same ids.
 */
export type LedgerClient = {
  head(): Promise<RequestResult<'head'>>;
  /** Makes a subject known, with its starting grant; a second key for it is SUBJECT_BOUND. */
  bindSubject: Command<'bindSubject'>;
  /** Resolves once the bet is durable. */
  placeBet: Command<'placeBet'>;
  openMarket: Command<'openMarket'>;
  lockMarket: Command<'lockMarket'>;
  resolveMarket: Command<'resolveMarket'>;
  voidMarket: Command<'voidMarket'>;
  /** Decides a resolved market anew, inside the dispute window. */
  correctMarket: Command<'correctMarket'>;
  /** A longer betting window or a later deadline. */
  extendMarket: Command<'extendMarket'>;
  /** Asks for a stake back; asking again gives the same answer. */
  withdrawBet: Command<'withdrawBet'>;
  /** Sells shares back; paid when the market ends. */
  sellBet: Command<'sellBet'>;
  quote: Command<'quote'>;
  saleQuote: Command<'saleQuote'>;
  setPolicy: Command<'setPolicy'>;
  setBan: Command<'setBan'>;
  noteSuspension: Command<'noteSuspension'>;
  /** Writes down what somebody of the crew did; the same command id once. */
  noteAct: Command<'noteAct'>;
  /** Who did what, newest first. */
  acts: Command<'acts'>;
  /** Everybody's bets, newest first. */
  bets: Command<'bets'>;
  /** What a decision would do to accounts. */
  effectOf: Command<'effectOf'>;
  /** The hash of the sealed file that shows what decided a market. */
  keepEvidence: Command<'keepEvidence'>;
  /** Marks who runs the show and may not bet. */
  setStaff: Command<'setStaff'>;
  setLimit: Command<'setLimit'>;
  limits: Command<'limits'>;
  /** Gives what vested by watching. */
  vest: Command<'vest'>;
  /** Reason in words, empty to go on. Repeated by the client after every reconnect. */
  suspendBetting(reason: string): Promise<void>;
  /** The same for one market. */
  suspendMarket(marketId: string, reason: string): Promise<void>;
  /** Why the ledger's disk cannot be written; empty when it can. */
  probeDisk(): Promise<string>;
  /** Commits that the disk made durable in a second, at the start; 0: not known. */
  commitRate(): Promise<number>;
  /** All points together, and how far the journal is. */
  books(): Promise<RequestResult<'books'>>;
  /** The policy in force. */
  policy(): Promise<RequestResult<'policy'>['policy']>;
  /** Who bet or is banned: banned ones first, then whoever bet last. */
  bettors(limit: number): Promise<RequestResult<'bettors'>['bettors']>;
  balance(subject: string): Promise<RequestResult<'balance'>>;
  /** Newest first. */
  history(subject: string, limit: number): Promise<RequestResult<'history'>['entries']>;
  market(marketId: string): Promise<RequestResult<'market'>['market']>;
  /** Newest first. `beforeOpensAtUs` pages backwards. */
  markets(
    includeEnded: boolean,
    limit: number,
    beforeOpensAtUs?: number | null,
  ): Promise<RequestResult<'markets'>['markets']>;
  /** The bets of a market in journal order, each with its subject and result. */
  betsOf(
    marketId: string,
    afterSeq: number,
    limit: number,
  ): Promise<RequestResult<'betsOf'>['entries']>;
  /** When the bets of a market arrived, and which went back. */
  arrivals: Command<'arrivals'>;
  rowsFrom(fromSeq: number, limit: number): Promise<StreamedRow[]>;
  texts: Command<'texts'>;
  erasuresUntold: Command<'erasuresUntold'>;
  erasuresTold: Command<'erasuresTold'>;
  /** Every row from `fromSeq` on, gapless and in order, over reconnects. Returns the end of it. */
  onRows(fromSeq: number, run: (row: StreamedRow) => void): () => void;
  /** Runs with every request, in the order in which the ledger gets them. */
  onCommand(run: (name: RequestName, args: unknown) => void): void;
  /** Takes a fresh link to the (re)started ledger. */
  attach(link: Link): void;
  isConnected(): boolean;
  /** Runs at every attach. */
  onConnected(run: () => void): void;
  /** Runs when the link goes away. */
  onDisconnected(run: () => void): void;
  close(): void;
};

/** How long requests outlast a ledger that is away; a killed one is back within a second. */
export type Patience = { timers: Timers; awayMsMax: number };

type Waiting = {
  name: RequestName;
  frame: Buffer;
  resolve(result: unknown): void;
  reject(error: LedgerRefusal): void;
};

type Subscription = { nextSeq: number; run(row: StreamedRow): void };

/**
 * Creates the client; with a null link it starts away and waits for `attach`, with null patience it
 * refuses at once whatever meets a ledger that is away.
 */
export function createLedgerClient(
  firstLink: Link | null,
  patience: Patience | null = null,
): LedgerClient {
  const waiting = new Map<number, Waiting>();
  const subscriptions = new Map<number, Subscription>();
  const connectedListeners: (() => void)[] = [];
  const disconnectedListeners: (() => void)[] = [];
  const commandListeners: ((name: RequestName, args: unknown) => void)[] = [];
  let link: Link | null = null;
  /** A ledger that has not been there yet, or not for long, has nothing to wait for. */
  let isGivenUp = true;
  let cancelGivingUp = () => {};
  let nextId = 0;
  let suspendedReason = '';
  const suspendedMarkets = new Map<string, string>();

  function call<Name extends RequestName>(
    name: Name,
    args: RequestArgs<Name>,
  ): Promise<RequestResult<Name>> {
    return new Promise((resolve, reject) => {
      if ((link === null && isGivenUp) || waiting.size >= WAITING_MAX) {
        reject(new LedgerRefusal('LEDGER_UNAVAILABLE'));
        return;
      }
      const id = nextId++;
      const frame = Buffer.from(JSON.stringify({ id, name, args }));
      waiting.set(id, { name, frame, reject, resolve: (result) => resolve(result as never) });
      link?.send(REQUEST_FRAME, frame);
      for (const run of commandListeners) run(name, args);
    });
  }

  function subscribe(id: number, subscription: Subscription): void {
    // A refusal here means that the link went away; attach() subscribes again.
    call('subscribe', { subscription: id, fromSeq: subscription.nextSeq }).catch(() => {});
  }

  function receive(frame: LinkFrame): void {
    if (frame.kind === ROW_FRAME) receiveRow(frame.payload);
    else if (frame.kind === REPLY_FRAME) receiveReply(frame.payload);
  }

  function receiveRow(payload: Buffer): void {
    if (payload.length < ROW_FRAME_HEADER_BYTES) return;
    const subscription = subscriptions.get(payload.readUInt32BE(0));
    const seq = Number(payload.readBigUInt64BE(4));
    if (!subscription || seq !== subscription.nextSeq) return;
    subscription.nextSeq = seq + 1;
    const hash = payload.subarray(12, ROW_FRAME_HEADER_BYTES);
    subscription.run({ seq, hash, body: payload.subarray(ROW_FRAME_HEADER_BYTES) });
  }

  function receiveReply(payload: Buffer): void {
    const reply = replySchema.safeParse(parseJson(payload));
    if (!reply.success) return;
    const request = waiting.get(reply.data.id);
    if (!request) return;
    waiting.delete(reply.data.id);
    if (!reply.data.ok) {
      request.reject(new LedgerRefusal(reply.data.code, reply.data.message));
      return;
    }
    const result = requestResults[request.name].safeParse(reply.data.result);
    if (result.success) request.resolve(result.data);
    else request.reject(new LedgerRefusal('LEDGER_UNAVAILABLE', 'The ledger answered nonsense.'));
  }

  function lose(): void {
    link = null;
    // The next link begins with its own subscriptions.
    for (const [id, { name }] of waiting) {
      if (name === 'subscribe' || name === 'unsubscribe') waiting.delete(id);
    }
    if (patience) cancelGivingUp = patience.timers.after(patience.awayMsMax, giveUp);
    else giveUp();
    for (const run of disconnectedListeners) run();
  }

  function giveUp(): void {
    isGivenUp = true;
    const lost = [...waiting.values()];
    waiting.clear();
    for (const request of lost) request.reject(new LedgerRefusal('LEDGER_UNAVAILABLE'));
  }

  function attach(fresh: Link): void {
    if (link) {
      const old = link;
      lose();
      old.close();
    }
    link = fresh;
    cancelGivingUp();
    isGivenUp = false;
    const unanswered = [...waiting.values()];
    fresh.onFrame((frame) => {
      if (link === fresh) receive(frame);
    });
    fresh.onClose(() => {
      if (link === fresh) lose();
    });
    if (link !== fresh) return;
    if (suspendedReason !== '') {
      call('suspendBetting', { reason: suspendedReason }).catch(() => {});
    }
    for (const [marketId, reason] of suspendedMarkets) {
      call('suspendBetting', { marketId, reason }).catch(() => {});
    }
    for (const { frame } of unanswered) fresh.send(REQUEST_FRAME, frame);
    for (const [id, subscription] of subscriptions) subscribe(id, subscription);
    for (const run of connectedListeners) run();
  }

  if (firstLink) attach(firstLink);

  return {
    head: () => call('head', {}),
    bindSubject: (args) => call('bindSubject', args),
    placeBet: (args) => call('placeBet', args),
    ...marketCommands(call),
    withdrawBet: (args) => call('withdrawBet', args),
    sellBet: (args) => call('sellBet', args),
    ...rulesCommands(call),
    ...textCommands(call),
    quote: (args) => call('quote', args),
    saleQuote: (args) => call('saleQuote', args),
    async suspendMarket(marketId, reason) {
      if (reason === '') suspendedMarkets.delete(marketId);
      else suspendedMarkets.set(marketId, reason);
      await call('suspendBetting', { marketId, reason });
    },
    async suspendBetting(reason) {
      suspendedReason = reason;
      await call('suspendBetting', { reason });
    },
    commitRate: async () => (await call('commitRate', {})).commitsPerSecond,
    probeDisk: async () => (await call('probeDisk', {})).trouble,
    books: () => call('books', {}),
    policy: async () => (await call('policy', {})).policy,
    bettors: async (limit) => (await call('bettors', { limit })).bettors,
    balance: (subject) => call('balance', { subject }),
    history: async (subject, limit) => (await call('history', { subject, limit })).entries,
    market: async (marketId) => (await call('market', { marketId })).market,
    markets: async (includeEnded, limit, beforeOpensAtUs = null) =>
      (await call('markets', { includeEnded, limit, beforeOpensAtUs })).markets,
    betsOf: async (marketId, afterSeq, limit) =>
      (await call('betsOf', { marketId, afterSeq, limit })).entries,
    arrivals: (args) => call('arrivals', args),
    async rowsFrom(fromSeq, limit) {
      const { rows } = await call('rowsFrom', { fromSeq, limit });
      return rows.map((row) => ({
        seq: row.seq,
        body: Buffer.from(row.body, 'utf8'),
        hash: Buffer.from(row.hash, 'hex'),
      }));
    },
    onRows(fromSeq, run) {
      const id = nextId++;
      const subscription = { nextSeq: fromSeq, run };
      subscriptions.set(id, subscription);
      if (link) subscribe(id, subscription);
      return () => {
        subscriptions.delete(id);
        if (link) call('unsubscribe', { subscription: id }).catch(() => {});
      };
    },
    onCommand: (run) => void commandListeners.push(run),
    attach,
    isConnected: () => link !== null,
    onConnected(run) {
      connectedListeners.push(run);
    },
    onDisconnected(run) {
      disconnectedListeners.push(run);
    },
    close() {
      subscriptions.clear();
      cancelGivingUp();
      giveUp();
      link?.close();
    },
  };
}

type Call = <Name extends RequestName>(
  name: Name,
  args: RequestArgs<Name>,
) => Promise<RequestResult<Name>>;

/** What is done with markets. */
function marketCommands(call: Call) {
  return {
    openMarket: (args) => call('openMarket', args),
    lockMarket: (args) => call('lockMarket', args),
    resolveMarket: (args) => call('resolveMarket', args),
    voidMarket: (args) => call('voidMarket', args),
    correctMarket: (args) => call('correctMarket', args),
    extendMarket: (args) => call('extendMarket', args),
  } satisfies Partial<LedgerClient>;
}

/** What is allowed to whom. */
function rulesCommands(call: Call) {
  return {
    setPolicy: (args) => call('setPolicy', args),
    setBan: (args) => call('setBan', args),
    noteSuspension: (args) => call('noteSuspension', args),
    noteAct: (args) => call('noteAct', args),
    acts: (args) => call('acts', args),
    bets: (args) => call('bets', args),
    effectOf: (args) => call('effectOf', args),
    keepEvidence: (args) => call('keepEvidence', args),
    setStaff: (args) => call('setStaff', args),
    setLimit: (args) => call('setLimit', args),
    limits: (args) => call('limits', args),
    vest: (args) => call('vest', args),
  } satisfies Partial<LedgerClient>;
}

/** Texts beside the journal, for their copy upstream. */
function textCommands(call: Call) {
  return {
    texts: (args) => call('texts', args),
    erasuresUntold: (args) => call('erasuresUntold', args),
    erasuresTold: (args) => call('erasuresTold', args),
  } satisfies Partial<LedgerClient>;
}

function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}
