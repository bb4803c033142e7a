// The leaderboard of a show: profit and loss in play points of those who signed in, from the bets
// that the ledger settled since the show began. It adds up the ledger's own figures and never makes
// one; what is undecided counts as nothing. Guests are not in it, because one person can be many
// guests; all devices of one log-in are one row. Each bet is held by its id: a decision that was
// corrected replaces what it said before, however often it is told.

import { create } from '@bufbuild/protobuf';
import { type Leaderboard, LeaderboardSchema } from '../../../core/wire/gen/facts_pb.js';
import type { LedgerHistoryEntry } from '../../ledger/protocol.ts';

/** Rows that everybody is sent. */
export const ROWS_MAX = 20;
/** Settled bets held, about 100 bytes each; who settled longest ago leaves with all of theirs. */
const BETS_MAX = 100_000;

/** A settled bet as the ledger tells it. */
export type SettledBet = Pick<
  LedgerHistoryEntry,
  'betId' | 'subject' | 'amountMinor' | 'paidMinor' | 'result' | 'atUs'
>;

export type LeaderboardOptions = {
  /** The log-in of a subject, empty for a guest. */
  identityOf(subject: string): string;
  /** Who may be named: neither banned nor of the crew. */
  isListed(subject: string): boolean;
  nameOf(subject: string): string;
  authorOf(subject: string): string;
  /** Settled bets held at once. */
  betsMax?: number;
};

type Person = { authors: string[]; name: string; netMinor: number; bets: number };

export class ShowLeaderboard {
  readonly #options: LeaderboardOptions;
  readonly #betsMax: number;
  /** Subject -> bet -> what it brought less what it cost; null where the stake came back. */
  readonly #nets = new Map<string, Map<string, number | null>>();
  #held = 0;
  #sinceUs = 0;
  /** Subjects left out because there were too many bets. */
  dropped = 0;

  constructor(options: LeaderboardOptions) {
    this.#options = options;
    this.#betsMax = options.betsMax ?? BETS_MAX;
  }

  /** Media clock, microseconds; each show begins with an empty board, which outlasts its end. */
  begin(sinceUs: number): void {
    if (sinceUs === 0 || sinceUs === this.#sinceUs) return;
    this.#sinceUs = sinceUs;
    this.#nets.clear();
    this.#held = 0;
  }

  get sinceUs(): number {
    return this.#sinceUs;
  }

  /** True when a figure changed. Bets of guests and from before the show say nothing here. */
  take({ betId, subject, amountMinor, paidMinor, result, atUs }: SettledBet): boolean {
    if (result === 'PENDING' || this.#sinceUs === 0 || atUs < this.#sinceUs) return false;
    if (this.#options.identityOf(subject) === '') return false;
    const known = this.#nets.get(subject) ?? new Map<string, number | null>();
    const net = result === 'REFUNDED' ? null : paidMinor - amountMinor;
    if (known.get(betId) === net) return false;
    if (!known.has(betId)) this.#held++;
    known.set(betId, net);
    // The one that settled last is the last to go.
    this.#nets.delete(subject);
    this.#nets.set(subject, known);
    this.#bound(subject);
    return true;
  }

  #bound(latest: string): void {
    for (const [subject, nets] of this.#nets) {
      if (this.#held <= this.#betsMax || subject === latest) return;
      this.#nets.delete(subject);
      this.#held -= nets.size;
      this.dropped++;
    }
  }

  /** Profit and loss of one subject and how many of its bets were decided. */
  figureOf(subject: string): { netMinor: number; bets: number } {
    let netMinor = 0;
    let bets = 0;
    for (const net of this.#nets.get(subject)?.values() ?? []) {
      if (net === null) continue;
      netMinor += net;
      bets++;
    }
    return { netMinor, bets };
  }

  /** As everybody is told of it: best first, names in their order where two are equal. */
  view(): Leaderboard {
    const people = new Map<string, Person>();
    const { identityOf, isListed, nameOf, authorOf } = this.#options;
    for (const subject of this.#nets.keys()) {
      const identity = identityOf(subject);
      if (identity === '' || !isListed(subject)) continue;
      const { netMinor, bets } = this.figureOf(subject);
      const known = people.get(identity) ?? { authors: [], name: '', netMinor: 0, bets: 0 };
      known.authors.push(authorOf(subject));
      known.name = nameOf(subject);
      known.netMinor += netMinor;
      known.bets += bets;
      people.set(identity, known);
    }
    const ranked = [...people.values()]
      .filter(({ bets }) => bets > 0)
      .sort((one, other) => other.netMinor - one.netMinor || compare(one.name, other.name));
    return create(LeaderboardSchema, {
      rows: ranked.slice(0, ROWS_MAX).map(({ authors, name, netMinor, bets }) => ({
        ...{ authors, name, bets },
        netMinor: BigInt(netMinor),
      })),
      people: ranked.length,
      sinceUs: BigInt(this.#sinceUs),
    });
  }
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
