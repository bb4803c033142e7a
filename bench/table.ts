// The bench's results as one table for people and one object for programs. Nothing is left out: a
// figure that was not taken stands there with its reason, and a missed target says so.

import type { Measured } from './figure.ts';
import type { FloorName, Floors } from './floors.ts';
import type { Goal } from './goals.ts';
import { type Machine, machineLine } from './machine.ts';
import {
  bestAndWorst,
  middleOf,
  PERCENTILES,
  type Percentile,
  rankingPercentile,
  type Spread,
  spreadOf,
  type Verdict,
  verdictOf,
} from './statistics.ts';

type Limits = Partial<Record<Percentile, number>>;

export type FigureResult = {
  figure: string;
  title: string;
  sentence: string;
  form: 'short' | 'full';
  /** Limits of each round, floors added, ms. */
  limits: Limits[];
  /** Values that each round must reach. */
  least: Limits;
  rounds: (Spread | null)[];
  best: Spread | null;
  worst: Spread | null;
  verdict: Verdict;
  floors: Record<FloorName, Spread | null>[];
  parts: { name: string; spread: Spread | null }[];
  peer: {
    name: string;
    rounds: (Spread | null)[];
    best: Spread | null;
    worst: Spread | null;
    /** Ours divided by the peer's, middle of three; below 1 is quicker. */
    ratios: Limits;
    remarks: string[];
  } | null;
  remarks: string[];
};

/** Joins what was measured with its goal. */
export function resultOf(goal: Goal, measured: Measured, form: 'short' | 'full'): FigureResult {
  const rounds = measured.rounds.map(spreadOf);
  const floors = (measured.floors ?? []).map(floorSpreads);
  const peers = (measured.peer?.rounds ?? []).map(spreadOf);
  const limits = rounds.map((_, round) => limitsOf(goal, floors[round], peers[round]));
  const by = rankingPercentile({ ...goal.limits, ...goal.ofPeer });
  return {
    figure: goal.figure,
    title: goal.title,
    sentence: goal.sentence,
    form,
    limits,
    least: goal.least,
    rounds,
    ...(bestAndWorst(rounds, by) ?? { best: null, worst: null }),
    verdict: verdictOf(rounds, (round) => limits[round] ?? {}, goal.least),
    floors,
    parts: (measured.parts ?? []).map(({ name, samples }) => ({ name, spread: spreadOf(samples) })),
    peer: measured.peer ? peerOf(measured.peer, rounds, by) : null,
    remarks: measured.remarks,
  };
}

function peerOf(
  peer: NonNullable<Measured['peer']>,
  ours: (Spread | null)[],
  by: Percentile,
): FigureResult['peer'] {
  const rounds = peer.rounds.map(spreadOf);
  const ratios: Limits = {};
  for (const name of ['p50', 'p95'] as const) {
    const [own, other] = [middleOf(ours, name), middleOf(rounds, name)];
    if (own !== null && other !== null && other > 0) ratios[name] = own / other;
  }
  const ends = bestAndWorst(rounds, by) ?? { best: null, worst: null };
  const name = peer.name ?? 'Janus';
  return { name, rounds, ...ends, ratios, remarks: peer.remarks };
}

/** Spread of each floor of one taking. */
export function floorSpreads(floors: Floors): Record<FloorName, Spread | null> {
  const { timer, echo, fdatasync } = floors;
  return { timer: spreadOf(timer), echo: spreadOf(echo), fdatasync: spreadOf(fdatasync) };
}

function limitsOf(
  goal: Goal,
  floors: Record<FloorName, Spread | null> | undefined,
  peer: Spread | null | undefined,
): Limits {
  const added = goal.above.reduce((sum, name) => sum + (floors?.[name]?.p99 ?? 0), 0);
  const limits: Limits = {};
  for (const name of PERCENTILES) {
    const limit = goal.limits[name];
    if (limit !== undefined) limits[name] = limit + added;
    const share = goal.ofPeer[name];
    if (share !== undefined && peer) limits[name] = share * peer[name];
  }
  return limits;
}

export type BenchResult = {
  version: 1;
  dateUtc: string;
  form: 'short' | 'full';
  machine: Machine;
  durationSeconds: number;
  /** Three takings with nothing of ours running, ms. */
  floors: Record<FloorName, Spread | null>[];
  figures: FigureResult[];
};

