// What is collected of a show while it runs: samples in bounded series, delays as a histogram, what
// happened, what broke. Plain data, so that it can be written down at any moment and gone on with
// by the next engine. No clock and no disk. It holds no name, no address and no key of anybody.

import { z } from 'zod';
import { type GameEvent, gameEventSchema, isSameEvent } from '../contract/events.ts';
import {
  REPORT_EVENTS_MAX,
  REPORT_SAMPLES_MAX,
  REPORT_SUSPENSIONS_MAX,
  REPORT_WARNINGS_MAX,
  type ReportHealth,
  type ReportMarket,
  type ReportSample,
  reportHealthSchema,
  reportSampleSchema,
  type ShowReport,
} from '../contract/report.ts';

/** The first periods, seconds; they double when the series is full. */
export const SAMPLE_SECONDS = 2;
/** Delays are told to 5 of 100: column n holds those up to 1.05 to the n-th, ms. */
const DELAY_STEP = 1.05;
const DELAY_COLUMNS_MAX = 260;
/** Markets of which it is remembered who decided them. */
const DECIDERS_MAX = 1_000;

const count = z.number().int().nonnegative();
const keptEventSchema = gameEventSchema.pick({
  ...{ id: true, type: true, captureUs: true, subject: true, confidence: true, why: true },
});

export const showRecordSchema = z.strictObject({
  version: z.literal(1),
  title: z.string().max(200),
  /** Media clock, microseconds: begin of the show, which is also its id. */
  sinceUs: count,
  startedMs: count,
  lastUs: count,
  isEnded: z.boolean(),
  viewersPeak: count,
  sampleCount: count,
  viewersSum: z.number().nonnegative(),
  framesDropped: count,
  delays: z.array(count).max(DELAY_COLUMNS_MAX),
  /** Samples that make one of the series. */
  every: count.min(1),
  samples: z.array(reportSampleSchema).max(REPORT_SAMPLES_MAX),
  /** The period that is not full yet. */
  open: z.array(reportSampleSchema),
  events: z.array(keptEventSchema).max(REPORT_EVENTS_MAX),
  eventsMore: count,
  health: reportHealthSchema,
  deciders: z.record(z.string(), z.enum(['picture', 'person'])),
});
export type ShowRecord = z.infer<typeof showRecordSchema>;

export function newRecord(show: { title: string; sinceUs: number; startedMs: number }): ShowRecord {
  return {
    ...{ version: 1, ...show, lastUs: show.sinceUs, isEnded: false },
    ...{ viewersPeak: 0, sampleCount: 0, viewersSum: 0, framesDropped: 0, delays: [] },
    ...{ every: 1, samples: [], open: [], events: [], eventsMore: 0, deciders: {} },
    health: {
      restarts: { engine: 0, vision: 0, relay: 0, ledger: 0 },
      ...{ warnings: [], warningsMore: 0, suspensions: [] },
    },
  };
}

export type Measured = {
  viewers: number;
  /** Of every viewer who told it. */
  delaysMs: readonly number[];
  kilobits: number | null;
  roundTripMs: number | null;
  /** Since the last sample. */
  framesDropped: number;
};

/** Seconds since the show began; of something that was captured before, negative. */
export function atSeconds({ sinceUs }: Pick<ShowRecord, 'sinceUs'>, atUs: number): number {
  return Math.round((atUs - sinceUs) / 100_000) / 10;
}

/** Takes one sample into the record. */
export function addSample(record: ShowRecord, atUs: number, measured: Measured): void {
  const { viewers, delaysMs, kilobits, roundTripMs, framesDropped } = measured;
  record.lastUs = Math.max(record.lastUs, atUs);
  record.viewersPeak = Math.max(record.viewersPeak, viewers);
  record.sampleCount++;
  record.viewersSum += viewers;
  record.framesDropped += framesDropped;
  const own: number[] = [];
  for (const ms of delaysMs) countDelay(own, ms);
  for (const [column, seen] of own.entries()) {
    while (record.delays.length <= column) record.delays.push(0);
    record.delays[column] = (record.delays[column] ?? 0) + seen;
  }
  const delays = { delayP50Ms: delayAt(own, 0.5), delayP95Ms: delayAt(own, 0.95) };
  const atS = Math.max(0, atSeconds(record, atUs));
  record.open.push({ atS, viewers, ...delays, kilobits, roundTripMs, framesDropped });
  if (record.open.length < record.every) return;
  record.samples.push(merged(record.open));
  record.open = [];
  if (record.samples.length < REPORT_SAMPLES_MAX) return;
  // Twice as long periods from now on, and those that were become so.
  const pairs: ReportSample[] = [];
  for (let at = 0; at < record.samples.length; at += 2) {
    pairs.push(merged(record.samples.slice(at, at + 2)));
  }
  record.samples = pairs;
  record.every *= 2;
}

function countDelay(columns: number[], ms: number): void {
  const column = Math.ceil(Math.log(Math.max(1, ms)) / Math.log(DELAY_STEP));
  const at = Math.min(DELAY_COLUMNS_MAX - 1, column);
  while (columns.length <= at) columns.push(0);
  columns[at] = (columns[at] ?? 0) + 1;
}

/** Nearest rank, as the upper end of its column; null without any. */
function delayAt(columns: readonly number[], share: number): number | null {
  const all = columns.reduce((sum, seen) => sum + seen, 0);
  if (all === 0) return null;
  let left = Math.max(1, Math.ceil(share * all));
  const column = columns.findIndex((seen) => {
    left -= seen;
    return left <= 0;
  });
  return Math.round(DELAY_STEP ** column);
}

