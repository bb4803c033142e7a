// Figure `load`: a thousand bets a second from 500 viewers, each over a WebSocket of its own, through
// relay, engine and ledger while a 720p show is live on the same machine. Bets leave on a schedule
// and never wait for answers. A bet without an answer, or two bets with one row, end the figure.

import type { ReadyFacts } from '../tests/harness/studio.ts';
import { createOpenMarket, keepMarket, MAY_REFUSE } from './bets.ts';
import { type BetAnswer, type Bettor, joinBettor } from './bettor.ts';
import { type BenchContext, type Measured, ROUNDS } from './figure.ts';
import { type Floors, pause, takeFloors } from './floors.ts';
import { spreadOf } from './statistics.ts';

const VIEWERS = 500;
/** Viewers that join at once. */
const JOINING = 25;
const BETS_PER_SECOND = 1_000;
/** Seconds of each of the three rounds. */
const SECONDS = { short: 2, full: 20 };
const WARM_UP_SECONDS = 1;
const FLOOR_SAMPLES = { short: 40, full: 200 };
/** Guards against a bet that is never answered; it judges no speed. */
const HANG_MS = 30_000;

export async function measureLoad(context: BenchContext): Promise<Measured[]> {
  const { studio, owner } = await context.studio('demo:');
  const form = context.isFull ? 'full' : 'short';
  const joiningMs = performance.now();
  const crowd = await joinCrowd(studio.facts());
  const joinedSeconds = (performance.now() - joiningMs) / 1000;
  const market = await keepMarket(createOpenMarket(owner));
  await betSteadily(crowd, market.id, WARM_UP_SECONDS);
  const rounds: number[][] = [];
  const floors: Floors[] = [];
  const seqs = new Set<bigint>();
  const late: number[] = [];
  let refused = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      floors.push(await takeFloors(FLOOR_SAMPLES[form]));
      const bets = await betSteadily(crowd, market.id, SECONDS[form]);
      rounds.push(confirmedOf(bets.answers, seqs));
      refused += bets.answers.length - (rounds.at(-1)?.length ?? 0);
      late.push(...bets.late);
    }
  } finally {
    market.end();
    for (const viewer of crowd) viewer.close();
  }
  const sent = rounds.reduce((sum, round) => sum + round.length, refused);
  const remarks = [
    `${sent} bets of ${VIEWERS} viewers at ${BETS_PER_SECOND} a second: 0 lost, ${seqs.size} rows, ` +
      `${refused} refused by the show; the viewers joined in ${joinedSeconds.toFixed(1)} s`,
    `the sender was late by ${spreadOf(late)?.p99.toFixed(1) ?? '-'} ms (p99); it shares the cores`,
    `the engine's own p95, arrived to durable: ${owner.readings()?.betMs?.toFixed(1) ?? '-'} ms`,
  ];
  return [{ figure: 'load', rounds, floors, remarks }];
}

async function joinCrowd(facts: ReadyFacts): Promise<Bettor[]> {
  const crowd: Bettor[] = [];
  while (crowd.length < VIEWERS) {
    crowd.push(...(await Promise.all(Array.from({ length: JOINING }, () => joinBettor(facts)))));
  }
  return crowd;
}

/** Sends on schedule for some seconds; resolves when every bet has its answer. */
async function betSteadily(crowd: readonly Bettor[], market: () => string, seconds: number) {
  const answers: Promise<BetAnswer>[] = [];
  const late: number[] = [];
  const startedMs = performance.now();
  const count = seconds * BETS_PER_SECOND;
  while (answers.length < count) {
    const nowMs = performance.now();
    const due = Math.min(count, Math.ceil(((nowMs - startedMs) / 1000) * BETS_PER_SECOND));
    while (answers.length < due) {
      const dueMs = startedMs + (answers.length * 1000) / BETS_PER_SECOND;
      late.push(Math.max(0, performance.now() - dueMs));
      const bettor = crowd[answers.length % crowd.length];
      if (!bettor) throw new Error('Nobody is there to bet');
      const answer = bettor.bet(market());
      answer.catch(() => {});
      answers.push(answer);
    }
    await pause(1);
  }
  const hang = new Promise<never>((_, fail) => {
    const guard = setTimeout(() => fail(new Error('A bet was never answered')), HANG_MS);
    guard.unref();
  });
  return { answers: await Promise.race([Promise.all(answers), hang]), late };
}

/** Milliseconds of the confirmed ones. Throws when two share a row or one was refused wrongly. */
function confirmedOf(answers: readonly BetAnswer[], seqs: Set<bigint>): number[] {
  const samples: number[] = [];
  for (const { reply, sentMs, answeredMs } of answers) {
    if (reply.code !== '') {
      if (!MAY_REFUSE.has(reply.code)) throw new Error(`A bet was refused: ${reply.code}`);
      continue;
    }
    if (seqs.has(reply.seq)) throw new Error(`Two bets have row ${reply.seq}`);
    seqs.add(reply.seq);
    samples.push(answeredMs - sentMs);
  }
  return samples;
}
