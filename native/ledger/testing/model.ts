// For tests and the endurance run: a model of the ledger written apart from it, kept as simply as can
// be: no pools, no accounts, no rows, no journal, every sum counted anew. It shares no rule with the
// product; where prices are floating point, it takes the ledger's own figure within a thousandth of
// a share, and never one that favours the trader.

const GUARD = 500_000;
const DAY = 24 * 3600 * 1_000_000;
const SECOND = 1_000_000;
/** Lengths of the market that the commands open, from its opening on, microseconds. */
const WINDOW = 20 * SECOND;
const LOCK_MAX = 29_500_000;
const LIFE = 90 * SECOND;
/** Floating point may differ by so much, thousandths of a share or of a point. */
const LEEWAY = 2;

export type Fate = 'pending' | 'posted' | 'void';
type ModelSale = { at: number; shares: number; amount: number };
type ModelBet = {
  subject: number;
  market: string;
  outcome: number;
  amount: number;
  at: number;
  withdrawnAt: number;
  fate: Fate;
  paid: number;
  shares: number;
  sales: ModelSale[];
};
export type NewBet = Pick<ModelBet, 'subject' | 'market' | 'outcome' | 'amount' | 'at'> & {
  id: number;
  isStale: boolean;
};
export type NewSale = {
  id: number;
  bet: number;
  subject: number;
  shares: number;
  at: number;
  isStale: boolean;
};
type ModelMarket = {
  state: 'OPEN' | 'LOCKED' | 'RESOLVED' | 'VOID';
  winner: number | null;
  cutoff: number;
  opensAt: number;
  lockAt: number;
  deadline: number;
  resolvedAt: number;
  /** 0 where winners share the pool. */
  budget: number;
  rakePoints: number;
  lastMove: number;
};
export type ModelPolicy = {
  grant: number;
  perMinute: number;
  below: number;
  perDay: number;
  stakeBet: number | null;
  stakeMarket: number | null;
  stakeDay: number | null;
  betsPerSecond: number | null;
  dispute: number;
};
type ModelLimit = { value: number | null; waiting: { value: number | null; from: number } | null };
export type LimitName = 'stakeDay' | 'lossDay' | 'pausedUntil' | 'excludedUntil';
export type Doer = { role: string; own: number | null };

const FIRST_POLICY: ModelPolicy = {
  ...{ grant: 1000, perMinute: 10, below: 1000, perDay: 1000 },
  ...{ stakeBet: null, stakeMarket: null, stakeDay: null, betsPerSecond: null, dispute: 600 },
};

/** All that a crash takes back to the last commit. */
class Books {
  free = new Map<number, number>();
  debt = new Map<number, number>();
  subjects = new Map<number, { isStaff: boolean; boundAt: number; key: number }>();
  bets = new Map<number, ModelBet>();
  /** Sale -> its bet. */
  sales = new Map<number, { bet: number; sale: ModelSale }>();
  markets = new Map<string, ModelMarket>();
  policy: ModelPolicy = FIRST_POLICY;
  banned = new Set<number>();
  limits = new Map<string, ModelLimit>();
  vested = new Map<number, { at: number; amount: number }[]>();
  /** Command id -> what it asked for. */
  done = new Map<string, string>();
  /** Latest time of anything that was booked. */
  now = 1;
}

export class Model {
  books = new Books();
  #committed = structuredClone(this.books);
  /** Not kept over a restart; '*': all markets. */
  suspended = new Set<string>();

  commit(): void {
    this.#committed = structuredClone(this.books);
  }

