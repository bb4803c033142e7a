// The frames as a file in the Trace Event Format that Perfetto and Chrome open. Pure. A track per
// stage, a slice per frame, arrows from stage to stage, events as instants. Surprising: slices of
// one track must not overlap there, so a stage that works on several frames at once has several.

import type { GameEvent } from '../../../core/contract/events.ts';
import { type Span, STAGES, type StageId, WAYS, type XrayFrame } from './xrayFrames.ts';

/** Each process of the studio with the number and name that the trace gives it. */
const PROCESSES = {
  engine: { pid: 1, name: 'engine' },
  relay: { pid: 2, name: 'relay' },
  vision: { pid: 3, name: 'vision' },
  page: { pid: 4, name: 'studio page (preview)' },
} as const;
/** Names of the tracks, the same in every language: the file is read by tools. */
const TRACKS: Record<StageId, string> = {
  capture: 'capture',
  encode: 'encode',
  send: 'send',
  network: 'network to preview',
  decode: 'wait and decode',
  present: 'present',
  overlay: 'overlay',
  relay: 'relay forwards',
  sight: 'vision decode',
  wait: 'vision wait',
  infer: 'infer',
  event: 'event',
  told: 'result to engine',
};
const EVENTS_TRACK = { tid: 1, name: 'game events' };
/** Numbers of tracks that a stage has to itself: more than there are frames. */
const LANES = 1000;

type Arguments = Record<string, string | number | boolean | readonly string[]>;
type Place = { pid: number; tid: number };
type TraceEvent =
  | (Place & { ph: 'M'; name: string; args: Arguments })
  | (Place & { ph: 'X'; name: string; cat: string; ts: number; dur: number; args: Arguments })
  | (Place & { ph: 's' | 't'; name: string; cat: string; ts: number; id: string })
  | (Place & { ph: 'f'; bp: 'e'; name: string; cat: string; ts: number; id: string })
  | (Place & { ph: 'i'; s: 'g'; name: string; cat: string; ts: number; args: Arguments });
type Timed = Exclude<TraceEvent, { ph: 'M' }>;

export type TraceFile = {
  displayTimeUnit: 'ms';
  otherData: Arguments;
  traceEvents: TraceEvent[];
};

export type TraceFrom = {
  frames: readonly XrayFrame[];
  events: readonly GameEvent[];
  /** By how much the clocks of others may differ from the engine's, microseconds; null: unknown. */
  uncertaintyUs: { page: number | null; relay: number | null };
};

/** Times in the file are microseconds after the earliest of them. */
export function traceOf({ frames, events, uncertaintyUs }: TraceFrom): TraceFile {
  const zeroUs = earliestUs(frames);
  const slices = STAGES.flatMap((stage, index) => slicesOf(frames, stage, index, zeroUs));
  const timed: Timed[] = [
    ...slices,
    ...WAYS.flatMap((way) => arrowsOf(frames, slices, way)),
    ...happened(events, frames, zeroUs),
  ];
  // A stable order by time: tools may not sort, and arrows stand after the slice they begin at.
  timed.sort((one, other) => one.ts - other.ts);
  return {
    displayTimeUnit: 'ms',
    otherData: {
      clock: 'media clock of the machine: monotonic, one epoch, microseconds',
      ts_zero_media_us: zeroUs,
      frames: frames.length,
      page_clock_uncertainty_us: uncertaintyUs.page ?? 'not known',
      relay_clock_uncertainty_us: uncertaintyUs.relay ?? 'not known',
    },
    traceEvents: [...namesOf(slices), ...timed],
  };
}

function earliestUs(frames: readonly XrayFrame[]): number {
  const times = frames.flatMap(({ captureUs, spans }) => [
    captureUs,
    ...Object.values(spans).map(({ fromUs }) => fromUs),
  ]);
  return times.reduce((least, one) => Math.min(least, one), times[0] ?? 0);
}

type Slice = TraceEvent & { ph: 'X' };

