// For tests and the endurance run: random commands of every verb of the ledger, wrong ones of every
// kind among them, and the faults: groups that are not committed, a disk that is full between two
// writes, a process that dies at once. Times are offsets within the market that is open now.

import fc from 'fast-check';
import type { LimitName } from './model.ts';

const S = 1_000_000;
const HOUR = 3600 * S;
export const SUBJECTS = 5;
/** Places for markets; where one has ended, the next "open" opens a fresh one. */
const MARKETS = 3;

type By = { role: string; own: number | null };
type OnMarket = By & { market: number };
export type Command =
  | { verb: 'bind'; subject: number; isStaff: boolean; key: number }
  | (OnMarket & { verb: 'open'; budget: number; rakePoints: number })
  | {
      verb: 'bet';
      id: number;
      subject: number;
      market: number;
      outcome: number;
      amount: number;
      at: number;
      isStale: boolean;
    }
  | { verb: 'withdraw'; id: number; subject: number; isOwn: boolean; at: number }
  | {
      verb: 'sell';
      id: number;
      bet: number;
      subject: number;
      isOwn: boolean;
      /** Of what is held, percent. */
      part: number;
      at: number;
      isStale: boolean;
    }
  | (OnMarket & { verb: 'extend'; lockAt: number })
  | (OnMarket & { verb: 'lock'; tCap: number | null })
  | (OnMarket & { verb: 'resolve'; outcome: number; tCap: number | null })
  | (OnMarket & {
      verb: 'correct';
      outcome: number | null;
      tCap: number | null;
      isLate: boolean;
    })
  | (OnMarket & { verb: 'void' })
  | (By & { verb: 'policy'; numbers: (number | null)[] })
  | (By & { verb: 'ban'; subject: number; isBanned: boolean })
  | { verb: 'limit'; subject: number; limit: LimitName; points: number | null; until: number }
  | { verb: 'vest'; subject: number; watched: number; at: number }
  | { verb: 'suspend'; market: number | null; isSuspended: boolean }
  /** An earlier request once more, or its id with another content. */
  | { verb: 'again'; back: number; isTwisted: boolean }
  /** Time goes by. */
  | { verb: 'pass'; time: number }
  | { verb: 'commit' }
  | { verb: 'abandon' }
  | { verb: 'die' }
  /** Ends in order: a checkpoint is kept, and the next start begins with it. */
  | { verb: 'close' }
  /** What the ledger does beside requests: verifying, putting away, checkpoints. */
  | { verb: 'tend'; steps: number }
  /** The disk takes so many more pages and no more. */
  | { verb: 'full'; pages: number };

const time = fc.integer({ min: 100 * S, max: 121 * S });
const cut = fc.option(fc.integer({ min: 104 * S, max: 123 * S }));
const market = fc.nat({ max: MARKETS - 1 });
/** The last one has to be bound first. */
const subject = fc.constantFrom(0, 1, 2, 3, 0, 1, 2, 3, SUBJECTS - 1);
/** Mostly one that is there. */
const outcome = fc.constantFrom(0, 1, 0, 1, 0, 1, 2);
/** Some of them meet one that was used. */
const id = fc.oneof(
  { weight: 1, arbitrary: fc.nat({ max: 60 }) },
  { weight: 5, arbitrary: fc.nat({ max: 99_999 }) },
);

function oneOf(times: number) {
  return fc.nat({ max: times - 1 }).map((dice) => dice === 0);
}

function some(times: number) {
  return fc.nat({ max: times - 1 }).map((dice) => dice !== 0);
}

/** Mostly somebody who may; seldom somebody who has a subject of their own. */
const by = {
  role: fc.constantFrom('owner', 'moderator', 'owner', 'coHost', 'owner', 'owner', 'vision'),
  own: fc.option(subject, { freq: 2 }).map((one) => (one !== null && one % 2 === 0 ? one : null)),
};
const runsIt = {
  ...by,
  role: fc.constantFrom('owner', 'vision', 'moderator', 'owner', 'viewer', 'owner'),
};

function asked<Verb extends string, Fields extends object>(
  verb: Verb,
  fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
) {
  return fc.record({ verb: fc.constant(verb), ...fields } as never);
}

const amount = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -1, max: 90 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 1200 }) },
);
/** Mostly generous or none, so that the run goes on. */
const points = fc.constantFrom(null, null, null, 50, 300, 5_000, 50_000);

