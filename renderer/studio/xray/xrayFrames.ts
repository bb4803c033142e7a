// The last frames with all that is known of each: what the engine, vision and the relay told, and
// what this page saw, on the one media clock. Pure. A stage whose beginning or end nobody measured
// is absent. Surprising: clocks of two processes agree only within their uncertainty, so the
// network's stage may come out negative: then it was not measured.

import type { FrameTimes } from '../../../core/contract/frames.ts';
import { percentile } from '../../ui/overlayGeometry.ts';
import type { Presented } from './presentedFrames.ts';

/** In the order in which a frame comes through; `way`: its column in the waterfall. */
export const STAGES = [
  { id: 'capture', way: 'picture', process: 'engine' },
  { id: 'encode', way: 'picture', process: 'engine' },
  { id: 'send', way: 'picture', process: 'engine' },
  { id: 'network', way: 'picture', process: 'page' },
  { id: 'decode', way: 'picture', process: 'page' },
  { id: 'present', way: 'picture', process: 'page' },
  { id: 'overlay', way: 'picture', process: 'page' },
  { id: 'relay', way: 'relay', process: 'relay' },
  { id: 'sight', way: 'vision', process: 'vision' },
  { id: 'wait', way: 'vision', process: 'vision' },
  { id: 'infer', way: 'vision', process: 'vision' },
  { id: 'event', way: 'vision', process: 'vision' },
  { id: 'told', way: 'vision', process: 'engine' },
] as const;
export type StageId = (typeof STAGES)[number]['id'];
export const WAYS = ['picture', 'relay', 'vision'] as const;
export type Way = (typeof WAYS)[number];

export type Span = {
  fromUs: number;
  toUs: number;
  /** More of it that was measured, microseconds by name. */
  more?: Readonly<Record<string, number>>;
};

export type XrayFrame = Pick<
  FrameTimes,
  'captureUs' | 'rtpTimestamp' | 'bytes' | 'isKeyFrame' | 'sight'
> & { spans: Partial<Record<StageId, Span>> };

/** @param toMediaUs media clock of a time of this page's clock; null: that is not known yet */
export function xrayFrame(
  frame: FrameTimes,
  presented: Presented | undefined,
  toMediaUs: ((pageMs: number) => number) | null,
): XrayFrame {
  const { captureUs, rtpTimestamp, bytes, isKeyFrame, sight } = frame;
  const seen = presented && toMediaUs ? pageSpans(frame, presented, toMediaUs) : {};
  const spans = { ...engineSpans(frame), ...(sight ? sightSpans(sight) : {}), ...seen };
  return { captureUs, rtpTimestamp, bytes, isKeyFrame, sight, spans };
}

const span = (fromUs: number, toUs: number): Span => ({ fromUs, toUs: Math.max(fromUs, toUs) });

function engineSpans({ captureUs, encodingUs, fedUs, sentUs, relay }: FrameTimes) {
  return {
    ...(encodingUs === null ? {} : { capture: span(captureUs, encodingUs) }),
    encode: span(encodingUs ?? captureUs, fedUs),
    ...(sentUs === null ? {} : { send: span(fedUs, sentUs) }),
    ...(relay === null ? {} : { relay: span(relay.firstUs, relay.lastUs) }),
  };
}

function sightSpans(sight: NonNullable<FrameTimes['sight']>) {
  const { motionUs, inferUs, trackUs, eventUs } = sight;
  return {
    sight: span(sight.receivedUs, sight.decodedUs),
    wait: span(sight.decodedUs, sight.begunUs),
    infer: { ...span(sight.begunUs, sight.seenUs), more: { motionUs, inferUs } },
    event: { ...span(sight.seenUs, sight.knownUs), more: { trackUs, eventUs } },
    told: span(sight.knownUs, sight.heardUs),
  };
}

function pageSpans(
  { sentUs }: FrameTimes,
  { receivedMs, decoderMs, presentedMs, displayMs, paintFromMs, paintToMs }: Presented,
  toMediaUs: (pageMs: number) => number,
) {
  const receivedUs = receivedMs === null ? null : toMediaUs(receivedMs);
  const presentedUs = toMediaUs(presentedMs);
  // What came before the engine read its clock again was not measured: a zero would be invented.
  const isSentFirst = receivedUs !== null && sentUs !== null && sentUs <= receivedUs;
  const more = decoderMs === null ? {} : { more: { decoderUs: Math.round(decoderMs * 1000) } };
  const decode = receivedUs === null ? null : { ...span(receivedUs, presentedUs), ...more };
  return {
    ...(isSentFirst ? { network: span(sentUs, receivedUs) } : {}),
    ...(decode === null ? {} : { decode }),
    present: span(presentedUs, toMediaUs(displayMs)),
    overlay: span(toMediaUs(paintFromMs), toMediaUs(paintToMs)),
  };
}

/** Newest answer of the engine over what was known; the oldest make room. */
export function merged(
  known: readonly FrameTimes[],
  told: readonly FrameTimes[],
  kept: number,
): FrameTimes[] {
  const byCapture = new Map(known.map((one) => [one.captureUs, one]));
  for (const one of told) byCapture.set(one.captureUs, one);
  return [...byCapture.values()].sort((a, b) => a.captureUs - b.captureUs).slice(-kept);
}

/** Which frame to begin with: the newest of those of which most is known; -1: there is none. */
export function newestWhole(frames: readonly XrayFrame[]): number {
  const known = frames.map(({ spans }) => Object.keys(spans).length);
  return known.lastIndexOf(Math.max(0, ...known));
}

export type StageShare = { count: number; p50Us: number | null; p95Us: number | null };

/** How long each stage took, over all frames that have it. */
export function stageShares(frames: readonly XrayFrame[]): Record<StageId, StageShare> {
  const entries = STAGES.map(({ id }) => {
    const lengths = frames.flatMap(({ spans: { [id]: one } }) =>
      one ? [one.toUs - one.fromUs] : [],
    );
    const p50Us = percentile(lengths, 0.5);
    return [id, { count: lengths.length, p50Us, p95Us: percentile(lengths, 0.95) }] as const;
  });
  return Object.fromEntries(entries) as Record<StageId, StageShare>;
}

/** When the last of a frame's stages ended, after it was made; 0: nothing is known. */
export function lengthUs({ captureUs, spans }: XrayFrame): number {
  return Math.max(0, ...Object.values(spans).map(({ toUs }) => toUs - captureUs));
}

/** What a column is wide for: nearly all frames whole, in round milliseconds. */
export function axisMs(frames: readonly XrayFrame[], way: Way): number {
  const ids = STAGES.filter((stage) => stage.way === way).map(({ id }) => id);
  const lengths = frames.flatMap(({ captureUs, spans }) => {
    const ends = ids.flatMap((id) => spans[id]?.toUs ?? []);
    return ends.length === 0 ? [] : [Math.max(...ends) - captureUs];
  });
  const longMs = (percentile(lengths, 0.97) ?? 0) / 1000;
  const steps = [20, 40, 60, 80, 100, 150, 200, 300, 500, 1000, 2000, 5000];
  return steps.find((step) => step >= longMs) ?? 10_000;
}
