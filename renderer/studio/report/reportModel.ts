// A report as it is shown: figures, curves and tables in the page's words. Page and file are both
// made of it, so that they cannot say different things. Pure. Points stand here only where they may
// be seen; no address or key is let through from a sentence of the engine.

import type { ReportMarket, ReportSample, ShowReport } from '../../../core/contract/report.ts';
import { elapsedText, pointsText } from '../../ui/figures.ts';
import { translated } from '../../ui/sentences.ts';
import { text } from '../../ui/texts.ts';
import { withoutSecrets } from '../withoutSecrets.ts';

export type ReportCurve = {
  id: string;
  name: string;
  /** What it shows in words. */
  words: string;
  /** Empty: it was not measured. */
  points: readonly { x: number; y: number }[];
};

export type ReportTable = {
  id: string;
  title: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** Columns of figures, which stand to the right. */
  figures: readonly number[];
  notes: readonly string[];
};

export type ReportModel = {
  title: string;
  lead: readonly string[];
  figures: readonly { id: string; name: string; value: string }[];
  curves: readonly ReportCurve[];
  tables: readonly ReportTable[];
  foot: readonly string[];
};

export type ReportLook = {
  language: string;
  /** Streamer mode: no points. */
  isVeiled: boolean;
};

const HIDDEN = '•••';

export function reportModelOf(report: ShowReport, look: ReportLook): ReportModel {
  const { title, state, ledger } = report;
  const journal = { seq: pointsText(ledger.seq), count: pointsText(ledger.notCopied) };
  return {
    title: title.trim() === '' ? text('studio.report.untitled') : title,
    lead: [
      `${startText(report.startedMs, look.language)} · ${text(`studio.report.state.${state}`)}`,
      ...(state === 'interrupted' ? [text('studio.report.interrupted')] : []),
    ],
    figures: figuresOf(report, look),
    curves: curvesOf(report.samples),
    tables: [marketTable(report, look), eventTable(report), healthTable(report)],
    foot: [
      text(ledger.notCopied === 0 ? 'studio.report.journal' : 'studio.report.journalOpen', journal),
      text('studio.report.foot'),
    ],
  };
}

export function startText(startedMs: number, language: string): string {
  const when = { dateStyle: 'medium', timeStyle: 'short' } as const;
  return new Date(startedMs).toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB', when);
}

/** Of the engine; it may name an address. */
const said = (sentence: string) => withoutSecrets(translated(sentence), [], HIDDEN);
const clockText = (seconds: number) => elapsedText(seconds * 1_000_000);

function withUnit(value: number | null, unit: string): string {
  return value === null ? '–' : `${pointsText(value)}${unit === '' ? '' : ` ${unit}`}`;
}

function figuresOf(report: ShowReport, { isVeiled }: ReportLook): ReportModel['figures'] {
  const points = (minor: number) => (isVeiled ? HIDDEN : pointsText(minor));
  const of = (name: FigureName, value: string) => ({
    ...{ id: name, value },
    name: text(`studio.report.${name}`),
  });
  const { markets } = report;
  const sumOf = (value: (market: ReportMarket) => number) =>
    (markets ?? []).reduce((sum, market) => sum + value(market), 0);
  const count = `${pointsText(markets?.length ?? 0)}${report.hasMoreMarkets ? '+' : ''}`;
  const ofMarkets = [
    of('markets', count),
    of('staked', points(sumOf(({ stakedMinor }) => stakedMinor))),
    of('paid', points(sumOf(({ paidMinor }) => paidMinor))),
    of('voided', pointsText(sumOf(({ voidedBets }) => voidedBets))),
    of('automatic', pointsText(sumOf(({ by }) => Number(by === 'picture')))),
    of('corrected', pointsText(sumOf(({ corrections }) => Number(corrections > 0)))),
  ];
  return [
    of('duration', clockText(report.seconds)),
    of('viewersPeak', pointsText(report.viewersPeak)),
    of('viewersMean', String(report.viewersMean)),
    of('delayP50', withUnit(report.delayP50Ms, 'ms')),
    of('delayP95', withUnit(report.delayP95Ms, 'ms')),
    of('kilobits', withUnit(report.kilobitsMean, 'kb/s')),
    of('roundTrip', withUnit(report.roundTripMs, 'ms')),
    of('dropped', pointsText(report.framesDropped)),
    ...(markets === null ? [] : ofMarkets),
  ];
}

type FigureName =
  | 'duration'
  | 'viewersPeak'
  | 'viewersMean'
  | 'delayP50'
  | 'delayP95'
  | 'kilobits'
  | 'roundTrip'
  | 'dropped'
  | 'markets'
  | 'staked'
  | 'paid'
  | 'voided'
  | 'automatic'
  | 'corrected';