/** Several periods as one: means of what was measured, the sum of what was dropped. */
function merged(samples: readonly ReportSample[]): ReportSample {
  const mean = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return null;
    return Math.round((10 * known.reduce((sum, value) => sum + value, 0)) / known.length) / 10;
  };
  return {
    atS: samples.at(-1)?.atS ?? 0,
    viewers: mean(samples.map(({ viewers }) => viewers)) ?? 0,
    delayP50Ms: mean(samples.map(({ delayP50Ms }) => delayP50Ms)),
    delayP95Ms: mean(samples.map(({ delayP95Ms }) => delayP95Ms)),
    kilobits: mean(samples.map(({ kilobits }) => kilobits)),
    roundTripMs: mean(samples.map(({ roundTripMs }) => roundTripMs)),
    framesDropped: samples.reduce((sum, { framesDropped }) => sum + framesDropped, 0),
  };
}

/** Something happened; highlights make others give way, not the other way round. */
export function addEvent(record: ShowRecord, event: GameEvent): void {
  // Vision that was restarted tells some of it again.
  if (record.events.some((known) => isSameEvent(known, event))) return;
  const { id, type, captureUs, subject, confidence, why } = event;
  record.events.push({ id, type, captureUs, subject, confidence, why });
  if (record.events.length <= REPORT_EVENTS_MAX) return;
  const least = record.events.findIndex((known) => !MATTERS.has(known.type));
  record.events.splice(Math.max(0, least), 1);
  record.eventsMore++;
}

const MATTERS: ReadonlySet<GameEvent['type']> = new Set<GameEvent['type']>([
  ...(['highlight', 'goal', 'objective', 'scoreChanged', 'speedRecord'] as const),
]);

export function addRestart(record: ShowRecord, of: keyof ReportHealth['restarts']): void {
  record.health.restarts[of]++;
}

/** The same sentence again is the same warning. */
export function addWarning(
  record: ShowRecord,
  atUs: number,
  { severity, text }: { severity: 'warn' | 'stop'; text: string },
): void {
  const { health } = record;
  if (health.warnings.some((known) => known.text === text)) return;
  if (health.warnings.length >= REPORT_WARNINGS_MAX) health.warningsMore++;
  else {
    const said = text.slice(0, 500);
    health.warnings.push({ atS: atSeconds(record, atUs), severity, text: said });
  }
}

/** Nobody could bet for so long; reasons beyond the bound count with the last one. */
export function addSuspension(record: ShowRecord, reason: string, seconds: number): void {
  const { suspensions } = record.health;
  const said = reason.slice(0, 300);
  const isFull = suspensions.length >= REPORT_SUSPENSIONS_MAX;
  const known = suspensions.find((one) => one.reason === said) ?? (isFull && suspensions.at(-1));
  if (known) {
    known.times++;
    known.seconds = Math.round((known.seconds + seconds) * 10) / 10;
  } else {
    suspensions.push({ reason: said, times: 1, seconds: Math.round(seconds * 10) / 10 });
  }
}

/** The first decision counts; a correction is counted by the ledger. */
export function addDecider(record: ShowRecord, marketId: string, by: 'picture' | 'person'): void {
  if (record.deciders[marketId] !== undefined) return;
  if (Object.keys(record.deciders).length < DECIDERS_MAX) record.deciders[marketId] = by;
}

/** The report of a record; markets and journal are the ledger's. */
export function reportOf(
  record: ShowRecord,
  joined: Pick<ShowReport, 'state' | 'markets' | 'hasMoreMarkets' | 'ledger'>,
): ShowReport {
  const { sampleCount, viewersSum, open } = record;
  const samples = open.length === 0 ? record.samples : [...record.samples, merged(open)];
  const whole = merged(samples);
  return {
    ...{ id: String(record.sinceUs), title: record.title, startedMs: record.startedMs },
    ...{ seconds: atSeconds(record, record.lastUs), viewersPeak: record.viewersPeak },
    viewersMean: sampleCount === 0 ? 0 : Math.round((10 * viewersSum) / sampleCount) / 10,
    delayP50Ms: delayAt(record.delays, 0.5),
    delayP95Ms: delayAt(record.delays, 0.95),
    ...{ kilobitsMean: whole.kilobits, roundTripMs: whole.roundTripMs },
    framesDropped: record.framesDropped,
    samples: samples.slice(-REPORT_SAMPLES_MAX),
    events: [...record.events]
      .sort((one, other) => one.captureUs - other.captureUs)
      .map(({ captureUs, type, confidence, why }) => ({
        ...{ atS: atSeconds(record, captureUs), type, confidence, why },
      })),
    eventsMore: record.eventsMore,
    health: record.health,
    ...joined,
  };
}

/** What the ledger says of one market, as a line of the report. */
export function reportMarketOf(
  record: ShowRecord,
  market: {
    id: string;
    title: string;
    state: string;
    opensAtUs: number;
    winner: number | null;
    outcomes: readonly { label: string; poolMinor: number; bettors: number }[];
    paidMinor: number;
    voidedBets: number;
    revision?: number | undefined;
  },
): ReportMarket {
  const { id, title, winner, outcomes, paidMinor, voidedBets, revision = 0 } = market;
  const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0);
  return {
    ...{ id, title, paidMinor, voidedBets, corrections: revision },
    atS: atSeconds(record, market.opensAtUs),
    state: market.state === 'DRAFT' ? 'OPEN' : (market.state as ReportMarket['state']),
    outcome: winner === null ? '' : (outcomes[winner]?.label ?? ''),
    stakedMinor: sumOf(outcomes.map(({ poolMinor }) => poolMinor)),
    bettors: sumOf(outcomes.map(({ bettors }) => bettors)),
    by: record.deciders[id] ?? null,
  };
}