function slicesOf(
  frames: readonly XrayFrame[],
  { id, process }: (typeof STAGES)[number],
  index: number,
  zeroUs: number,
): Slice[] {
  const spans = frames.flatMap((frame) => {
    const one = frame.spans[id];
    return one ? [{ frame, one }] : [];
  });
  spans.sort((a, b) => a.one.fromUs - b.one.fromUs || a.one.toUs - b.one.toUs);
  const ends: number[] = [];
  return spans.map(({ frame, one }) => {
    const lane = freeLane(ends, one);
    const { pid } = PROCESSES[process];
    return {
      ...{ ph: 'X', cat: 'frame', pid, tid: (index + 1) * LANES + lane, name: TRACKS[id] },
      ...{ ts: one.fromUs - zeroUs, dur: one.toUs - one.fromUs, args: argumentsOf(frame, one) },
    };
  });
}

/** The first track of the stage that is free by then. */
function freeLane(ends: number[], { fromUs, toUs }: Span): number {
  const free = ends.findIndex((endUs) => endUs <= fromUs);
  const lane = free === -1 ? ends.length : free;
  ends[lane] = toUs;
  return lane;
}

function argumentsOf(frame: XrayFrame, { more = {} }: Span): Arguments {
  const { captureUs, rtpTimestamp, bytes, isKeyFrame } = frame;
  return { captureUs, rtpTimestamp, bytes, keyFrame: isKeyFrame, ...more };
}

/** Through the stages of one way in the order of time; a frame with one stage has no arrow. */
function arrowsOf(
  frames: readonly XrayFrame[],
  slices: readonly Slice[],
  way: (typeof WAYS)[number],
): Timed[] {
  const names = new Set<string>(
    STAGES.filter((stage) => stage.way === way || stage.id === 'send').map(({ id }) => TRACKS[id]),
  );
  const byFrame = new Map<number, Slice[]>();
  for (const slice of slices) {
    if (!names.has(slice.name)) continue;
    const { captureUs } = slice.args;
    const known = byFrame.get(Number(captureUs));
    if (known) known.push(slice);
    else byFrame.set(Number(captureUs), [slice]);
  }
  return frames.flatMap(({ captureUs }) => {
    const steps = byFrame.get(captureUs) ?? [];
    steps.sort((one, other) => one.ts - other.ts);
    if (steps.length < 2) return [];
    return steps.map(({ pid, tid, ts }, at): Timed => {
      const rest = { pid, tid, ts, name: way, cat: 'way', id: `${way}-${captureUs}` };
      if (at === steps.length - 1) return { ...rest, ph: 'f', bp: 'e' };
      return { ...rest, ph: at === 0 ? 's' : 't' };
    });
  });
}

/** Those of the time that the frames cover. */
function happened(
  events: readonly GameEvent[],
  frames: readonly XrayFrame[],
  zeroUs: number,
): Timed[] {
  const [first, last] = [frames[0]?.captureUs, frames.at(-1)?.captureUs];
  if (first === undefined || last === undefined) return [];
  const inTime = events.filter(({ captureUs }) => captureUs >= first && captureUs <= last);
  return inTime.map(({ id, type, captureUs, detectedUs, confidence, why }) => ({
    ...{ ph: 'i', s: 'g', name: type, cat: 'event', ts: captureUs - zeroUs },
    ...{ pid: PROCESSES.vision.pid, tid: EVENTS_TRACK.tid },
    args: { id, captureUs, detectedUs, confidence, why },
  }));
}

function namesOf(slices: readonly Slice[]): TraceEvent[] {
  const tracks = new Map(slices.map((one) => [one.tid, one]));
  return [
    ...Object.values(PROCESSES).map(({ pid, name }): TraceEvent => {
      return { ph: 'M', pid, tid: 0, name: 'process_name', args: { name } };
    }),
    ...threadNames({ pid: PROCESSES.vision.pid, ...EVENTS_TRACK }),
    ...[...tracks.values()].flatMap(({ pid, tid, name }) => {
      const lane = tid % LANES;
      return threadNames({ pid, tid, name: lane === 0 ? name : `${name} (${lane + 1})` });
    }),
  ];
}

function threadNames({ pid, tid, name }: Place & { name: string }): TraceEvent[] {
  return [
    { ph: 'M', pid, tid, name: 'thread_name', args: { name } },
    { ph: 'M', pid, tid, name: 'thread_sort_index', args: { sort_index: tid } },
  ];
}