const CURVES = [
  { id: 'viewers', unit: '', of: ({ viewers }: ReportSample) => viewers },
  { id: 'delay', unit: 'ms', of: ({ delayP95Ms }: ReportSample) => delayP95Ms },
  { id: 'kilobits', unit: 'kb/s', of: ({ kilobits }: ReportSample) => kilobits },
  { id: 'roundTrip', unit: 'ms', of: ({ roundTripMs }: ReportSample) => roundTripMs },
  { id: 'dropped', unit: '', of: ({ framesDropped }: ReportSample) => framesDropped },
] as const;

function curvesOf(samples: readonly ReportSample[]): ReportCurve[] {
  const endS = Math.max(1, samples.at(-1)?.atS ?? 1);
  return CURVES.map(({ id, unit, of }) => {
    const name = text(`studio.report.curve.${id}`);
    const known = samples.flatMap((sample) => {
      const value = of(sample);
      return value === null ? [] : [{ atS: sample.atS, value }];
    });
    const values = known.map(({ value }) => value);
    const most = Math.max(...values);
    const words =
      known.length === 0
        ? text('studio.report.curveNone', { name })
        : text('studio.report.curve', {
            ...{ name, least: withUnit(Math.min(...values), unit), most: withUnit(most, unit) },
            last: withUnit(values.at(-1) ?? null, unit),
          });
    const points = known.map(({ atS, value }) => ({
      x: atS / endS,
      y: most === 0 ? 0 : value / most,
    }));
    return { id, name, words, points };
  });
}

function marketTable(report: ShowReport, { isVeiled }: ReportLook): ReportTable {
  const points = (minor: number) => (isVeiled ? HIDDEN : pointsText(minor));
  const { markets } = report;
  const shown = pointsText(markets?.length ?? 0);
  return {
    ...{ id: 'markets', title: text('studio.report.markets'), figures: [0, 4, 5, 6] },
    head: (['at', 'question', 'result', 'by', 'staked', 'paid', 'late'] as const).map((name) =>
      text(`studio.report.head.${name}`),
    ),
    rows: (markets ?? []).map((market) => [
      clockText(market.atS),
      market.title,
      market.state === 'RESOLVED' ? market.outcome : text(`studio.report.open.${market.state}`),
      deciderText(market),
      points(market.stakedMinor),
      points(market.paidMinor),
      pointsText(market.voidedBets),
    ]),
    notes: [
      ...(markets === null ? [text('studio.report.marketsAway')] : []),
      ...(markets?.length === 0 ? [text('studio.report.marketsNone')] : []),
      ...(report.hasMoreMarkets ? [text('studio.report.marketsMore', { count: shown })] : []),
    ],
  };
}

function deciderText({ by, corrections, state }: ReportMarket): string {
  if (state !== 'RESOLVED') return '–';
  const first = text(`studio.report.by.${by ?? 'unknown'}`);
  return corrections === 0 ? first : text('studio.report.by.corrected', { by: first });
}

function eventTable({ events, eventsMore }: ShowReport): ReportTable {
  return {
    ...{ id: 'events', title: text('studio.report.events'), figures: [0, 2] },
    head: (['at', 'what', 'sure', 'why'] as const).map((name) =>
      text(`studio.report.head.${name}`),
    ),
    rows: events.map(({ atS, type, confidence, why }) => [
      clockText(atS),
      text(`studio.event.${type}`),
      `${Math.round(100 * confidence)} %`,
      said(why),
    ]),
    notes: [
      ...(events.length === 0 ? [text('studio.report.eventsNone')] : []),
      ...(eventsMore === 0
        ? []
        : [text('studio.report.eventsMore', { count: pointsText(eventsMore) })]),
    ],
  };
}

function healthTable({ health }: ShowReport): ReportTable {
  const { restarts, suspensions, warnings, warningsMore } = health;
  const restarted = (['engine', 'vision', 'relay', 'ledger'] as const)
    .filter((name) => restarts[name] > 0)
    .map((name) => [
      text(`studio.report.restart.${name}`),
      text('studio.report.times', { count: pointsText(restarts[name]) }),
    ]);
  const rows = [
    ...restarted,
    ...suspensions.map(({ reason, times, seconds }) => [
      text('studio.report.suspended', { reason: said(reason) }),
      text('studio.report.timesLong', { count: pointsText(times), time: clockText(seconds) }),
    ]),
    ...warnings.map((warning) => [
      said(warning.text),
      text('studio.report.warned', { time: clockText(warning.atS) }),
    ]),
  ];
  return {
    ...{ id: 'health', title: text('studio.report.health'), rows, figures: [1] },
    head: (['what', 'howOften'] as const).map((name) => text(`studio.report.head.${name}`)),
    notes: [
      ...(rows.length === 0 ? [text('studio.report.healthNone')] : []),
      ...(warningsMore === 0
        ? []
        : [text('studio.report.warningsMore', { count: pointsText(warningsMore) })]),
    ],
  };
}
