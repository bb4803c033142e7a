// The auditor: reads the journal's bytes and says everything that is wrong with them. Written apart
// from the fold on purpose and sharing no code with it (not the row schemas, not the chain, not the
// settlement): two programs that were wrong in the same way would prove nothing.

import { sha256 } from '@noble/hashes/sha2.js';

export type AuditFinding = { seq: number; what: string };

export type AuditReport = {
  rows: number;
  /** Empty when all is well. */
  findings: AuditFinding[];
  /** Sum over all accounts; 0n when double entry holds. */
  sum: bigint;
  /** Points that each account holds after all posted transfers. */
  posted: Map<string, bigint>;
  /** Points reserved by bets that are not decided. */
  reserved: Map<string, bigint>;
};

type Fields = Record<string, unknown>;
type PendingBet = {
  amount: bigint;
  user: string;
  market: string;
  outcome: number;
  arrivedUs: number;
  fate: 'open' | 'posted' | 'void';
  paid: bigint;
};
type MarketBook = {
  isLocked: boolean;
  hasEnded: boolean;
  guardUs: number;
  lockAtUs: number;
  cutoffUs: number;
  winner: number;
  isPaid: boolean;
  rakePoints: number;
  rake: bigint;
};

const RUNNERS = ['owner', 'coHost', 'moderator', 'vision'];

/** Reads rows in order and reports. `rows` are the stored bytes with their stored hashes. */
export function auditJournal(rows: Iterable<{ body: Uint8Array; hash: Uint8Array }>): AuditReport {
  const auditor = new Auditor();
  for (const row of rows) auditor.take(row.body, row.hash);
  return auditor.finish();
}

class Auditor {
  #findings: AuditFinding[] = [];
  #posted = new Map<string, bigint>();
  #reserved = new Map<string, bigint>();
  #bets = new Map<string, PendingBet>();
  #markets = new Map<string, MarketBook>();
  #ids = new Set<string>();
  #seq = 0;
  #hash: Uint8Array = new Uint8Array(32);