  abandon(): void {
    this.books = structuredClone(this.#committed);
  }

  restart(): void {
    this.abandon();
    this.suspended.clear();
  }

  /** A command id is carried out once; another content under it is refused. */
  once(id: string, content: string, run: () => string): string {
    const known = this.books.done.get(id);
    if (known !== undefined) return known === content ? 'ok' : 'ID_REUSED';
    const answer = run();
    if (answer === 'ok') this.books.done.set(id, content);
    return answer;
  }

  bind(subject: number, isStaff: boolean, key: number, at: number): string {
    const { subjects, free, policy } = this.books;
    const known = subjects.get(subject);
    if (known && known.key !== key) return 'SUBJECT_BOUND';
    if (known?.isStaff !== isStaff) subjects.set(subject, { isStaff, boundAt: at, key });
    if (isStaff || free.has(subject) || policy.grant === 0) return 'ok';
    free.set(subject, policy.grant);
    this.#booked(at);
    return 'ok';
  }

  bet(bet: NewBet, answered: number): string {
    const { bets, sales, markets, free } = this.books;
    const known = bets.get(bet.id);
    if (known) {
      const isSame =
        known.subject === bet.subject &&
        known.market === bet.market &&
        known.outcome === bet.outcome &&
        known.amount === bet.amount;
      return isSame ? 'ok' : 'ID_REUSED';
    }
    if (sales.has(bet.id)) return 'ID_REUSED';
    if (this.#isSuspended(bet.market)) return 'BETTING_SUSPENDED';
    const subject = this.books.subjects.get(bet.subject);
    if (!subject) return 'UNKNOWN_SUBJECT';
    const market = markets.get(bet.market);
    if (!market) return 'UNKNOWN_MARKET';
    const refused = mayMove(market, bet.at, subject.isStaff);
    if (refused) return refused;
    if (bet.outcome > 1) return 'BAD_OUTCOME';
    if (bet.amount < 1) return 'BAD_AMOUNT';
    if (bet.amount > (free.get(bet.subject) ?? 0)) return 'INSUFFICIENT_BALANCE';
    const limited = this.#limited(bet, Math.max(bet.at, this.books.now));
    if (limited) return limited;
    let at = bet.at;
    let shares = 0;
    if (market.budget > 0) {
      if (bet.isStale && this.#movesOf(bet.market) > 0) return 'STALE_QUOTE';
      at = Math.max(at, market.lastMove);
      shares = this.#bought(bet.market, market, bet, answered);
    }
    market.lastMove = Math.max(market.lastMove, at);
    this.#give(bet.subject, -bet.amount);
    const { subject: by, outcome, amount } = bet;
    const mine = { subject: by, market: bet.market, outcome, amount, at };
    bets.set(bet.id, {
      ...{ ...mine, withdrawnAt: Infinity, fate: 'pending', paid: 0, shares, sales: [] },
    });
    this.#booked(at);
    return 'ok';
  }

  withdraw(id: number, subject: number, at: number): string {
    const bet = this.books.bets.get(id);
    const isAsked = bet?.subject === subject && bet.withdrawnAt !== Infinity;
    if (!isAsked && this.#isSuspended(bet?.market)) return 'BETTING_SUSPENDED';
    const known = this.books.subjects.get(subject);
    if (!known) return 'UNKNOWN_SUBJECT';
    const market = bet && this.books.markets.get(bet.market);
    if (!bet || !market || bet.subject !== subject) return 'UNKNOWN_BET';
    if (isAsked) return 'ok';
    const refused = mayMove(market, at, known.isStaff);
    if (refused) return refused;
    if (market.budget > 0) return 'NOT_OFFERED';
    bet.withdrawnAt = Math.max(at, bet.at);
    this.#booked(bet.withdrawnAt);
    return 'ok';
  }

  /** `answered`: points that the ledger gave for it, or NaN when it refused. */
  sell(asked: NewSale, answered: number): string {
    const { bets, sales } = this.books;
    const earlier = sales.get(asked.id);
    if (earlier) {
      const isSame = earlier.bet === asked.bet && earlier.sale.shares === asked.shares;
      const isOwn = bets.get(earlier.bet)?.subject === asked.subject;
      return isSame && isOwn ? 'ok' : 'ID_REUSED';
    }
    if (bets.has(asked.id)) return 'ID_REUSED';
    const bet = bets.get(asked.bet);
    if (this.#isSuspended(bet?.market)) return 'BETTING_SUSPENDED';
    const known = this.books.subjects.get(asked.subject);
    if (!known) return 'UNKNOWN_SUBJECT';
    const market = bet && this.books.markets.get(bet.market);
    if (!bet || !market || bet.subject !== asked.subject) return 'UNKNOWN_BET';
    const refused = mayMove(market, asked.at, known.isStaff);
    if (refused) return refused;
    if (market.budget === 0) return 'NOT_OFFERED';
    const left = bet.sales.reduce((rest, sale) => rest - sale.shares, bet.shares);
    if (asked.shares < 1 || asked.shares > left) return 'BAD_SHARES';
    if (asked.isStale && this.#movesOf(bet.market) > 0) return 'STALE_QUOTE';
    const amount = this.#soldFor(bet, market, asked.shares, answered);
    if (amount < 1) return 'BAD_SHARES';
    const sale = { at: Math.max(asked.at, market.lastMove), shares: asked.shares, amount };
    market.lastMove = sale.at;
    bet.sales.push(sale);
    sales.set(asked.id, { bet: asked.bet, sale });
    this.#booked(sale.at);
    return 'ok';
  }

  open(id: string, by: Doer, opensAt: number, budget: number, rakePoints: number): string {
    if (this.books.markets.has(id)) return 'MARKET_EXISTS';
    if (by.role === 'viewer') return 'NOT_ALLOWED';
    this.books.markets.set(id, {
      ...{ state: 'OPEN', winner: null, cutoff: Infinity, opensAt, resolvedAt: 0, lastMove: 0 },
      ...{ lockAt: opensAt + WINDOW, deadline: opensAt + LIFE, budget, rakePoints },
    });
    this.#booked(opensAt);
    return 'ok';
  }

  extend(id: string, by: Doer, lockAt: number, at: number): string {
    const market = this.books.markets.get(id);
    if (!market) return 'UNKNOWN_MARKET';
    if (hasEnded(market)) return 'MARKET_ENDED';
    if (by.role === 'viewer' || by.role === 'vision') return 'NOT_ALLOWED';
    const isRight =
      market.state === 'OPEN' &&
      at < market.lockAt &&
      lockAt > market.lockAt &&
      lockAt <= market.opensAt + LOCK_MAX;
    if (!isRight) return 'BAD_TIMES';
    market.lockAt = lockAt;
    this.#booked(at);
    return 'ok';
  }

  lock(id: string, by: Doer, tCap: number | null, at: number): string {
    const market = this.books.markets.get(id);
    if (!market) return 'UNKNOWN_MARKET';
    const refused = this.#mayDecide(id, market, by);
    if (refused) return refused;
    this.#cut(id, market, tCap, at);
    return 'ok';
  }

  /** Resolves, or with null voids. */
  end(id: string, by: Doer, winner: number | null, tCap: number | null, at: number): string {
    const market = this.books.markets.get(id);
    if (!market) return 'UNKNOWN_MARKET';
    const refused = this.#mayDecide(id, market, by);
    if (refused) return refused;
    if (winner !== null && winner > 1) return 'BAD_OUTCOME';
    if (winner !== null) this.#cut(id, market, tCap, at);
    market.state = winner === null ? 'VOID' : 'RESOLVED';
    market.winner = winner;
    market.resolvedAt = at;
    this.#booked(at);
    const paid = this.#decide(id, market);
    const income = new Map<number, number>();
    for (const bet of this.betsOf(id)) {
      if (bet.fate !== 'pending') continue;
      const brings = paid.get(bet);
      bet.fate = brings === undefined ? 'void' : 'posted';
      bet.paid = brings ?? 0;
      this.#give(bet.subject, brings ?? bet.amount);
      income.set(bet.subject, (income.get(bet.subject) ?? 0) + (brings ?? bet.amount));
    }
    this.#payOff(income);
    return 'ok';
  }

  correct(id: string, by: Doer, winner: number | null, tCap: number | null, at: number): string {
    const market = this.books.markets.get(id);
    if (!market) return 'UNKNOWN_MARKET';
    if (market.state === 'VOID') return 'MARKET_ENDED';
    if (market.state !== 'RESOLVED') return 'MARKET_NOT_RESOLVED';
    if (by.role === 'viewer' || by.role === 'vision') return 'NOT_ALLOWED';
    if (this.#hasBet(id, by)) return 'CONFLICT_OF_INTEREST';
    const until = market.resolvedAt + this.books.policy.dispute * SECOND;
    if (Math.max(at, this.books.now) > until) return 'DISPUTE_OVER';
    if (winner !== null && winner > 1) return 'BAD_OUTCOME';
    if (tCap !== null) market.cutoff = Math.max(0, tCap - GUARD);
    market.winner = winner;
    if (winner === null) market.state = 'VOID';
    this.#booked(at);
    const paid = this.#decide(id, market);
    const gains = new Map<number, number>();
    for (const bet of this.betsOf(id)) {
      const before = bet.fate === 'posted' ? bet.paid - bet.amount : 0;
      const brings = paid.get(bet);
      bet.fate = brings === undefined ? 'void' : 'posted';
      bet.paid = brings ?? 0;
      const gain = (brings === undefined ? 0 : brings - bet.amount) - before;
      if (gain > 0) gains.set(bet.subject, (gains.get(bet.subject) ?? 0) + gain);
      else this.#take(bet.subject, -gain);
    }
    for (const [subject, gain] of gains) this.#give(subject, gain);
    this.#payOff(gains);
    return 'ok';
  }

  setPolicy(by: Doer, policy: ModelPolicy, at: number): string {
    if (by.role !== 'owner') return 'NOT_ALLOWED';
    if (JSON.stringify(policy) !== JSON.stringify(this.books.policy)) this.#booked(at);
    this.books.policy = policy;
    return 'ok';
  }

  ban(by: Doer, subject: number, isBanned: boolean, at: number): string {
    if (by.role === 'viewer' || by.role === 'vision') return 'NOT_ALLOWED';
    if (this.books.banned.has(subject) !== isBanned) this.#booked(at);
    if (isBanned) this.books.banned.add(subject);
    else this.books.banned.delete(subject);
    return 'ok';
  }

  setLimit(subject: number, name: LimitName, value: number | null, at: number): string {
    if (!this.books.subjects.has(subject)) return 'UNKNOWN_SUBJECT';
    const now = Math.max(at, this.books.now);
    const key = `${name} ${subject}`;
    const known = this.#limitAt(name, subject, now);
    const isStricter =
      known === null ||
      (value !== null && (name.endsWith('Day') ? value <= known : value >= known));
    const next = isStricter
      ? { value, waiting: null }
      : { value: known, waiting: { value, from: now + DAY } };
    this.books.limits.set(key, next);
    this.#booked(now);
    return 'ok';
  }

  vest(subject: number, watched: number, at: number): string {
    const { subjects, policy, free } = this.books;
    const known = subjects.get(subject);
    if (!known) return 'UNKNOWN_SUBJECT';
    if (known.isStaff) return 'STAFF_MAY_NOT_BET';
    const now = Math.max(at, this.books.now);
    const vested = this.books.vested.get(subject) ?? [];
    const since = Math.max(vested.at(-1)?.at ?? 0, known.boundAt);
    const seconds = Math.min(watched, Math.floor((now - since) / SECOND));
    const today = vested.reduce((sum, one) => sum + (one.at > now - DAY ? one.amount : 0), 0);
    const has = (free.get(subject) ?? 0) + this.staked(subject);
    const amount = Math.min(
      Math.floor(seconds / 60) * policy.perMinute,
      policy.below - has,
      policy.perDay - today,
    );
    if (amount <= 0) return 'ok';
    this.books.vested.set(subject, [...vested, { at: now, amount }]);
    this.#give(subject, amount);
    this.#payOff(new Map([[subject, amount]]));
    this.#booked(now);
    return 'ok';
  }

  suspend(market: string, isSuspended: boolean): string {
    if (isSuspended) this.suspended.add(market);
    else this.suspended.delete(market);
    return 'ok';
  }

  staked(subject: number): number {
    let sum = 0;
    for (const bet of this.books.bets.values()) {
      if (bet.subject === subject && bet.fate === 'pending') sum += bet.amount;
    }
    return sum;
  }

  betsOf(market: string): ModelBet[] {
    return [...this.books.bets.values()].filter((bet) => bet.market === market);
  }

  #booked(at: number): void {
    this.books.now = Math.max(this.books.now, at);
  }

  #isSuspended(market: string | undefined): boolean {
    return this.suspended.has('*') || (market !== undefined && this.suspended.has(market));
  }

  #hasBet(id: string, by: Doer): boolean {
    return this.betsOf(id).some((bet) => bet.subject === by.own);
  }

  #mayDecide(id: string, market: ModelMarket, by: Doer): string | null {
    if (hasEnded(market)) return 'MARKET_ENDED';
    if (by.role === 'viewer') return 'NOT_ALLOWED';
    return this.#hasBet(id, by) ? 'CONFLICT_OF_INTEREST' : null;
  }

  #cut(id: string, market: ModelMarket, tCap: number | null, at: number): void {
    const cutoff =
      tCap === null ? market.cutoff : Math.min(market.cutoff, Math.max(0, tCap - GUARD));
    if (market.state === 'OPEN' || cutoff !== market.cutoff) this.#booked(at);
    market.state = 'LOCKED';
    market.cutoff = cutoff;
    for (const bet of this.betsOf(id)) {
      if (bet.fate !== 'pending' || bet.at < cutoff) continue;
      bet.fate = 'void';
      this.#give(bet.subject, bet.amount);
      this.#payOff(new Map([[bet.subject, bet.amount]]));
    }
  }

  #limitAt(name: LimitName, subject: number, now: number): number | null {
    const limit = this.books.limits.get(`${name} ${subject}`);
    if (!limit) return null;
    return limit.waiting && limit.waiting.from <= now ? limit.waiting.value : limit.value;
  }

  #limited(bet: NewBet, now: number): string | null {
    const { policy, banned } = this.books;
    const own = (name: LimitName) => this.#limitAt(name, bet.subject, now);
    if (banned.has(bet.subject)) return 'BANNED';
    if ((own('excludedUntil') ?? 0) > bet.at) return 'SELF_EXCLUDED';
    if ((own('pausedUntil') ?? 0) > bet.at) return 'TIME_OUT';
    const mine = [...this.books.bets.values()].filter((one) => one.subject === bet.subject);
    const live = mine.filter((one) => one.fate !== 'void');
    const inMarket = live.filter((one) => one.market === bet.market);
    const today = live.filter((one) => one.at > now - DAY);
    const lastSecond = mine.filter((one) => one.at > now - DAY && one.at > bet.at - SECOND);
    const lost = today.reduce((rest, one) => rest + one.amount - one.paid, bet.amount);
    const isOver =
      bet.amount > (policy.stakeBet ?? Infinity) ||
      stakeOf(inMarket) + bet.amount > (policy.stakeMarket ?? Infinity) ||
      stakeOf(today) + bet.amount > (policy.stakeDay ?? Infinity) ||
      stakeOf(today) + bet.amount > (own('stakeDay') ?? Infinity) ||
      lost > (own('lossDay') ?? Infinity) ||
      lastSecond.length >= (policy.betsPerSecond ?? Infinity);
    return isOver ? 'LIMIT_REACHED' : null;
  }