/** The whole result as Markdown. */
export function tableOf(result: BenchResult): string {
  const form = result.form === 'short' ? 'short form' : 'full form';
  const lines = [
    `Measured ${result.dateUtc.slice(0, 10)}, ${form}, in ${result.durationSeconds} s. ` +
      `${machineLine(result.machine)}.`,
    '',
    'Milliseconds where the figure names no other unit, p50 / p95 / p99 of a round; best and worst ' +
      'of three rounds.',
    '',
    '| figure | target | best of three | worst of three | held | peer (worst of three) |',
    '|---|---|---|---|---|---|',
    ...result.figures.map(rowOf),
    ...floorRows(result.floors),
    '',
    ...result.figures.flatMap(remarkLines),
  ];
  return `${lines.join('\n')}\n`;
}

function rowOf(one: FigureResult): string {
  const cells = [
    `${one.title} (\`${one.figure}\`${one.form === 'short' ? ', short form' : ''})`,
    targetText(one),
    spreadText(one.best),
    spreadText(one.worst),
    heldText(one.verdict),
    peerText(one.peer),
  ];
  return `| ${cells.join(' | ')} |`;
}

function targetText({ limits, least }: FigureResult): string {
  const [first = {}] = limits;
  const parts = PERCENTILES.flatMap((name) => {
    if (first[name] === undefined) return [];
    const values = limits.map((round) => round[name] ?? 0);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const isOne = number(low) === number(high);
    const text = isOne ? number(low) : `${number(low)} to ${number(high)}`;
    return [`${name} ≤ ${text}`];
  });
  for (const name of PERCENTILES) {
    const value = least[name];
    if (value !== undefined) parts.push(`≥ ${number(value)}`);
  }
  return parts.join(', ') || 'none yet';
}

function spreadText(spread: Spread | null): string {
  if (!spread) return 'not measured';
  if (spread.count === 1) return number(spread.max);
  return [spread.p50, spread.p95, spread.p99].map(number).join(' / ');
}

function heldText({ held, heldRounds, rounds }: Verdict): string {
  return held === 'in part' ? `in ${heldRounds} of ${rounds}` : held === 'no' ? '**no**' : held;
}

function peerText(peer: FigureResult['peer']): string {
  if (!peer) return '';
  if (!peer.worst) return peer.remarks.join('; ');
  const ratios = Object.entries(peer.ratios).map(([name, ratio]) => `${name} ${ratio.toFixed(2)}`);
  return `${peer.name} ${spreadText(peer.worst)}; ours ÷ ${peer.name}: ${ratios.join(', ')}`;
}

const FLOOR_TITLES: Record<FloorName, string> = {
  timer: 'floor: lateness of a 10 ms timer',
  echo: 'floor: bare WebSocket echo',
  fdatasync: 'floor: 4 KiB written and on disk',
};

function floorRows(floors: BenchResult['floors']): string[] {
  return (['timer', 'echo', 'fdatasync'] as const).map((name) => {
    const ends = bestAndWorst(
      floors.map((one) => one[name]),
      'p99',
    );
    const cells = [spreadText(ends?.best ?? null), spreadText(ends?.worst ?? null)];
    return `| ${FLOOR_TITLES[name]} (\`floors\`) | | ${cells.join(' | ')} | | |`;
  });
}

function remarkLines(one: FigureResult): string[] {
  const lines = one.remarks.map((remark) => `- \`${one.figure}\`: ${remark}`);
  for (const [round, floors] of one.floors.entries()) {
    const text = Object.entries(floors).map(([name, spread]) => `${name} ${spreadText(spread)}`);
    lines.push(`- \`${one.figure}\`: floors beside round ${round + 1}: ${text.join('; ')}`);
  }
  if (one.parts.length > 0) {
    const parts = one.parts.map(({ name, spread }) =>
      spread ? `${name} ${number(spread.p50)}/${number(spread.p95)}` : `${name} none`,
    );
    lines.push(`- \`${one.figure}\`: parts, p50/p95 ms: ${parts.join(', ')}`);
  }
  if (one.peer?.worst) {
    lines.push(...one.peer.remarks.map((remark) => `- \`${one.figure}\` peer: ${remark}`));
  }
  return lines;
}

function number(value: number): string {
  // Loops over pixels take fractions of a millisecond: one decimal would hide them.
  if (value !== 0 && Math.abs(value) < 2) return value.toFixed(value < 1 ? 3 : 2);
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
