// The events of a show, each with a small picture and what vision knew: what the timeline shows.
// All in memory and bounded; nothing of it is written to a disk. What matters most gets its picture
// now, the rest when somebody asks while the ring still holds it. Of a sealed show no picture is
// made unless its owner allowed that. One picture at a time: this never holds the show up.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { PICTURED, TIMELINE_KEPT_MAX } from '../../core/contract/timeline.ts';
import { clipOf } from './clip.ts';
import type { ReplayRing } from './replayRing.ts';
import type { StillMaker } from './still.ts';

/** How wide the picture of a moment is, and how many bytes it may have. */
export const MOMENT_WIDTH = 240;
export const MOMENT_BYTES_MAX = 24 * 1024;
/** Pictures kept; the oldest go first: 9 MB at most. */
export const MOMENTS_KEPT_MAX = 400;
/** Events whose facts are kept: some MB. */
const FACTS_KEPT_MAX = 1_000;
const LINES_MAX = 40;
const LINE_LENGTH_MAX = 400;
/** Pictures that wait for the one that is being made; more are left out. */
const WAITING_MAX = 6;
/** Pictures made without being asked for lie at least so far apart, microseconds. */
const UNASKED_EVERY_US = 2_000_000;

export type Moment = {
  still: Uint8Array | null;
  stillState: 'made' | 'sealed' | 'gone' | 'none';
  lines: readonly string[];
};

export type Moments = {
  happened(event: GameEvent): void;
  /** Newest last; before a time, or the newest. */
  events(before: { beforeUs: MediaTimeUs | null; limit: number }): GameEvent[];
  event(eventId: string): GameEvent | null;
  /** Makes the picture if that is still possible. Null: there is no such event. */
  moment(eventId: string): Promise<Moment | null>;
  /** Pictures that were left out because too many waited. */
  droppedCount(): number;
};

export function createMoments(options: {
  ring: Pick<ReplayRing, 'cut'>;
  makeStill: StillMaker;
  factsAt(captureUs: MediaTimeUs): readonly string[];
  /** No picture may be made now. */
  isSealed(): boolean;
}): Moments {
  const { ring, makeStill, factsAt, isSealed } = options;
  let events: GameEvent[] = [];
  const byId = new Map<string, GameEvent>();
  const facts = new Map<string, readonly string[]>();
  const stills = new Map<string, Uint8Array>();
  const making = new Map<string, Promise<Moment['stillState']>>();
  let unaskedUs = Number.NEGATIVE_INFINITY;
  let dropped = 0;

  function linesAt(captureUs: MediaTimeUs): readonly string[] {
    return factsAt(captureUs)
      .slice(0, LINES_MAX)
      .map((line) => line.slice(0, LINE_LENGTH_MAX));
  }

  function make(event: GameEvent): Promise<Moment['stillState']> {
    if (stills.has(event.id)) return Promise.resolve('made');
    if (isSealed()) return Promise.resolve('sealed');
    const now = making.get(event.id);
    if (now) return now;
    if (making.size >= WAITING_MAX) {
      dropped++;
      return Promise.resolve('none');
    }
    const { captureUs } = event;
    const units = ring.cut(captureUs, captureUs);
    const clip = clipOf(units, captureUs);
    if (!clip) return Promise.resolve('gone');
    const made = makeStill(clip.shown).then((jpeg) => {
      making.delete(event.id);
      if (!jpeg || jpeg.length > MOMENT_BYTES_MAX) return 'none';
      keep(stills, event.id, jpeg, MOMENTS_KEPT_MAX);
      return 'made';
    });
    making.set(event.id, made);
    return made;
  }

  return {
    happened(event) {
      if (byId.has(event.id)) return;
      byId.set(event.id, event);
      insert(events, event);
      // Cut in parts: thousands would be moved for each new one.
      if (events.length > TIMELINE_KEPT_MAX * 1.1) {
        const gone = events.length - TIMELINE_KEPT_MAX;
        for (const { id } of events.slice(0, gone)) byId.delete(id);
        events = events.slice(gone);
      }
      keep(facts, event.id, linesAt(event.captureUs), FACTS_KEPT_MAX);
      if (!PICTURED.has(event.type) || event.captureUs - unaskedUs < UNASKED_EVERY_US) return;
      unaskedUs = event.captureUs;
      void make(event);
    },
    events({ beforeUs, limit }) {
      const until = beforeUs === null ? events.length : firstFrom(events, beforeUs);
      const first = Math.max(events.length - TIMELINE_KEPT_MAX, until - limit, 0);
      return events.slice(first, Math.max(first, until));
    },
    event: (eventId) => byId.get(eventId) ?? null,
    async moment(eventId) {
      const event = byId.get(eventId);
      if (!event) return null;
      const lines = facts.get(eventId) ?? linesAt(event.captureUs);
      const stillState = await make(event);
      return { still: stills.get(eventId) ?? null, stillState, lines };
    },
    droppedCount: () => dropped,
  };
}

/** Adds by capture time: a later word on an earlier frame is put in its place. */
function insert(events: GameEvent[], event: GameEvent): void {
  let at = events.length;
  while (at > 0 && (events[at - 1]?.captureUs ?? 0) > event.captureUs) at--;
  events.splice(at, 0, event);
}

/** Index of the first event at or after a time. */
function firstFrom(events: readonly GameEvent[], fromUs: MediaTimeUs): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.captureUs ?? 0) < fromUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Keeps a value under a bound: the one that came first goes first. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= max) break;
    map.delete(oldest);
  }
}
