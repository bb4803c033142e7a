// The ledger itself: carries out requests against the journal, in groups that become durable
// together. `answer` may only be sent after `commit` returned. Surprising: a retry is answered from
// what is stored, so asking twice is always safe, and a refusal is never stored.

import { createHash } from 'node:crypto';
import { type CanonicalValue, canonicalText } from '../../core/ledger/canonical.ts';
import { type Bet, isStaffOf, type Market, type Sale } from '../../core/ledger/fold.ts';
import { type LedgerCode, LedgerRefusal } from '../../core/ledger/refusal.ts';
import { type MarketVerb, REFUSED_WHILE_SUSPENDED } from '../../core/markets/machine.ts';
import { isDamage } from '../sqlite/failure.ts';
import {
  banRows,
  evidenceRows,
  extendRows,
  openRows,
  policyRows,
  staffRows,
  suspensionRows,
} from './acts.ts';
import { arrivalsView } from './arrivals.ts';
import { actsView, effectView, notedActRows } from './audit.ts';
import { betPage } from './betPages.ts';
import { correctRows } from './correction.ts';
import { lockRows, resolveRows, voidRows } from './decisions.ts';
import { Housekeeping } from './housekeeping.ts';
import { Journal, type JournalOptions, type RowDraft } from './journal.ts';
import type { JournalStore, StoredSubject } from './journalStore.ts';
import { limitRows, limitsView, vestRows, welcomeRows } from './limits.ts';
import { betRows, quoteOf, saleQuoteOf, sellRows, withdrawRows } from './positions.ts';
import {
  type LedgerMarket,
  type RequestArgs,
  type RequestName,
  type RequestResult,
  requestArgs,
} from './protocol.ts';
import {
  balanceView,
  bettorsView,
  booksView,
  historyEntry,
  marketView,
  receiptOf,
} from './views.ts';

type Handlers = {
  [Name in Exclude<RequestName, 'subscribe' | 'unsubscribe'>]: (
    args: RequestArgs<Name>,
  ) => RequestResult<Name>;
};
export type AnsweredRequest = keyof Handlers;

type MarketCommand =
  | 'openMarket'
  | 'lockMarket'
  | 'resolveMarket'
  | 'voidMarket'
  | 'correctMarket'
  | 'extendMarket';
type Command =
  | MarketCommand
  | 'setPolicy'
  | 'setBan'
  | 'setStaff'
  | 'setLimit'
  | 'noteSuspension'
  | 'noteAct'
  | 'keepEvidence';

/** Whose ledger this is; checked against the first row, or written into it. */
export type LedgerIdentity = { ledgerId: string; channelId: string; epoch: number };

type Viewer = Pick<StoredSubject, 'subject' | 'isStaff'>;

/** No market's id: markets have letters, digits, _ and - only. */
const ALL_MARKETS = '*';
/** Viewers who are remembered between their bets. */
const SUBJECTS_MAX = 20_000;

/** Requests that write rows only, and only after all that they read. */
const READS_FIRST: ReadonlySet<string> = new Set<AnsweredRequest>([
  ...(['placeBet', 'withdrawBet', 'sellBet', 'quote', 'saleQuote', 'history'] as const),
  ...(['market', 'markets', 'betsOf', 'bets', 'arrivals', 'limits', 'rowsFrom'] as const),
]);

/** The data folder belongs to another channel. */
export class WrongChannel extends Error {}

export class Ledger {
  readonly journal: Journal;
  /** The disk's, as it was probed at the start; 0: not known. */
  commitsPerSecond = 0;
  /** Market id, or ALL_MARKETS, -> reason. */
  readonly #suspended = new Map<string, string>();
  readonly #handlers: Handlers;
  /** Those who asked last, without their keys: many bets come from the same viewers. */
  readonly #subjects = new Map<string, Viewer>();
  #housekeeping: Housekeeping;

  /**
   * Takes the journal as it is; writes the first row of a new one.
   *
   * @throws JournalBroken, WrongChannel, SqliteFailure
   */
  constructor(
    store: JournalStore,
    identity: LedgerIdentity,
    atUs: number,
    options: JournalOptions = {},
  ) {
    this.journal = new Journal(store, options);
    this.#housekeeping = new Housekeeping(this.journal);
    const { state } = this.journal;
    if (state.seq === 0) {
      this.journal.append([
        {
          kind: 'ledger.opened',
          id: 'ledger.opened',
          at: atUs,
          channel: identity.channelId,
          epoch: identity.epoch,
          ledger: identity.ledgerId,
          version: 1,
        },
      ]);
      this.journal.commitGroup();
    } else if (state.channel !== identity.channelId) {
      throw new WrongChannel(
        `it belongs to channel ${state.channel}, and this studio is ${identity.channelId}`,
      );
    }
    this.#handlers = this.#createHandlers();
  }