  take(body: Uint8Array, hash: Uint8Array): void {
    this.#seq++;
    this.#checkChain(body, hash);
    let row: Fields;
    try {
      row = JSON.parse(new TextDecoder().decode(body)) as Fields;
    } catch {
      this.#find('it is no JSON');
      return;
    }
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
      sum,
      posted: this.#posted,
      reserved: this.#reserved,
    };
  }

  #find(what: string): void {
    this.#findings.push({ seq: this.#seq, what });
  }

  #checkChain(body: Uint8Array, hash: Uint8Array): void {
    const both = new Uint8Array(32 + body.length);
    both.set(this.#hash, 0);
    both.set(body, 32);
    const expected = sha256(both);
    if (hash.length !== 32 || expected.some((byte, index) => byte !== hash[index])) {
      this.#find('its hash does not follow from the row before');
    }
    this.#hash = expected;
  }

  #checkRow(row: Fields): void {
    const kind = String(row.kind);
    if (kind.startsWith('market.')) this.#checkActor(row);
    // The rows of a settlement follow their decision; any other row ends it.
    if (!['post', 'void', 'payout', 'rake'].includes(kind)) this.#closeMarket();
    switch (kind) {
      case 'ledger.opened':
        if (this.#seq !== 1) this.#find('the ledger is opened twice');
        break;
      case 'grant':
        if (row.dr !== 'house') this.#find('a grant comes from the house');
        this.#transfer(row);
        break;
      case 'market.opened':
        this.#openMarket(row);
        break;
      case 'market.locked':
        this.#lockMarket(row);
        break;
      case 'market.resolved':
      case 'market.voided':
        this.#endMarket(row, kind === 'market.resolved');
        break;
      case 'bet':
        this.#bet(row);
        break;
      case 'post':
      case 'void':
        this.#decide(row, kind);
        break;
      case 'payout':
        this.#payout(row);
        break;
      case 'rake':
        this.#rake(row);
        break;
      case 'act':
        break;
      default:
        this.#find(`its kind ${kind} is unknown`);
    }
  }

  #checkActor(row: Fields): void {
    if (!RUNNERS.includes(String(row.role)) || !row.actor) {
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
    if (account === 'house') return;
    const left = (this.#posted.get(account) ?? 0n) - (this.#reserved.get(account) ?? 0n);
    if (left < 0n) this.#find(`${account} holds ${left}`);
  }

  #openMarket(row: Fields): void {
    const id = String(row.market);
    if (this.#markets.has(id)) this.#find(`market ${id} is opened twice`);
    this.#markets.set(id, {
      isLocked: false,
      hasEnded: false,
      guardUs: Number(row.guardMs) * 1000,
      lockAtUs: Number(row.lockAt),
      cutoffUs: Number.POSITIVE_INFINITY,
      winner: -1,
      isPaid: false,
      rakePoints: Number(row.rakeBasisPoints),
      rake: 0n,
    });
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
    if (isResolved && !book.isLocked) this.#find(`market ${id} is resolved while open`);
    book.hasEnded = true;
    book.winner = isResolved ? Number(row.outcome) : -1;
    book.isPaid = row.settlement === 'paid';
    this.#ended = id;
  }

  #ended = '';

  #bet(row: Fields): void {
    const market = String(row.cr).slice('escrow:'.length);
    const book = this.#bookOf(market);
    if (book && (book.isLocked || book.hasEnded)) this.#find(`market ${market} takes no bets`);
    if (book && Number(row.at) >= book.lockAtUs) this.#find('the bet came after the lock');
    const user = String(row.dr);
    const amount = BigInt(String(row.amount));
    if (amount <= 0n) this.#find('its amount is not positive');
    this.#bets.set(String(row.id), {
      amount,
      user,
      market,
      outcome: Number(row.outcome),
      arrivedUs: Number(row.at),
      fate: 'open',
      paid: 0n,
    });
    this.#reserved.set(user, (this.#reserved.get(user) ?? 0n) + amount);
    this.#checkNotNegative(user);
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
      this.#transfer(row);
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
    if (bet.paid !== 0n) this.#find('it pays a bet again');
    bet.paid = BigInt(String(row.amount));
    if (bet.paid < bet.amount) this.#find('a winner receives less than the stake');
    this.#transfer(row);
  }

  #rake(row: Fields): void {
    const book = this.#bookOf(String(row.dr).slice('escrow:'.length));
    if (book) book.rake += BigInt(String(row.amount));
    this.#transfer(row);
  }

  /** After the rows of a settlement: the escrow is empty and every share is right. */
  #closeMarket(): void {
    const id = this.#ended;
    if (id === '') return;
    this.#ended = '';
    const book = this.#markets.get(id);
    const held = this.#posted.get(`escrow:${id}`) ?? 0n;
    if (held !== 0n) this.#find(`market ${id} has ended and still holds ${held}`);
    const bets = [...this.#bets.values()].filter((bet) => bet.market === id);
    if (bets.some((bet) => bet.fate === 'open')) {
      this.#find(`market ${id} has ended with undecided bets`);
    }
    if (book?.isPaid) this.#checkShares(id, book, bets);
  }

  /** Each winner's share within one point of the exact one, the rake exact. */
  #checkShares(id: string, book: MarketBook, bets: readonly PendingBet[]): void {
    const standing = bets.filter((bet) => bet.fate === 'posted');
    const winners = standing.filter((bet) => bet.outcome === book.winner);
    const pool = standing.reduce((sum, bet) => sum + bet.amount, 0n);
    const won = winners.reduce((sum, bet) => sum + bet.amount, 0n);
    const rake = ((pool - won) * BigInt(book.rakePoints)) / 10_000n;
    if (book.rake !== rake) this.#find(`market ${id} raked ${book.rake} instead of ${rake}`);
    for (const bet of winners) {
      // paid = stake * net / won, up to one point: |paid * won - stake * net| < won.
      const off = bet.paid * won - bet.amount * (pool - rake);
      if (off >= won || off <= -won) this.#find(`market ${id} pays a share that is wrong`);
    }
  }
}
