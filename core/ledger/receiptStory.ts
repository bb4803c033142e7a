// What the rows of a proof say about one bet: when it arrived, which frame cut its market, what
// became of it, and whether that follows from the media-clock rule. It reads the rows of one bet
// and of its market only, so it cannot say whether a payout is the right share of a pool.

import { cutoffUs, isBeforeLock, isLate, tighterCutoff } from '../markets/mediaClock.ts';
import { accountOwner, type Row, type RowOf } from './rows.ts';

/** Times are on the studio's media clock, microseconds; amounts are minor points. */
export type ReceiptStory = {
  betId: string;
  subject: string;
  marketId: string;
  outcome: number;
  amountMinor: number;
  arrivedUs: number;
  guardMs: number;
  opensAtUs: number;
  lockAtUs: number;
  /** Capture time of the frame that decided which bets stand; null when none did. */
  tCapUs: number | null;
  cutoffUs: number | null;
  market: 'OPEN' | 'LOCKED' | 'RESOLVED' | 'VOID';
  winner: number | null;
  /** PENDING: no row about its end is among those that the relay holds. */
  fate: 'PENDING' | 'STANDS' | 'RETURNED';
  why: RowOf<'void'>['why'] | null;
  paidMinor: number;
  revision: number;
};

/** A row contradicts the rule, or does not belong here. `message` is a sentence that names it. */
export class StoryBroken extends Error {
  readonly seq: number;

  constructor(seq: number, what: string) {
    super(`Row ${seq} ${what}.`);
    this.name = 'StoryBroken';
    this.seq = seq;
  }
}

/**
 * Reads the rows of a bet and its market in order.
 *
 * @param rows in ascending order of their numbers
 * @throws StoryBroken
 */
export function storyOf(rows: readonly Row[]): ReceiptStory {
  const bet = rows.find((row): row is RowOf<'bet'> => row.kind === 'bet');
  const opened = rows.find((row): row is RowOf<'market.opened'> => row.kind === 'market.opened');
  const last = rows.at(-1)?.seq ?? 0;
  if (!bet) throw new StoryBroken(last, 'ends a proof without a bet');
  if (!opened) throw new StoryBroken(last, 'ends a proof without the opening of its market');
  const told: Told = {
    story: {
      betId: bet.id,
      subject: accountOwner(bet.dr),
      marketId: accountOwner(bet.cr),
      outcome: bet.outcome,
      amountMinor: Number(bet.amount),
      arrivedUs: bet.at,
      guardMs: opened.guardMs,
      opensAtUs: opened.opensAt,
      lockAtUs: opened.lockAt,
      tCapUs: null,
      cutoffUs: null,
      market: 'OPEN',
      winner: null,
      fate: 'PENDING',
      why: null,
      paidMinor: 0,
      revision: 0,
    },
    opened,
    bet,
    sales: new Set(),
  };
  for (const row of rows) tell(told, row);
  return told.story;
}

type Told = {
  story: ReceiptStory;
  opened: RowOf<'market.opened'>;
  bet: RowOf<'bet'>;
  sales: Set<string>;
};

function tell(told: Told, row: Row): void {
  switch (row.kind) {
    case 'market.opened':
    case 'market.extended':
    case 'market.locked':
    case 'market.resolved':
    case 'market.voided':
    case 'market.corrected':
      tellMarket(told, row);
      return;
    case 'bet':
      placed(told, row);
      return;
    case 'fill':
    case 'withdraw':
    case 'sell':
      ofBet(told, row, row.bet);
      if (row.kind === 'sell') told.sales.add(row.id);
      return;
    case 'post':
    case 'void':
      ofBet(told, row, row.pending);
      decided(told, row, row.kind === 'void' ? row.why : null);
      return;
    case 'payout':
      ofBet(told, row, row.bet);
      told.story.paidMinor += Number(row.amount);
      return;
    case 'proceeds':
      if (!told.sales.has(row.sale)) throw foreign(row);
      told.story.paidMinor += Number(row.amount);
      return;
    case 'recount':
      ofBet(told, row, row.bet);
      decided(told, row, row.why);
      told.story.paidMinor = Number(row.paid);
      return;
    case 'adjust':
      ofBet(told, row, row.bet);
      return;
    default:
      throw foreign(row);
  }
}

function tellMarket(told: Told, row: Extract<Row, { market: string }>): void {
  const { story } = told;
  if (row.market !== story.marketId) throw foreign(row);
  switch (row.kind) {
    case 'market.opened':
      if (row !== told.opened) throw new StoryBroken(row.seq, 'opens the market once more');
      return;
    case 'market.extended':
      story.lockAtUs = row.lockAt;
      return;
    case 'market.locked': {
      checkCutoff(told, row.seq, row.tCap, row.cutoff);
      const tighter = tighterCutoff(story.cutoffUs, row.cutoff);
      if (tighter !== story.cutoffUs) story.tCapUs = row.tCap;
      story.cutoffUs = tighter;
      story.market = 'LOCKED';
      return;
    }
    case 'market.resolved':
      story.market = 'RESOLVED';
      story.winner = row.outcome;
      return;
    case 'market.voided':
      story.market = 'VOID';
      return;
    case 'market.corrected':
      if (row.tCap !== null) checkCutoff(told, row.seq, row.tCap, row.cutoff);
      else if (row.cutoff !== story.cutoffUs) {
        throw new StoryBroken(row.seq, 'moves the cut-off without naming a frame');
      }
      if (row.tCap !== null) story.tCapUs = row.tCap;
      story.cutoffUs = row.cutoff;
      story.market = row.outcome === null ? 'VOID' : 'RESOLVED';
      story.winner = row.outcome;
      story.revision = row.revision;
      return;
    default:
      throw foreign(row);
  }
}

/** The cut-off is the frame's time less the guard, nothing else. */
function checkCutoff(told: Told, seq: number, tCap: number | null, cutoff: number | null): void {
  const expected = tCap === null ? null : cutoffUs(tCap, told.opened.guardMs);
  if (cutoff !== expected) {
    throw new StoryBroken(seq, 'has a cut-off that is not the frame’s time less the guard');
  }
}

function placed({ story, bet }: Told, row: RowOf<'bet'>): void {
  if (row !== bet) throw new StoryBroken(row.seq, 'is a second bet');
  if (!isBeforeLock(row.at, story.lockAtUs)) {
    throw new StoryBroken(row.seq, 'is a bet that arrived after its market’s lock');
  }
  if (story.market !== 'OPEN') {
    throw new StoryBroken(row.seq, 'is a bet that was taken after its market had been locked');
  }
}

/**
 * A bet is late exactly when it arrived at or after the cut-off; both sides alike. A late one may
 * have gone back for another reason before the frame was known, but never stands.
 */
function decided({ story }: Told, row: Row, why: ReceiptStory['why']): void {
  const late = story.cutoffUs !== null && isLate(story.arrivedUs, story.cutoffUs);
  if (late && why === null) {
    throw new StoryBroken(row.seq, 'keeps a bet that arrived at or after the cut-off');
  }
  if (!late && why === 'LATE_MEDIA') {
    throw new StoryBroken(row.seq, 'returns a bet as late that arrived before the cut-off');
  }
  story.fate = why === null ? 'STANDS' : 'RETURNED';
  story.why = why;
}

function ofBet({ story }: Told, row: Row, betId: string): void {
  if (betId !== story.betId) throw foreign(row);
}

function foreign(row: Row): StoryBroken {
  return new StoryBroken(row.seq, `(${row.kind}) belongs neither to this bet nor to its market`);
}
