// What looks odd in the bets of a show. Each signal names who and why, with evidence that a person
// can check; none of them acts, because each has honest explanations: a school has one network,
// siblings disagree, and somebody has to be lucky. Pure: the same facts give the same signals.

export type GuestFact = { subject: string; network: string };
export type BetFact = {
  betId: string;
  subject: string;
  marketId: string;
  outcome: number;
  amountMinor: number;
  /** Arrival at the studio, media clock, microseconds. */
  arrivedUs: number;
};
export type MarketFact = { marketId: string; opensAtUs: number };
/** Something that decided or moved a market; betting on what it is just before is suspicious. */
export type EventFact = { captureUs: number; type: string };

export type ShowFacts = {
  guests: readonly GuestFact[];
  bets: readonly BetFact[];
  markets: readonly MarketFact[];
  events: readonly EventFact[];
};

export type Signal = {
  kind: 'sameNetwork' | 'oppositePair' | 'beforeEvents' | 'tooFast';
  subjects: string[];
  /** 0 to 1: how unlikely by chance, as far as these facts say. */
  strength: number;
  sentence: string;
  evidence: string[];
};

/** Guests of one network that are no longer a household. */
export const SAME_NETWORK_MIN = 5;
/** Markets in which a pair must have bet against each other. */
export const PAIR_MARKETS_MIN = 3;
/** Stakes and times of such a pair differ by less than this. */
const PAIR_RATIO_MAX = 1.25;
const PAIR_GAP_US = 15_000_000;
/** Before an event within this is "just before", microseconds. */
export const BEFORE_EVENT_US = 2_000_000;
export const BEFORE_EVENT_MIN = 4;
/** Nobody reads a question and taps within this after it opened, on whatever line. */
export const REACTION_US_MIN = 180_000;
export const TOO_FAST_MIN = 3;
const EVIDENCE_MAX = 10;
const SIGNALS_MAX = 100;
/** Pairs looked at in one market; beyond, a market is too crowded to say anything about a pair. */
const PAIRED_BETS_MAX = 300;

/** All signals, strongest first. */
export function signalsOf(facts: ShowFacts): Signal[] {
  const found = [
    ...sameNetwork(facts),
    ...oppositePairs(facts),
    ...beforeEvents(facts),
    ...tooFast(facts),
  ];
  return found.sort((one, other) => other.strength - one.strength).slice(0, SIGNALS_MAX);
}

/** Many guests from one network: one person with many wallets, or a school. */
export function sameNetwork({ guests, bets }: ShowFacts): Signal[] {
  const byNetwork = new Map<string, Set<string>>();
  for (const { subject, network } of guests) {
    if (network === '') continue;
    const known = byNetwork.get(network) ?? new Set();
    byNetwork.set(network, known.add(subject));
  }
  const betting = countBy(bets, ({ subject }) => subject);
  return [...byNetwork.values()].flatMap((subjects) => {
    if (subjects.size < SAME_NETWORK_MIN) return [];
    const list = [...subjects].sort();
    const active = list.filter((subject) => betting.has(subject));
    return [
      {
        kind: 'sameNetwork' as const,
        subjects: list.slice(0, 50),
        // Those who only watch say little.
        strength: strengthOf(active.length, SAME_NETWORK_MIN),
        sentence: `${list.length} guests come from one network; ${active.length} of them bet.`,
        evidence: active
          .slice(0, EVIDENCE_MAX)
          .map((subject) => `${short(subject)}: ${betting.get(subject)} bets`),
      },
    ];
  });
}

/** Two who keep betting against each other, alike in stake and time: one purse on both sides. */
export function oppositePairs({ bets }: ShowFacts): Signal[] {
  const pairs = new Map<string, { subjects: [string, string]; markets: Map<string, string> }>();
  for (const [marketId, ofMarket] of groupBy(bets, (bet) => bet.marketId)) {
    const looked = ofMarket.slice(0, PAIRED_BETS_MAX);
    for (const [at, one] of looked.entries()) {
      for (const other of looked.slice(at + 1)) {
        if (!isOpposite(one, other)) continue;
        const subjects = [one.subject, other.subject].sort() as [string, string];
        const key = subjects.join(' ');
        const pair = pairs.get(key) ?? { subjects, markets: new Map() };
        pair.markets.set(marketId, pairWords(marketId, one, other));
        pairs.set(key, pair);
      }
    }
  }
  const marketsOf = groupBy(bets, (bet) => bet.subject);
  return [...pairs.values()].flatMap(({ subjects, markets }) => {
    if (markets.size < PAIR_MARKETS_MIN) return [];
    const [ones, others] = subjects.map(
      (subject) => new Set(marketsOf.get(subject)?.map((bet) => bet.marketId)),
    );
    const shared = [...(ones ?? [])].filter((marketId) => others?.has(marketId)).length;
    // Who meets everywhere is now and then on the other side, too.
    if (markets.size * 2 < shared) return [];
    return [
      {
        kind: 'oppositePair' as const,
        subjects,
        strength: strengthOf(markets.size, PAIR_MARKETS_MIN) * (markets.size / shared),
        sentence: `Opposite sides, like stakes in ${markets.size} of ${shared} shared markets.`,
        evidence: [...markets.values()].slice(-EVIDENCE_MAX),
      },
    ];
  });
}

