// The auditor: reads the journal's bytes and says everything that is wrong with them. Written apart
// from the fold on purpose and sharing no code with it (not the row schemas, not the chain, not the
// settlement): two programs that were wrong in the same way would prove nothing.

import { sha256 } from '@noble/hashes/sha2.js';
import type { AuditedBet, AuditedSale, Exclusion, MarketBook } from './auditBooks.ts';
import { AuditedChain, type Sha256 } from './auditChain.ts';

export type AuditFinding = { seq: number; what: string };

export type AuditReport = {
  rows: number;
  /** Empty when all is well. */
  findings: AuditFinding[];
  /** Markets whose settlement in parts was under way at the last row. */
  settling: string[];
  /** Sum over all accounts; 0n when double entry holds. */
  sum: bigint;
  /** Points that each account holds after all posted transfers. */
  posted: Map<string, bigint>;
  /** Points reserved by bets that are not decided. */
  reserved: Map<string, bigint>;
};

type Fields = Record<string, unknown>;
/** Privileged rows that belong to no one market. */
const ACTS = new Set(['policy', 'ban', 'staff']);
const RUNNERS = ['owner', 'coHost', 'moderator', 'vision'];
const PEOPLE = ['owner', 'coHost', 'moderator'];
/** What these rows did belongs to the decision before them. */
const SETTLING = new Set([
  ...['post', 'void', 'payout', 'proceeds', 'rake', 'residue', 'recount', 'adjust', 'repay'],
]);
const NEVER = Number.POSITIVE_INFINITY;

/**
 * Reads rows in order and reports.
 *
 * @param rows the stored bytes with their stored hashes
 * @param hashOf the platform's own SHA-256 where there is one: several times faster
 */
export function auditJournal(
  rows: Iterable<{ body: Uint8Array; hash: Uint8Array }>,
  hashOf: Sha256 = sha256,
): AuditReport {
  const auditor = new Auditor(hashOf);
  for (const row of rows) auditor.take(row.body, row.hash);
  return auditor.finish();
}

class Auditor {
  #findings: AuditFinding[] = [];
  #posted = new Map<string, bigint>();
  #reserved = new Map<string, bigint>();
  #bets = new Map<string, AuditedBet>();
  #sales = new Map<string, { bet: AuditedBet; sale: AuditedSale; isPaid: boolean }>();
  #markets = new Map<string, MarketBook>();
  #ids = new Set<string>();
  /** Accounts to which something has vested. */
  #known = new Set<string>();
  #banned = new Set<string>();
  /** Account and market, none for all. */
  #staff = new Set<string>();
  #exclusions = new Map<string, Exclusion>();
  /** Latest time of any row: what the ledger's clock showed. */
  #nowUs = 0;
  /** Ten minutes until a policy says otherwise. */
  #disputeUs = 600_000_000;
  #seq = 0;
  readonly #chain: AuditedChain;
  readonly #decoder = new TextDecoder();

  constructor(hashOf: Sha256) {
    this.#chain = new AuditedChain(hashOf);
  }