  get headSeq(): number {
    return this.journal.state.seq;
  }

  /**
   * Carries out one request in the open group.
   *
   * @throws LedgerRefusal when refused (nothing changed); anything else means that the group must
   *   be abandoned.
   */
  answer(name: AnsweredRequest, args: unknown): unknown {
    const parsed = requestArgs[name].safeParse(args);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const where = issue?.path.join('.') ?? '';
      throw new LedgerRefusal(codeOfField(name, where), `${where}: ${issue?.message}`);
    }
    const { headSeq } = this;
    try {
      return this.#handlers[name](parsed.data as never);
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      this.journal.shelf.differ('the file is damaged');
      if (this.headSeq !== headSeq || !READS_FIRST.has(name)) throw cause;
      throw new LedgerRefusal('LEDGER_UNAVAILABLE', `${cause.message} ${this.difference}`);
    }
  }

  commit(): void {
    this.journal.commitGroup();
  }

  /** @param durableSeq the last row on the disk: without later ones memory is right as it is */
  abandon(durableSeq = -1): void {
    this.#subjects.clear();
    if (this.headSeq === durableSeq) this.journal.abandonUnchanged();
    else this.journal.abandonGroup();
    this.#housekeeping = new Housekeeping(this.journal);
  }

  /**
   * Does one small part of what is to be done beside requests, in the open group.
   *
   * @returns whether there is more
   */
  tend(): boolean {
    // What is put away is read from the rows: those of this group, too.
    this.journal.flush();
    return this.#housekeeping.step();
  }

  /** Whether the market that a request decided is still being settled: its answer waits. */
  isSettling(args: unknown): boolean {
    const { marketId } = (args ?? {}) as { marketId?: unknown };
    const { markets } = this.journal.state;
    return typeof marketId === 'string' && markets.get(marketId)?.isSettling === true;
  }

  /**
   * Whether a correction is to wait until its market's many bets are back in memory, which is done
   * in parts beside other requests. Carried out at once it would be right, but hold up the others.
   */
  isWaiting(name: RequestName, args: unknown): boolean {
    if (name !== 'correctMarket') return false;
    const { marketId, commandId } = (args ?? {}) as { marketId?: unknown; commandId?: unknown };
    const { settledAtOnceMax, shelf, state, store } = this.journal;
    if (typeof marketId !== 'string' || state.markets.has(marketId)) return false;
    if (typeof commandId !== 'string' || store.commandOf.get(commandId)) return false;
    const bets = shelf.market(marketId)?.shelved?.bets ?? 0;
    if (this.difference !== '' || bets <= settledAtOnceMax) return false;
    this.#housekeeping.raise(marketId);
    return true;
  }

  /** What does not verify; empty: nothing. Betting is suspended while there is something. */
  get difference(): string {
    return this.#housekeeping.difference;
  }

  /** Row up to which a start from a checkpoint has been verified; null when all was. */
  get checkedSeq(): number | null {
    return this.#housekeeping.checkedSeq;
  }

  /** Keeps a checkpoint for the next start. */
  close(): void {
    this.#housekeeping.close();
    this.journal.commitGroup();
  }

  #createHandlers(): Handlers {
    const { journal } = this;
    return {
      head: () => ({
        seq: journal.state.seq,
        hash: Buffer.from(journal.lastHash).toString('hex'),
        ledgerId: journal.state.ledger,
        epoch: journal.state.epoch,
        channelId: journal.state.channel,
      }),
      bindSubject: (args) => this.#bindSubject(args),
      vest: (args) => this.#vest(args),
      ...this.#positionHandlers(),
      ...this.#commandHandlers(),
      limits: (args) => limitsView(journal, args),
      suspendBetting: ({ reason, marketId = ALL_MARKETS }) => {
        if (reason === '') this.#suspended.delete(marketId);
        else this.#suspended.set(marketId, reason);
        return {};
      },
      probeDisk: () => {
        journal.write();
        journal.store.putMeta.run('disk', String(journal.state.seq));
        return { trouble: '' };
      },
      commitRate: () => ({ commitsPerSecond: this.commitsPerSecond }),
      acts: (args) => actsView(journal, args),
      bets: (args) => betPage(journal, args),
      effectOf: (args) => effectView(journal, args),
      books: () => booksView(journal),
      policy: () => ({ policy: journal.state.policy }),
      bettors: ({ limit }) => ({ bettors: bettorsView(journal, limit) }),
      balance: ({ subject }) => balanceView(journal, subject),
      history: ({ subject, limit }) => ({
        entries: journal.newestBets(subject, limit).map((bet) => historyEntry(journal, bet)),
      }),
      market: ({ marketId }) => {
        const market = journal.market(marketId);
        return { market: market ? marketView(journal, market) : null };
      },
      markets: (args) => ({ markets: this.#markets(args) }),
      betsOf: ({ marketId, afterSeq, limit }) => ({
        entries: journal
          .betsOf(marketId)
          .filter((bet) => bet.seq > afterSeq)
          .slice(0, limit)
          .map((bet) => historyEntry(journal, bet)),
      }),
      arrivals: (args) => arrivalsView(journal, args),
      ...textHandlers(journal),
      rowsFrom: ({ fromSeq, limit }) => ({
        rows: journal.rowsFrom(fromSeq, limit).map((row) => ({
          seq: row.seq,
          body: row.body.toString('utf8'),
          hash: row.hash.toString('hex'),
        })),
      }),
    };
  }

  #positionHandlers() {
    const { journal } = this;
    return {
      placeBet: (args) => this.#placeBet(args),
      withdrawBet: (args) => this.#withdrawBet(args),
      sellBet: (args) => this.#sellBet(args),
      quote: (args) => quoteOf(journal, args),
      saleQuote: (args) => saleQuoteOf(journal, args),
    } satisfies Partial<Handlers>;
  }

  #commandHandlers() {
    const { journal } = this;
    return {
      openMarket: (args) => this.#actOnMarket('openMarket', args, openRows),
      lockMarket: (args) => this.#actOnMarket('lockMarket', args, lockRows),
      resolveMarket: (args) => this.#actOnMarket('resolveMarket', args, resolveRows),
      voidMarket: (args) => this.#actOnMarket('voidMarket', args, voidRows),
      correctMarket: (args) => {
        const wasOnShelf = journal.shelf.market(args.marketId) !== undefined;
        const answer = this.#actOnMarket('correctMarket', args, correctRows);
        // An older checkpoint would take the shelf's new bets for its own.
        if (answer.isKnown || !wasOnShelf) return answer;
        if (this.isSettling(args)) journal.forgetCheckpoint();
        else journal.keepCheckpoint();
        return answer;
      },
      extendMarket: (args) => this.#actOnMarket('extendMarket', args, extendRows),
      setPolicy: (args) => {
        this.#actOnce('setPolicy', args, '', policyRows);
        return {};
      },
      noteSuspension: (args) => {
        this.#actOnce('noteSuspension', args, args.marketId ?? '', suspensionRows);
        return {};
      },
      noteAct: (args) => {
        this.#actOnce('noteAct', args, '', notedActRows);
        return {};
      },
      keepEvidence: (args) => {
        this.#actOnce('keepEvidence', args, args.marketId, evidenceRows);
        return {};
      },
      setBan: (args) => {
        this.#actOnce('setBan', args, '', banRows);
        return {};
      },
      setStaff: (args) => {
        this.#actOnce('setStaff', args, '', staffRows);
        return {};
      },
      setLimit: (args) => {
        this.#subject(args.subject);
        this.#actOnce('setLimit', args, '', limitRows);
        return limitsView(journal, args);
      },
    } satisfies Partial<Handlers>;
  }

  #bindSubject(args: RequestArgs<'bindSubject'>): RequestResult<'bindSubject'> {
    const { journal } = this;
    const known = journal.store.subjectOf.get(args.subject);
    if (known && known.publicKey !== args.publicKey) throw new LedgerRefusal('SUBJECT_BOUND');
    if (!known || isStaff(known) !== args.isStaff) {
      journal.write();
      this.#subjects.delete(args.subject);
      journal.store.putSubject.run(args.subject, args.publicKey, args.isStaff ? 1 : 0, args.atUs);
    } else if (journal.store.isUnseen.get(args.subject, args.atUs)) {
      journal.write();
      journal.store.seeSubject.run(args.subject, args.atUs);
    }
    // Whoever runs the show may not bet and is given nothing to bet with.
    if (!args.isStaff) {
      const rows = welcomeRows(journal, args.subject, args.atUs);
      if (rows.length > 0) journal.append(rows);
    }
    return { balance: balanceView(journal, args.subject), isNew: known === undefined };
  }

  #placeBet(args: RequestArgs<'placeBet'>): RequestResult<'placeBet'> {
    const { journal } = this;
    if (journal.hasId(args.betId)) {
      const earlier = journal.bet(args.betId);
      if (!earlier || !isSameBet(earlier, args)) throw new LedgerRefusal('ID_REUSED');
      return this.#confirmation(earlier, journal.hashHexOf(earlier.seq), true);
    }
    this.#refuseSuspended('bet', args.marketId);
    const subject = this.#subject(args.subject);
    const [hash] = journal.append(betRows(journal, args, this.#isStaffIn(subject, args.marketId)));
    const bet = journal.state.bets.get(args.betId);
    if (!hash || !bet) throw new Error(`Bet ${args.betId} was not written`);
    return this.#confirmation(bet, hash, false);
  }

  #confirmation(bet: Bet, hash: string, isKnown: boolean): RequestResult<'placeBet'> {
    return {
      receipt: receiptOf(bet, hash),
      isKnown,
      balance: balanceView(this.journal, bet.subject),
      ...(bet.milliShares > 0 ? { milliShares: bet.milliShares } : {}),
    };
  }

  #withdrawBet(args: RequestArgs<'withdrawBet'>): RequestResult<'withdrawBet'> {
    const { journal } = this;
    const earlier = journal.bet(args.betId);
    const isAsked = earlier?.subject === args.subject && earlier.withdrawnAtUs !== null;
    if (!isAsked) this.#refuseSuspended('withdraw', earlier?.market);
    const subject = this.#subject(args.subject);
    const rows = withdrawRows(journal, args, this.#isStaffIn(subject, earlier?.market));
    journal.append(rows);
    const bet = journal.bet(args.betId);
    return {
      marketId: bet?.market ?? '',
      isKnown: rows.length === 0,
      withdrawnAtUs: bet?.withdrawnAtUs ?? 0,
      balance: balanceView(journal, args.subject),
    };
  }

  #sellBet(args: RequestArgs<'sellBet'>): RequestResult<'sellBet'> {
    const { journal } = this;
    if (journal.hasId(args.saleId)) {
      const earlier = journal.sale(args.saleId);
      const isSame = earlier?.bet === args.betId && earlier.milliShares === args.milliShares;
      const isOwn = journal.bet(args.betId)?.subject === args.subject;
      if (!earlier || !isSame || !isOwn) throw new LedgerRefusal('ID_REUSED');
      return this.#saleView(earlier, journal.hashHexOf(earlier.seq), true);
    }
    const marketId = journal.bet(args.betId)?.market;
    this.#refuseSuspended('sell', marketId);
    const subject = this.#subject(args.subject);
    const [hash] = journal.append(sellRows(journal, args, this.#isStaffIn(subject, marketId)));
    const sale = journal.sale(args.saleId);
    if (!hash || !sale) throw new Error(`Sale ${args.saleId} was not written`);
    return this.#saleView(sale, hash, false);
  }

  #saleView(sale: Sale, hash: string, isKnown: boolean): RequestResult<'sellBet'> {
    const { id: saleId, bet: betId, milliShares, amountMinor, seq, atUs } = sale;
    const marketId = this.journal.bet(betId)?.market ?? '';
    return { saleId, betId, marketId, milliShares, amountMinor, seq, hash, atUs, isKnown };
  }

  #vest(args: RequestArgs<'vest'>): RequestResult<'vest'> {
    const { journal } = this;
    if (this.#isStaffIn(this.#subject(args.subject), undefined))
      throw new LedgerRefusal('STAFF_MAY_NOT_BET');
    const rows = vestRows(journal, args);
    journal.append(rows);
    const grant = rows.find((row) => row.kind === 'grant');
    return {
      grantedMinor: Number(grant?.amount ?? 0),
      balance: balanceView(journal, args.subject),
    };
  }

  #subject(id: string): Viewer {
    const known = this.#subjects.get(id);
    if (known) return known;
    const stored = this.journal.store.subjectOf.get(id);
    if (!stored) throw new LedgerRefusal('UNKNOWN_SUBJECT');
    const { subject, isStaff } = stored;
    if (this.#subjects.size >= SUBJECTS_MAX) this.#subjects.clear();
    this.#subjects.set(id, { subject, isStaff });
    return { subject, isStaff };
  }

  /** Whether a viewer runs the show, or may decide this market. */
  #isStaffIn(subject: Viewer, marketId = ''): boolean {
    return isStaff(subject) || isStaffOf(this.journal.state, subject.subject, marketId);
  }

  /** Bets, withdrawals and sales wait; locks and decisions go on. */
  #refuseSuspended(verb: MarketVerb, marketId: string | undefined): void {
    if (!REFUSED_WHILE_SUSPENDED[verb]) return;
    const { difference } = this;
    if (difference !== '') throw new LedgerRefusal('BETTING_SUSPENDED', difference);
    const reason = this.#suspended.get(ALL_MARKETS) ?? this.#suspended.get(marketId ?? '');
    if (reason !== undefined) throw new LedgerRefusal('BETTING_SUSPENDED', reason);
  }

  #actOnMarket<Name extends MarketCommand>(
    name: Name,
    args: RequestArgs<Name>,
    rowsOf: (journal: Journal, args: RequestArgs<Name>) => RowDraft[],
  ): { market: LedgerMarket; isKnown: boolean } {
    const isKnown = this.#actOnce(name, args, args.marketId, rowsOf);
    const market = this.journal.market(args.marketId);
    if (!market) throw new LedgerRefusal('UNKNOWN_MARKET');
    return { market: marketView(this.journal, market), isKnown };
  }

  /** A command, carried out once per command id. Returns whether it was known. */
  #actOnce<Name extends Command>(
    name: Name,
    args: RequestArgs<Name>,
    marketId: string,
    rowsOf: (journal: Journal, args: RequestArgs<Name>) => RowDraft[],
  ): boolean {
    const { journal } = this;
    const digest = digestOf(name, args);
    const earlier = journal.store.commandOf.get(args.commandId);
    if (earlier && !earlier.digest.equals(digest)) throw new LedgerRefusal('ID_REUSED');
    if (!earlier) {
      journal.append(rowsOf(journal, args));
      journal.store.insertCommand.run(args.commandId, digest, marketId);
    }
    return earlier !== undefined;
  }

  #markets(args: RequestArgs<'markets'>): LedgerMarket[] {
    const found: Market[] = [];
    for (const market of this.#newestMarkets(args.includeEnded)) {
      if (found.length >= args.limit) break;
      const hasEnded = market.state === 'RESOLVED' || market.state === 'VOID';
      if (hasEnded && !args.includeEnded) continue;
      if (args.beforeOpensAtUs !== null && market.opensAtUs >= args.beforeOpensAtUs) continue;
      found.push(market);
    }
    return found.map((market) => marketView(this.journal, market));
  }

  /** In memory and on the shelf, the one that was opened last first. */
  *#newestMarkets(includeEnded: boolean): Iterable<Market> {
    const { state, shelf } = this.journal;
    const moving = [...state.markets.values()].sort((one, other) => other.seq - one.seq);
    const ended = includeEnded ? shelf.markets(Number.MAX_SAFE_INTEGER)[Symbol.iterator]() : null;
    let next = ended?.next();
    for (const market of moving) {
      for (; next && !next.done && next.value.seq > market.seq; next = ended?.next()) {
        yield next.value;
      }
      yield market;
    }
    for (; next && !next.done; next = ended?.next()) yield next.value;
  }
}