/** Bets that came just before something happened: somebody sees the picture earlier. */
export function beforeEvents({ bets, events }: ShowFacts): Signal[] {
  const times = events.map(({ captureUs }) => captureUs).sort((one, other) => one - other);
  const signals: Signal[] = [];
  for (const [subject, own] of groupBy(bets, (bet) => bet.subject)) {
    const close = own.flatMap((bet) => {
      const next = times.find((atUs) => atUs > bet.arrivedUs);
      const leadUs = next === undefined ? Number.POSITIVE_INFINITY : next - bet.arrivedUs;
      return leadUs <= BEFORE_EVENT_US ? [{ bet, leadUs }] : [];
    });
    // Also most of them: whoever bets all the time is before every event.
    if (close.length < BEFORE_EVENT_MIN || close.length * 2 < own.length) continue;
    signals.push({
      kind: 'beforeEvents',
      subjects: [subject],
      strength: strengthOf(close.length, BEFORE_EVENT_MIN) * (close.length / own.length),
      sentence: `${close.length} of ${own.length} bets came within 2 s before something happened.`,
      evidence: close
        .slice(-EVIDENCE_MAX)
        .map(({ bet, leadUs }) => `${bet.marketId}: ${milliseconds(leadUs)} before`),
    });
  }
  return signals;
}

/** Bets sooner after the opening than a person can read and tap: a program. */
export function tooFast({ bets, markets }: ShowFacts): Signal[] {
  const opens = new Map(markets.map(({ marketId, opensAtUs }) => [marketId, opensAtUs]));
  const signals: Signal[] = [];
  for (const [subject, own] of groupBy(bets, (bet) => bet.subject)) {
    const fast = own.flatMap((bet) => {
      const opensAtUs = opens.get(bet.marketId);
      if (opensAtUs === undefined) return [];
      const reactionUs = bet.arrivedUs - opensAtUs;
      return reactionUs >= 0 && reactionUs < REACTION_US_MIN ? [{ bet, reactionUs }] : [];
    });
    if (fast.length < TOO_FAST_MIN) continue;
    signals.push({
      kind: 'tooFast',
      subjects: [subject],
      strength: strengthOf(fast.length, TOO_FAST_MIN),
      sentence: `${fast.length} bets came sooner after the opening than anybody can react.`,
      evidence: fast
        .slice(-EVIDENCE_MAX)
        .map(({ bet, reactionUs }) => `${bet.marketId}: ${milliseconds(reactionUs)} after`),
    });
  }
  return signals;
}

function isOpposite(one: BetFact, other: BetFact): boolean {
  if (one.subject === other.subject || one.outcome === other.outcome) return false;
  if (Math.abs(one.arrivedUs - other.arrivedUs) > PAIR_GAP_US) return false;
  const larger = Math.max(one.amountMinor, other.amountMinor);
  return larger <= Math.min(one.amountMinor, other.amountMinor) * PAIR_RATIO_MAX;
}

function pairWords(marketId: string, one: BetFact, other: BetFact): string {
  const gap = milliseconds(Math.abs(one.arrivedUs - other.arrivedUs));
  return `${marketId}: ${one.amountMinor} against ${other.amountMinor}, ${gap} apart`;
}

/** One half at the least count that is told, towards 1 with more. */
function strengthOf(count: number, least: number): number {
  return count <= 0 ? 0 : 1 - 0.5 ** (count / least);
}

function milliseconds(us: number): string {
  return `${Math.round(us / 1000)} ms`;
}

function short(subject: string): string {
  return subject.slice(0, 8);
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