  #movesOf(market: string): number {
    return this.betsOf(market).reduce((sum, bet) => sum + 1 + bet.sales.length, 0);
  }

  /** Shares held per outcome. */
  #held(market: string): [number, number] {
    const held: [number, number] = [0, 0];
    for (const bet of this.betsOf(market)) {
      const left = bet.sales.reduce((rest, sale) => rest - sale.shares, bet.shares);
      held[bet.outcome === 0 ? 0 : 1] += left / 1000;
    }
    return held;
  }

  /** The ledger's figure, when it is what the stake buys, rounded against the trader. */
  #bought(id: string, market: ModelMarket, bet: NewBet, answered: number): number {
    const b = market.budget / Math.LN2;
    const held = this.#held(id);
    const mine = held[bet.outcome === 0 ? 0 : 1];
    const other = held[bet.outcome === 0 ? 1 : 0];
    // C(q + s) = C(q) + stake, solved for s, in units of b and relative to this outcome.
    const ahead = (other - mine) / b;
    const cost = softplus(ahead) + bet.amount / b;
    const exact = 1000 * b * (cost + Math.log1p(-Math.exp(ahead - cost)));
    return within(answered, exact, `${bet.amount} buy`);
  }

  #soldFor(bet: ModelBet, market: ModelMarket, shares: number, answered: number): number {
    const b = market.budget / Math.LN2;
    const held = this.#held(bet.market);
    const mine = held[bet.outcome === 0 ? 0 : 1];
    const other = held[bet.outcome === 0 ? 1 : 0];
    const cost = (own: number) => own + b * softplus((other - own) / b);
    const exact = cost(mine) - cost(mine - shares / 1000);
    if (Number.isNaN(answered)) return Math.floor(exact - 1e-6);
    // A whole number of points: the exact one rounded down.
    if (answered > exact + 1e-6 || answered < Math.floor(exact - 1e-6)) {
      throw new Error(`${shares} shares bring ${answered} instead of ${exact}`);
    }
    return answered;
  }

  /** What each standing bet brings; a bet that is missing is given back. */
  #decide(id: string, market: ModelMarket): Map<ModelBet, number> {
    const { winner, cutoff } = market;
    const left = this.betsOf(id).filter((bet) => bet.at < cutoff && bet.withdrawnAt >= cutoff);
    if (winner === null) return new Map();
    if (market.budget > 0) return this.#decidePriced(market, left, winner);
    const won = left.filter((bet) => bet.outcome === winner);
    const people = new Set(left.map((bet) => bet.subject));
    if (won.length === 0 || people.size === 1) return new Map();
    const stakes = stakeOf(won);
    const rake = Math.floor(((stakeOf(left) - stakes) * market.rakePoints) / 10_000);
    const pool = stakeOf(left) - rake;
    // Amounts are small here, so plain numbers are exact.
    const shares = won.map((bet, order) => ({
      bet,
      order,
      pay: Math.floor((bet.amount * pool) / stakes),
      rest: (bet.amount * pool) % stakes,
    }));
    const broken = pool - shares.reduce((sum, share) => sum + share.pay, 0);
    shares.sort((one, other) => other.rest - one.rest || one.order - other.order);
    const paid = new Map(left.map((bet) => [bet, 0]));
    for (const [index, share] of shares.entries()) {
      paid.set(share.bet, share.pay + (index < broken ? 1 : 0));
    }
    return paid;
  }

  #decidePriced(market: ModelMarket, left: ModelBet[], winner: number): Map<ModelBet, number> {
    let residue = market.budget;
    const paid = new Map<ModelBet, number>();
    for (const bet of left) {
      const sales = bet.sales.filter((sale) => sale.at < market.cutoff);
      const kept = sales.reduce((rest, sale) => rest - sale.shares, bet.shares);
      const sold = sales.reduce((sum, sale) => sum + sale.amount, 0);
      const brings = sold + (bet.outcome === winner ? Math.floor(kept / 1000) : 0);
      paid.set(bet, brings);
      residue += bet.amount - brings;
    }
    if (residue < 0) throw new Error(`The house loses ${-residue} more than it put in`);
    return paid;
  }

  #give(subject: number, amount: number): void {
    const { free } = this.books;
    free.set(subject, (free.get(subject) ?? 0) + amount);
  }

  #take(subject: number, amount: number): void {
    const { free, debt } = this.books;
    const taken = Math.min(free.get(subject) ?? 0, amount);
    this.#give(subject, -taken);
    debt.set(subject, (debt.get(subject) ?? 0) + amount - taken);
  }

  #payOff(income: ReadonlyMap<number, number>): void {
    const { debt } = this.books;
    for (const [subject, amount] of income) {
      const paid = Math.min(debt.get(subject) ?? 0, amount);
      debt.set(subject, (debt.get(subject) ?? 0) - paid);
      this.#give(subject, -paid);
    }
  }
}

/** ln(1 + e^x), finite for any x. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function stakeOf(bets: readonly ModelBet[]): number {
  return bets.reduce((sum, bet) => sum + bet.amount, 0);
}

function hasEnded(market: ModelMarket): boolean {
  return market.state === 'RESOLVED' || market.state === 'VOID';
}

function mayMove(market: ModelMarket, at: number, isStaff: boolean): string | null {
  if (market.state === 'LOCKED') return 'MARKET_LOCKED';
  if (market.state !== 'OPEN') return 'MARKET_NOT_OPEN';
  if (isStaff) return 'STAFF_MAY_NOT_BET';
  if (at >= market.lockAt) return 'MARKET_LOCKED';
  return at < market.opensAt ? 'CLOCK_SET_BACK' : null;
}

/** NaN (it was refused) gives the exact figure; a figure that is off throws. */
function within(answered: number, exact: number, what: string): number {
  if (Number.isNaN(answered)) return Math.floor(exact);
  const leeway = LEEWAY + exact * 1e-9;
  if (answered > exact + exact * 1e-9 || answered < exact - leeway) {
    throw new Error(`${what} ${answered} thousandths instead of ${exact}`);
  }
  return answered;
}