/** What the upstream copy asks of texts and their erasures. */
function textHandlers(journal: Journal) {
  return {
    texts: ({ hashes }) => ({
      texts: hashes.flatMap((hash) => {
        const kept = journal.store.textOf.get(hash);
        return kept ? [{ hash, salt: kept.salt.toString('hex'), text: kept.text }] : [];
      }),
    }),
    erasuresUntold: ({ limit }) => ({ hashes: journal.store.erasuresUntold.all(limit) }),
    erasuresTold: ({ hashes }) => {
      journal.write();
      for (const hash of hashes) journal.store.erasureTold.run(hash);
      return {};
    },
  } satisfies Partial<Handlers>;
}

function isStaff(subject: Viewer): boolean {
  return subject.isStaff === 1;
}

function isSameBet(bet: Bet, args: RequestArgs<'placeBet'>): boolean {
  return (
    bet.subject === args.subject &&
    bet.market === args.marketId &&
    bet.outcome === args.outcome &&
    bet.amountMinor === args.amountMinor
  );
}

/** A retry after a restart may carry a later time; everything else must be the same. */
function digestOf(name: Command, args: { atUs: number }): Buffer {
  const { atUs: _, ...content } = args;
  return createHash('sha256')
    .update(canonicalText({ name, content: content as CanonicalValue }))
    .digest();
}

function codeOfField(name: RequestName, field: string): LedgerCode {
  if (name === 'openMarket' && field.startsWith('rules')) return 'BAD_RULES';
  if (field === 'amountMinor') return 'BAD_AMOUNT';
  if (field === 'milliShares') return 'BAD_SHARES';
  if (name === 'placeBet' && field === 'outcome') return 'BAD_OUTCOME';
  return 'BAD_REQUEST';
}
