// The ledger by itself, without a link: durable bets a second, the start from a
// checkpoint, and the independent audit. The short form takes fewer rows and says so; what grows
// with the rows is scaled up to the full number and marked.

import { auditJournal } from '../core/ledger/auditor.ts';
import { sha256Of } from '../native/hash/sha256.ts';
import { type BenchContext, type Measured, ROUNDS } from './figure.ts';
import { type Floors, takeFloors } from './floors.ts';
import { GROUP_BETS, LoadedLedger } from './ledgerLoad.ts';

const SUBJECTS = 500;
const FLOOR_SAMPLES = 100;
/** Bets of one sample of `durable`, and of one of its markets. */
const BLOCK_BETS = 10_000;
const MARKET_BETS = 100_000;
const ROUND_MS = { short: 1_000, full: 13_500 };
const SINGLE_BETS = 300;
const ROWS = { short: 100_000, full: 1_000_000 };
const ROWS_MARKET_BETS = 1_000;

export async function measureDurable(context: BenchContext): Promise<Measured[]> {
  await context.quiet();
  const own = new LoadedLedger(SUBJECTS);
  const rounds: number[][] = [];
  const floors: Floors[] = [];
  const remarks: string[] = [];
  let market = 0;
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(await takeFloors(FLOOR_SAMPLES));
    const single = singlesPerSecond(own, market++);
    const wantedMs = context.isFull ? ROUND_MS.full : ROUND_MS.short;
    const samples: number[] = [];
    for (let tookMs = 0; tookMs < wantedMs; market++) {
      own.openMarket(market);
      for (let bets = 0; bets < MARKET_BETS && tookMs < wantedMs; bets += BLOCK_BETS) {
        const blockMs = betBlock(own, market);
        samples.push(blockMs);
        tookMs += blockMs;
      }
      own.resolve(market);
      own.ledger.commit();
      own.tendAll();
    }
    rounds.push(samples);
    const mean = samples.reduce((sum, ms) => sum + ms, 0) / samples.length;
    const rate = (BLOCK_BETS / mean) * 1000;
    remarks.push(
      `round ${round + 1}: ${Math.round(rate)} bets/s over ${samples.length * BLOCK_BETS}, ` +
        `${(rate / single).toFixed(1)} times one-per-commit (${Math.round(single)}/s)`,
    );
  }
  remarks.push(
    `in process, ${GROUP_BETS} a commit, ${SUBJECTS} viewers, random ids; ` +
      `memory ${Math.round(process.memoryUsage().rss / 1e6)} MB at the end`,
  );
  own.close();
  own.remove();
  return [{ figure: 'durable', rounds, floors, remarks }];
}

function betBlock(own: LoadedLedger, market: number): number {
  const bets = Array.from({ length: BLOCK_BETS }, () => own.nextBet(market));
  const startedMs = performance.now();
  for (const [index, bet] of bets.entries()) {
    own.ask('placeBet', bet);
    if (index % GROUP_BETS === GROUP_BETS - 1) own.ledger.commit();
  }
  own.ledger.commit();
  return performance.now() - startedMs;
}

function singlesPerSecond(own: LoadedLedger, market: number): number {
  own.openMarket(market);
  own.ledger.commit();
  const bets = Array.from({ length: SINGLE_BETS }, () => own.nextBet(market));
  const startedMs = performance.now();
  for (const bet of bets) {
    own.ask('placeBet', bet);
    own.ledger.commit();
  }
  return (SINGLE_BETS / (performance.now() - startedMs)) * 1000;
}

export async function measureAudit(context: BenchContext): Promise<Measured[]> {
  await context.quiet();
  const wanted = context.isFull ? ROWS.full : ROWS.short;
  const own = new LoadedLedger(SUBJECTS);
  let market = 0;
  while (own.ledger.headSeq < wanted) {
    own.playMarket(market++, ROWS_MARKET_BETS);
    own.tendAll();
  }
  own.openMarket(market);
  for (let bet = 0; bet < ROWS_MARKET_BETS; bet++) own.ask('placeBet', own.nextBet(market));
  own.ledger.close();
  const rows = own.ledger.headSeq;
  own.close();
  const starts: number[][] = [];
  const audits: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const openedMs = performance.now();
    const ledger = own.open();
    starts.push([performance.now() - openedMs]);
    if (ledger.journal.unfoldedSeq !== rows) throw new Error('It did not start from a checkpoint');
    if (round === 0 || !context.isFull) audits.push([auditMs(own) * (ROWS.full / rows)]);
    own.close();
  }
  own.remove();
  const remarks = [
    `${rows} rows${context.isFull ? '' : `, scaled to ${ROWS.full}`}; the file read, too`,
  ];
  const start = [`${rows} rows, ${SUBJECTS} viewers, ${ROWS_MARKET_BETS} bets open; not scaled`];
  return [
    { figure: 'audit', rounds: audits, remarks },
    { figure: 'ledgerstart', rounds: starts, remarks: start },
  ];
}

function auditMs(own: LoadedLedger): number {
  const startedMs = performance.now();
  const report = auditJournal(own.ledger.journal.store.allRows.iterate(), sha256Of);
  if (report.findings.length > 0) throw new Error(`The auditor found ${report.findings[0]?.what}`);
  return performance.now() - startedMs;
}