  take(body: Uint8Array, hash: Uint8Array): void {
    this.#seq++;
    if (!this.#chain.follows(body, hash)) {
      this.#find('its hash does not follow from the row before');
    }
    let row: Fields;
    try {
      row = JSON.parse(this.#decoder.decode(body)) as Fields;
    } catch {
      this.#find('it is no JSON');
      return;
    }
    this.#nowUs = Math.max(this.#nowUs, Number(row.at));
    if (row.seq !== this.#seq) this.#find(`it says seq ${String(row.seq)}`);
    const id = String(row.id);
    if (this.#ids.has(id)) this.#find(`its id ${id} was used before`);
    this.#ids.add(id);
    this.#checkRow(row);
  }

  finish(): AuditReport {
    this.#closeMarket();
    let sum = 0n;
    for (const amount of this.#posted.values()) sum += amount;
    if (sum !== 0n) this.#find(`all accounts together hold ${sum}`);
    return {
      rows: this.#seq,
      findings: this.#findings,
      settling: [...this.#markets].filter(([, book]) => book.isInParts).map(([id]) => id),
      sum,
      posted: this.#posted,
      reserved: this.#reserved,
    };
  }

  #find(what: string): void {
    this.#findings.push({ seq: this.#seq, what });
  }

  #checkRow(row: Fields): void {
    const kind = String(row.kind);
    if (kind.startsWith('market.') || ACTS.has(kind)) this.#checkActor(row);
    // The rows of a settlement follow their decision; any other row ends it.
    if (!SETTLING.has(kind)) this.#closeMarket();
    const read = this.#readers[kind];
    if (read) read(row);
    else this.#find(`its kind ${kind} is unknown`);
  }

  readonly #readers: Record<string, (row: Fields) => void> = {
    'ledger.opened': () => {
      if (this.#seq !== 1) this.#find('the ledger is opened twice');
    },
    grant: (row) => {
      if (row.dr !== 'house') this.#find('a grant comes from the house');
      const subject = String(row.cr).slice('user:'.length);
      if (row.id !== `grant:${subject}`) this.#known.add(String(row.cr));
      this.#transfer(row);
    },
    'market.opened': (row) => this.#openMarket(row),
    'market.extended': (row) => this.#extendMarket(row),
    'market.locked': (row) => this.#lockMarket(row),
    'market.resolved': (row) => this.#endMarket(row, true),
    'market.voided': (row) => this.#endMarket(row, false),
    'market.corrected': (row) => this.#correctMarket(row),
    subsidy: (row) => this.#subsidy(row),
    residue: (row) => {
      if (row.cr !== 'house:subsidy') this.#find('what is left goes back to the house');
      this.#transfer(row);
    },
    bet: (row) => this.#bet(row),
    fill: (row) => this.#fill(row),
    withdraw: (row) => this.#withdraw(row),
    sell: (row) => this.#sell(row),
    post: (row) => this.#decide(row, 'post'),
    void: (row) => this.#decide(row, 'void'),
    payout: (row) => this.#payout(row),
    proceeds: (row) => this.#proceeds(row),
    rake: (row) => this.#rake(row),
    recount: (row) => this.#recount(row),
    adjust: (row) => this.#adjust(row),
    repay: (row) => this.#repay(row),
    policy: (row) => {
      this.#disputeUs = Number((row.policy as Fields).disputeSeconds) * 1_000_000;
    },
    ban: (row) => {
      if (row.isBanned === true) this.#banned.add(`user:${row.subject}`);
      else this.#banned.delete(`user:${row.subject}`);
    },
    staff: (row) => {
      const key = `user:${row.subject} ${row.market}`;
      if (row.isStaff === true) this.#staff.add(key);
      else this.#staff.delete(key);
    },
    limit: (row) => this.#limit(row),
    act: (row) => this.#act(row),
    evidence: (row) => {
      if (row.role !== 'vision') this.#find('only the studio itself keeps evidence');
      if (!this.#markets.get(String(row.market))?.hasEnded) {
        this.#find('evidence of a market that is not decided');
      }
    },
  };

  #checkActor(row: Fields): void {
    const isMachines = /^market\.(opened|locked|resolved|voided)$/.test(String(row.kind));
    const roles = isMachines ? RUNNERS : PEOPLE;
    if (!roles.includes(String(row.role)) || !row.actor) {
      this.#find(`role ${String(row.role)} may not do that`);
    }
  }

  #transfer(row: Fields): void {
    const amount = BigInt(String(row.amount));
    if (amount <= 0n) this.#find('its amount is not positive');
    const from = String(row.dr);
    const to = String(row.cr);
    this.#posted.set(from, (this.#posted.get(from) ?? 0n) - amount);
    this.#posted.set(to, (this.#posted.get(to) ?? 0n) + amount);
    this.#checkNotNegative(from);
  }

  #checkNotNegative(account: string): void {
    if (account.startsWith('house') || account.startsWith('debt:')) return;
    const left = (this.#posted.get(account) ?? 0n) - (this.#reserved.get(account) ?? 0n);
    if (left < 0n) this.#find(`${account} holds ${left}`);
  }

  #openMarket(row: Fields): void {
    const id = String(row.market);
    if (this.#markets.has(id)) this.#find(`market ${id} is opened twice`);
    this.#markets.set(id, {
      bets: [],
      isLocked: false,
      hasEnded: false,
      isInParts: false,
      isToCorrect: false,
      guardUs: Number(row.guardMs) * 1000,
      lockAtUs: Number(row.lockAt),
      deadlineAtUs: Number(row.deadlineAt),
      cutoffUs: NEVER,
      winner: -1,
      isPaid: false,
      rakePoints: Number(row.rakeBasisPoints),
      rake: 0n,
      budget: 0n,
      lastMoveUs: 0,
      resolvedAtUs: 0,
      hasGuestShare: row.guestShareBasisPoints !== undefined,
      revision: 0,
    });
  }

  #extendMarket(row: Fields): void {
    const book = this.#bookOf(String(row.market));
    if (!book) return;
    if (book.hasEnded) this.#find('a market is extended after its end');
    const isLonger = Number(row.lockAt) > book.lockAtUs;
    if (isLonger && book.isLocked) this.#find('a locked market is opened again');
    if (Number(row.lockAt) < book.lockAtUs || Number(row.deadlineAt) < book.deadlineAtUs) {
      this.#find('an extension makes a market shorter');
    }
    book.lockAtUs = Number(row.lockAt);
    book.deadlineAtUs = Number(row.deadlineAt);
  }

  #subsidy(row: Fields): void {
    const book = this.#bookOf(String(row.cr).slice('escrow:'.length));
    if (book && book.bets.length > 0) this.#find('a market gets its budget after a bet');
    if (book) book.budget += BigInt(String(row.amount));
    if (row.dr !== 'house:subsidy') this.#find('a budget comes from the house');
    this.#transfer(row);
  }

  #bookOf(id: string): MarketBook | undefined {
    const book = this.#markets.get(id);
    if (!book) this.#find(`market ${id} was never opened`);
    return book;
  }

  #lockMarket(row: Fields): void {
    const book = this.#bookOf(String(row.market));
    if (!book) return;
    if (book.hasEnded) this.#find('a market is locked after its end');
    book.isLocked = true;
    if (typeof row.tCap !== 'number') return;
    const cutoff = Math.max(0, row.tCap - book.guardUs);
    if (row.cutoff !== cutoff) this.#find('its cut-off is not capture time minus guard');
    book.cutoffUs = Math.min(book.cutoffUs, cutoff);
  }

  #endMarket(row: Fields, isResolved: boolean): void {
    const id = String(row.market);
    const book = this.#bookOf(id);
    if (!book) return;
    if (book.hasEnded) this.#find(`market ${id} ends twice`);
    book.resolvedAtUs = Number(row.at);
    if (isResolved && !book.isLocked) this.#find(`market ${id} is resolved while open`);
    book.hasEnded = true;
    book.winner = isResolved ? Number(row.outcome) : -1;
    book.isPaid = row.settlement === 'paid';
    if (!book.isInParts) this.#ended = id;
  }

  /** Between these two acts other rows may stand among those of a settlement. */
  #act(row: Fields): void {
    const id = String(row.target);
    const isStart = row.act === 'market.settling';
    const book = isStart || row.act === 'market.settled' ? this.#bookOf(id) : undefined;
    if (!book) return;
    const isInTurn = isStart ? !book.isInParts : book.hasEnded && book.isInParts;
    if (!isInTurn) this.#find(`market ${id} is settled in parts at another time`);
    book.isInParts = isStart;
    book.isToCorrect = isStart && book.hasEnded;
    if (!isStart) this.#closeMarket(id);
  }

  #correctMarket(row: Fields): void {
    const id = String(row.market);
    const book = this.#bookOf(id);
    if (!book) return;
    if (!book.hasEnded || book.isInParts !== book.isToCorrect || book.winner < 0)
      this.#find('what is corrected was not resolved');
    if (Number(row.at) > book.resolvedAtUs + this.#disputeUs) {
      this.#find('a correction comes after the dispute window');
    }
    if (row.revision !== ++book.revision) this.#find('corrections are not in order');
    if (typeof row.tCap === 'number') {
      const cutoff = Math.max(0, row.tCap - book.guardUs);
      if (row.cutoff !== cutoff) this.#find('its cut-off is not capture time minus guard');
      book.cutoffUs = cutoff;
    } else if ((row.cutoff ?? NEVER) !== book.cutoffUs) {
      this.#find('a correction without a capture time moves the cut-off');
    }
    book.winner = row.outcome === null ? -1 : Number(row.outcome);
    book.isPaid = row.settlement === 'paid';
    book.isToCorrect = false;
    if (!book.isInParts) this.#ended = id;
  }

  #ended = '';

  #bet(row: Fields): void {
    const market = String(row.cr).slice('escrow:'.length);
    const book = this.#bookOf(market);
    if (!book) return;
    this.#checkMove(row, market, book);
    if (this.#banned.has(String(row.dr))) this.#find('somebody banned bets');
    if (this.#staff.has(`${row.dr} `) || this.#staff.has(`${row.dr} ${market}`)) {
      this.#find('somebody who runs the show bets');
    }
    if (Number(row.at) < this.#exclusionOf(String(row.dr)).untilUs) {
      this.#find('somebody bets who asked not to');
    }
    const user = String(row.dr);
    const amount = BigInt(String(row.amount));
    if (amount <= 0n) this.#find('its amount is not positive');
    const bet: AuditedBet = {
      id: String(row.id),
      amount,
      user,
      market,
      outcome: Number(row.outcome),
      arrivedUs: Number(row.at),
      withdrawnUs: NEVER,
      fate: 'open',
      isOverShare: false,
      hasPayout: false,
      paid: 0n,
      net: 0n,
      shares: 0n,
      sales: [],
    };
    this.#bets.set(bet.id, bet);
    book.bets.push(bet);
    this.#reserved.set(user, (this.#reserved.get(user) ?? 0n) + amount);
    this.#checkNotNegative(user);
  }

  /** A bet, withdrawal or sale comes into an open market before its lock. */
  #checkMove(row: Fields, market: string, book: MarketBook): void {
    if (book.isLocked || book.hasEnded) this.#find(`market ${market} takes no bets`);
    const at = Number(row.at);
    if (row.kind !== 'withdraw' && at >= book.lockAtUs) this.#find('the bet came after the lock');
    if (book.budget > 0n && at < book.lastMoveUs) this.#find('prices run backwards in time');
    book.lastMoveUs = at;
  }

  #fill(row: Fields): void {
    const bet = this.#betOf(row.bet);
    if (!bet) return;
    const book = this.#markets.get(bet.market);
    if (!book || book.budget === 0n || bet.shares !== 0n) this.#find('it fills a bet wrongly');
    bet.shares = BigInt(String(row.shares));
  }

  #withdraw(row: Fields): void {
    const bet = this.#betOf(row.bet);
    const book = bet && this.#markets.get(bet.market);
    if (!bet || !book) return;
    this.#checkMove(row, bet.market, book);
    if (bet.withdrawnUs !== NEVER) this.#find('a bet is withdrawn twice');
    if (book.budget > 0n) this.#find('a bet with a price is withdrawn');
    bet.withdrawnUs = Number(row.at);
  }

  #sell(row: Fields): void {
    const bet = this.#betOf(row.bet);
    const book = bet && this.#markets.get(bet.market);
    if (!bet || !book) return;
    this.#checkMove(row, bet.market, book);
    const amount = BigInt(String(row.amount));
    const sale = { at: Number(row.at), shares: BigInt(String(row.shares)), amount };
    bet.sales.push(sale);
    this.#sales.set(String(row.id), { bet, sale, isPaid: false });
    const sold = bet.sales.reduce((sum, one) => sum + one.shares, 0n);
    if (sold > bet.shares) this.#find('more shares are sold than were bought');
    if (row.cr !== bet.user) this.#find('a sale is paid to somebody else');
  }

  #betOf(id: unknown): AuditedBet | undefined {
    const bet = this.#bets.get(String(id));
    if (!bet) this.#find('it speaks of a bet that is not there');
    return bet;
  }

  #decide(row: Fields, kind: 'post' | 'void'): void {
    const bet = this.#bets.get(String(row.pending));
    if (!bet) {
      this.#find('it decides a bet that is not there');
      return;
    }
    if (bet.fate !== 'open') this.#find('it decides a bet again');
    const isSame =
      BigInt(String(row.amount)) === bet.amount &&
      row.dr === bet.user &&
      row.cr === `escrow:${bet.market}`;
    if (!isSame) this.#find('it decides a bet in part or for somebody else');
    this.#reserved.set(bet.user, (this.#reserved.get(bet.user) ?? 0n) - bet.amount);
    bet.fate = kind === 'post' ? 'posted' : 'void';
    const book = this.#markets.get(bet.market);
    if (kind === 'post') {
      if (book && bet.arrivedUs >= book.cutoffUs) this.#find('a late bet stands');
      if (book && !book.isPaid) this.#find('a bet stands in a market that pays nobody');
      bet.net -= bet.amount;
      this.#transfer(row);
    } else if (row.why === 'GUEST_SHARE') {
      bet.isOverShare = true;
      if (!book?.hasGuestShare) this.#find('a guest goes back where all may bet');
      if (this.#known.has(bet.user)) this.#find('somebody who has watched goes back as a guest');
    } else if (row.why === 'LATE_MEDIA' && book && bet.arrivedUs < book.cutoffUs) {
      this.#find('a bet in time is undone as late');
    }
  }

  #payout(row: Fields): void {
    const bet = this.#bets.get(String(row.bet));
    const book = bet ? this.#markets.get(bet.market) : undefined;
    if (!bet || !book || bet.fate !== 'posted' || row.cr !== bet.user) {
      this.#find('it pays a bet that does not stand');
      return;
    }
    if (bet.outcome !== book.winner) this.#find('it pays a losing bet');
    if (bet.hasPayout) this.#find('it pays a bet again');
    bet.hasPayout = true;
    this.#pay(bet, row);
  }

  #pay(bet: AuditedBet, row: Fields): void {
    bet.paid += BigInt(String(row.amount));
    bet.net += BigInt(String(row.amount));
    this.#transfer(row);
  }

  #proceeds(row: Fields): void {
    const known = this.#sales.get(String(row.sale));
    if (!known || known.isPaid || known.bet.fate !== 'posted' || row.cr !== known.bet.user) {
      this.#find('it pays a sale that does not stand');
      return;
    }
    known.isPaid = true;
    if (BigInt(String(row.amount)) !== known.sale.amount) this.#find('it pays a sale in part');
    this.#pay(known.bet, row);
  }

  #recount(row: Fields): void {
    const bet = this.#betOf(row.bet);
    if (!bet) return;
    if (!this.#isCorrected(bet.market)) this.#find('it counts a bet anew without a correction');
    if (bet.fate === 'open') this.#find('it counts an undecided bet anew');
    bet.fate = row.why === null ? 'posted' : 'void';
    bet.paid = BigInt(String(row.paid));
    const isLateNow = bet.arrivedUs >= (this.#markets.get(bet.market)?.cutoffUs ?? NEVER);
    if (row.why === 'LATE_MEDIA' && !isLateNow) this.#find('a bet in time is undone as late');
  }

  #isCorrected(id: string): boolean {
    const book = this.#markets.get(id);
    if (!book || book.revision === 0) return false;
    return book.isInParts ? !book.isToCorrect : id === this.#ended;
  }

  #adjust(row: Fields): void {
    const id = String(row.market);
    const book = this.#bookOf(id);
    if (!book) return;
    if (!this.#isCorrected(id)) this.#find('it adjusts without a correction');
    const isIn = row.cr === `escrow:${id}`;
    const other = String(isIn ? row.dr : row.cr);
    const gain = BigInt(String(row.amount)) * (isIn ? -1n : 1n);
    if (other === 'house:rake') book.rake += gain;
    else if (other !== 'house:subsidy') {
      const bet = this.#betOf(row.bet);
      const owner = bet?.user.slice('user:'.length);
      if (other !== `user:${owner}` && other !== `debt:${owner}`) {
        this.#find('it adjusts for somebody else');
      }
      if (bet) bet.net += gain;
    }
    this.#transfer(row);
  }

  #repay(row: Fields): void {
    const owner = String(row.dr).slice('user:'.length);
    if (row.cr !== `debt:${owner}`) this.#find('somebody pays for somebody else');
    this.#transfer(row);
    if ((this.#posted.get(String(row.cr)) ?? 0n) > 0n) this.#find('more is paid than was owed');
  }

  #limit(row: Fields): void {
    if (row.limit !== 'excludedUntil') return;
    const exclusion = this.#exclusionOf(`user:${row.subject}`);
    const next = Number(row.value ?? 0);
    if (next >= exclusion.untilUs) {
      if (row.from !== row.at) this.#find('a stricter limit waits');
      exclusion.untilUs = next;
      exclusion.waiting = null;
      return;
    }
    if (Number(row.from) < Number(row.at) + 86_400_000_000) this.#find('a looser limit is early');
    exclusion.waiting = { untilUs: next, fromUs: Number(row.from) };
  }

  #exclusionOf(account: string): Exclusion {
    const exclusion = this.#exclusions.get(account) ?? { untilUs: 0, waiting: null };
    this.#exclusions.set(account, exclusion);
    if (exclusion.waiting && exclusion.waiting.fromUs <= this.#nowUs) {
      exclusion.untilUs = exclusion.waiting.untilUs;
      exclusion.waiting = null;
    }
    return exclusion;
  }

  #rake(row: Fields): void {
    const book = this.#bookOf(String(row.dr).slice('escrow:'.length));
    if (book) book.rake += BigInt(String(row.amount));
    this.#transfer(row);
  }

  /** After the rows of a settlement: the escrow is empty and every share is right. */
  #closeMarket(id = this.#ended): void {
    if (id === '') return;
    this.#ended = '';
    const book = this.#markets.get(id);
    const held = this.#posted.get(`escrow:${id}`) ?? 0n;
    if (held !== 0n) this.#find(`market ${id} has ended and still holds ${held}`);
    if (!book) return;
    for (const bet of book.bets) this.#checkFate(id, book, bet);
    if (book.isPaid && book.budget === 0n) this.#checkShares(id, book);
    if (book.isPaid && book.budget > 0n) this.#checkPositions(id, book);
  }

  /** Each bet is decided, as the clock says, and its bettor has exactly what it brought. */
  #checkFate(id: string, book: MarketBook, bet: AuditedBet): void {
    if (bet.fate === 'open') this.#find(`market ${id} has ended with undecided bets`);
    const stands = bet.fate === 'posted';
    const isUndone =
      bet.arrivedUs >= book.cutoffUs || bet.withdrawnUs < book.cutoffUs || bet.isOverShare;
    if (stands && isUndone) this.#find(`market ${id} keeps a bet that is late or withdrawn`);
    if (!stands && !isUndone && book.isPaid) this.#find(`market ${id} leaves out a bet in time`);
    if (stands && !book.isPaid) this.#find(`market ${id} keeps a bet and pays nobody`);
    const net = stands ? bet.paid - bet.amount : 0n;
    if (bet.net !== net) this.#find(`bet ${bet.id} moved ${bet.net} instead of ${net}`);
  }

  /** A bet with a price brings its sales in time and a point for each share of the winner. */
  #checkPositions(id: string, book: MarketBook): void {
    for (const bet of book.bets) {
      if (bet.fate !== 'posted') continue;
      const sales = bet.sales.filter((sale) => sale.at < book.cutoffUs);
      const left = sales.reduce((sum, sale) => sum - sale.shares, bet.shares);
      const won = bet.outcome === book.winner ? left / 1000n : 0n;
      const brings = sales.reduce((sum, sale) => sum + sale.amount, won);
      if (bet.paid !== brings) this.#find(`market ${id} pays a position that is wrong`);
    }
  }

  /** Each winner's share within one point of the exact one, the rake exact. */
  #checkShares(id: string, book: MarketBook): void {
    const standing = book.bets.filter((bet) => bet.fate === 'posted');
    const winners = standing.filter((bet) => bet.outcome === book.winner);
    const pool = standing.reduce((sum, bet) => sum + bet.amount, 0n);
    const won = winners.reduce((sum, bet) => sum + bet.amount, 0n);
    const rake = ((pool - won) * BigInt(book.rakePoints)) / 10_000n;
    if (book.rake !== rake) this.#find(`market ${id} raked ${book.rake} instead of ${rake}`);
    for (const bet of winners) {
      // paid = stake * net / won, up to one point: |paid * won - stake * net| < won.
      const off = bet.paid * won - bet.amount * (pool - rake);
      if (off >= won || off <= -won) this.#find(`market ${id} pays a share that is wrong`);
      if (bet.paid < bet.amount) this.#find('a winner receives less than the stake');
    }
    for (const bet of standing) {
      if (bet.outcome !== book.winner && bet.paid !== 0n) this.#find('a losing bet is paid');
    }
  }
}