const WEIGHTED: readonly [weight: number, arbitrary: fc.Arbitrary<unknown>][] = [
  [4, asked('bind', { subject, isStaff: oneOf(12), key: fc.constantFrom(1, 1, 1, 1, 2) })],
  [
    12,
    asked('open', {
      ...runsIt,
      market,
      budget: fc.constantFrom(0, 0, 0, 1, 150, 400),
      rakePoints: fc.constantFrom(0, 0, 500, 2000),
    }),
  ],
  [110, asked('bet', { id, subject, market, outcome, amount, at: time, isStale: oneOf(8) })],
  [9, asked('withdraw', { id, subject, isOwn: some(10), at: time })],
  [
    14,
    asked('sell', {
      ...{ id, bet: id, subject, isOwn: some(4), at: time, isStale: oneOf(8) },
      part: fc.integer({ min: -1, max: 101 }),
    }),
  ],
  [2, asked('extend', { ...by, market, lockAt: fc.integer({ min: 119 * S, max: 131 * S }) })],
  [2, asked('lock', { ...runsIt, market, tCap: cut })],
  [7, asked('resolve', { ...runsIt, market, outcome, tCap: cut })],
  [
    10,
    asked('correct', {
      ...by,
      market,
      outcome: fc.option(outcome, { freq: 8 }),
      tCap: cut,
      isLate: oneOf(10),
    }),
  ],
  [1, asked('void', { ...runsIt, market })],
  [2, asked('policy', { ...by, numbers: fc.array(points, { minLength: 9, maxLength: 9 }) })],
  [2, asked('ban', { ...by, subject, isBanned: oneOf(4) })],
  [
    5,
    asked('limit', {
      subject,
      limit: fc.constantFrom('stakeDay', 'lossDay', 'pausedUntil', 'excludedUntil'),
      points,
      until: fc.constantFrom(90 * S, 105 * S, 110 * S, 30 * HOUR),
    }),
  ],
  [5, asked('vest', { subject, watched: fc.nat({ max: 86_400 }), at: time })],
  [4, asked('suspend', { market: fc.option(market, { freq: 9 }), isSuspended: oneOf(4) })],
  [12, asked('again', { back: fc.nat({ max: 60 }), isTwisted: oneOf(3) })],
  [1, asked('pass', { time: fc.constantFrom(720 * S, 720 * S, 25 * HOUR) })],
  [16, asked('commit', {})],
  [1, asked('abandon', {})],
  [1, asked('die', {})],
  [1, asked('close', {})],
  [14, asked('tend', { steps: fc.integer({ min: 1, max: 4 }) })],
  [1, asked('full', { pages: fc.nat({ max: 2 }) })],
];

/** A decision that is corrected after its winner has spent what it brought. */
const story = fc
  .tuple(market, fc.nat({ max: 1 }), fc.nat({ max: 3 }), fc.nat({ max: 99_000 }), cut)
  .map(([place, winner, who, from, tCap]): Command[] => {
    const owner = { role: 'owner', own: null };
    const other = (place + 1) % MARKETS;
    const open = { ...owner, verb: 'open', budget: 0, rakePoints: 0 } as const;
    const stakes = [300, 200, 900, 500, 250, 100, 30];
    const bets = stakes.map((amount, at): Command => {
      const isFirst = at < 2;
      return {
        verb: 'bet',
        ...{ id: from + at, subject: at === 1 ? (who + 1) % 4 : who, amount, isStale: false },
        ...{ market: isFirst ? place : other, outcome: at === 1 ? 1 - winner : winner },
        at: (104 + at) * S,
      };
    });
    const decided = { ...owner, market: place, tCap };
    return [
      { verb: 'suspend', market: null, isSuspended: false },
      { ...open, market: place },
      { ...open, market: other },
      ...bets.slice(0, 2),
      { ...decided, verb: 'resolve', outcome: winner },
      ...bets.slice(2),
      { ...decided, verb: 'correct', outcome: 1 - winner, isLate: false },
    ];
  });

const commands = fc.oneof(
  ...WEIGHTED.map(([weight, arbitrary]) => ({ weight, arbitrary: arbitrary.map((one) => [one]) })),
  { weight: 3, arbitrary: story },
) as fc.Arbitrary<Command[]>;

/** Some of the subjects and markets are there from the start; the rest comes when it comes. */
const FIRST: readonly Command[] = [
  { verb: 'bind', subject: 0, isStaff: false, key: 1 },
  { verb: 'bind', subject: 1, isStaff: false, key: 1 },
  { verb: 'bind', subject: 2, isStaff: false, key: 1 },
  { verb: 'bind', subject: 3, isStaff: false, key: 1 },
  { verb: 'open', market: 0, role: 'owner', own: null, budget: 0, rakePoints: 0 },
  { verb: 'open', market: 1, role: 'owner', own: null, budget: 150, rakePoints: 0 },
  { verb: 'open', market: 2, role: 'owner', own: null, budget: 0, rakePoints: 500 },
  { verb: 'commit' },
];

/** The commands of one run, the same for the same seed. */
export function randomCommands(length: number, seed: number): Command[] {
  const list = fc.array(fc.noBias(commands), { minLength: length, maxLength: length, size: 'max' });
  const [rest] = fc.sample(list, { seed, numRuns: 1 });
  return [...FIRST, ...(rest ?? []).flat()].slice(0, length);
}
