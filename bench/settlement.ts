// A market with many bets settled, and corrected after its bets were put away, with bets of another
// market in every group between: how long the whole takes, how long the others wait, and which
// single steps hold the ledger's thread longest. Those are told in its own processor time, because
// a machine that does other things, too, stretches the clock.

import { percentileOf } from '../core/base/recentFigures.ts';
import { type BenchContext, type Measured, ROUNDS } from './figure.ts';
import { LoadedLedger } from './ledgerLoad.ts';

const BETS = { short: 20_000, full: 100_000 };
/** The same number of bets by few viewers, and by many. */
const VIEWERS = { few: 500, many: 20_000 };
/** Other bets that come between two parts. */
const BETWEEN_BETS = 10;
const GROUP_BETS = 2_000;
const LONGEST_TOLD = 6;

type Step = { name: string; bets: number; cpuMs: number; wallMs: number };
type Round = { totalMs: number; waitsMs: number[]; steps: Step[] };

export async function measureSettlement(context: BenchContext): Promise<Measured[]> {
  await context.quiet();
  const bets = context.isFull ? BETS.full : BETS.short;
  const scale = BETS.full / bets;
  const settled: Round[] = [];
  const corrected: Round[] = [];
  const remarks: string[] = [];
  const viewers = [VIEWERS.few, ...(context.isFull ? [VIEWERS.many] : [])];
  for (const count of viewers) {
    const own = new LoadedLedger(count);
    const steps: Step[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const both = playRound(own, round, bets);
      for (const one of [both.settled, both.away, both.corrected]) steps.push(...one.steps);
      if (count !== VIEWERS.few) continue;
      settled.push(both.settled);
      corrected.push(both.corrected);
    }
    own.close();
    own.remove();
    remarks.push(`${count} viewers, longest steps by processor time: ${longest(steps)}`);
  }
  const meanwhile = 'bets of another market meanwhile';
  const about =
    `${bets} bets${scale > 1 ? `, the time scaled by ${scale} to ${BETS.full}` : ''}; ` +
    `${BETWEEN_BETS} other bets in every group between`;
  const total = (round: Round) => [round.totalMs * scale];
  const waits = (round: Round) => round.waitsMs;
  const correction = corrected.map((round) => Math.round(round.totalMs)).join(', ');
  return [
    { figure: 'settlement', rounds: settled.map(total), remarks: [about, ...remarks] },
    { figure: 'settlementbets', rounds: settled.map(waits), remarks: [meanwhile] },
    {
      figure: 'correctionbets',
      rounds: corrected.map(waits),
      remarks: [
        `${meanwhile}, while ${bets} bets come back into memory and are paid anew ` +
          `(${correction} ms in all)`,
      ],
    },
  ];
}

function playRound(own: LoadedLedger, round: number, bets: number) {
  const [market, other] = [round * 2, round * 2 + 1];
  own.openMarket(market);
  own.openMarket(other);
  for (let bet = 0; bet < bets; bet++) {
    own.ask('placeBet', own.nextBet(market));
    if (bet % GROUP_BETS === GROUP_BETS - 1) own.ledger.commit();
  }
  own.ledger.commit();
  const isSettling = () => own.ledger.isSettling({ marketId: `m${market}` });
  const resolve = () => {
    own.resolve(market);
    return true;
  };
  const settled = groups(own, other, resolve, isSettling);
  const away = groups(
    own,
    other,
    () => true,
    (hasMore) => hasMore,
  );
  const correct = () => {
    const isWaiting = own.isCorrectionWaiting(market);
    if (!isWaiting) own.correct(market);
    return !isWaiting;
  };
  const corrected = groups(own, other, correct, isSettling);
  own.tendAll();
  return { settled, away, corrected };
}

/** Groups as the server makes them: what is asked for, some other bets, one step, the commit. */
function groups(
  own: LoadedLedger,
  other: number,
  ask: () => boolean,
  isBusy: (hasMore: boolean) => boolean,
): Round {
  const round: Round = { totalMs: 0, waitsMs: [], steps: [] };
  const startedMs = performance.now();
  let isAsked = false;
  for (let hasMore = true; !isAsked || isBusy(hasMore); ) {
    const groupMs = performance.now();
    isAsked ||= timed(round, 'request', ask);
    for (let bet = 0; bet < BETWEEN_BETS; bet++) own.ask('placeBet', own.nextBet(other));
    hasMore = timed(round, '', () => own.ledger.tend());
    const last = round.steps.at(-1);
    const { what, bets } = own.ledger.journal.did;
    if (last) Object.assign(last, { name: what, bets });
    timed(round, 'commit', () => own.ledger.commit());
    const waitMs = performance.now() - groupMs;
    for (let bet = 0; bet < BETWEEN_BETS; bet++) round.waitsMs.push(waitMs);
  }
  round.totalMs = performance.now() - startedMs;
  return round;
}

function timed<Value>(round: Round, name: string, act: () => Value): Value {
  const startedMs = performance.now();
  const started = process.threadCpuUsage();
  const value = act();
  const { user, system } = process.threadCpuUsage(started);
  const wallMs = performance.now() - startedMs;
  round.steps.push({ name, bets: 0, cpuMs: (user + system) / 1000, wallMs });
  return value;
}

/** The longest of each name, and how long one in a hundred of them is. */
function longest(steps: readonly Step[]): string {
  const names = new Map<string, Step[]>();
  for (const step of steps) {
    const own = names.get(step.name);
    if (own) own.push(step);
    else names.set(step.name, [step]);
  }
  return [...names]
    .map(([name, own]) => {
      const cpu = own.map(({ cpuMs }) => cpuMs);
      const bets = Math.max(...own.map((step) => step.bets));
      return {
        name,
        bets,
        most: Math.max(...cpu),
        p99: percentileOf(cpu, 0.99) ?? 0,
        count: own.length,
      };
    })
    .sort((one, two) => two.most - one.most)
    .slice(0, LONGEST_TOLD)
    .map(
      ({ name, most, p99, count, bets }) =>
        `${name} ${most.toFixed(1)} ms (p99 ${p99.toFixed(1)} of ${count}, ` +
        `${bets} bets at most)`,
    )
    .join('; ');
}
