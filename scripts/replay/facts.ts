// The facts that the rules are told in a replay: those that vision gives now, each when the one of
// that day was told, or those that were written down. What only vision of one day says is named. Pure.

import type { GameEvent } from '../../core/contract/events.ts';
import type { Told } from '../../native/recording/toldLines.ts';
import type { Judged } from '../../native/vision/protocol.ts';

export type Seen = {
  events: GameEvent[];
  judged: Judged[];
  /** The detector that looked; empty: none, and the status' reason for it. */
  model: string;
  reason: string;
};

export type Facts = {
  /** What stands now for an event that was told then; null: it is not seen again. */
  again(told: GameEvent): GameEvent | null;
  /** Events that nobody told then and that happened up to this capture time; each once. */
  extra(untilUs: number): GameEvent[];
  /** Progress as it is now where it was told then. */
  judged(told: Told<'told.judged'>): Judged;
  /** In words: what is seen on one of the two days only, or on another picture. */
  differences(): string[];
};

/** The same event a frame or two off is still it; the hash tells. */
const NEAR_US = 500_000;

export function factsAsTold(): Facts {
  return {
    again: (told) => told,
    extra: () => [],
    judged: (told) => told,
    differences: () => [],
  };
}

/** @param told events of the picture as they were told, all of them */
export function factsAsSeen(seen: Seen, told: readonly GameEvent[]): Facts {
  const partners = new Map<string, GameEvent>();
  const taken = new Set<GameEvent>();
  for (const event of told) {
    const near = seen.events.filter(
      (one) =>
        !taken.has(one) &&
        one.type === event.type &&
        one.subject === event.subject &&
        Math.abs(one.captureUs - event.captureUs) <= NEAR_US,
    );
    const distance = (one: GameEvent) => Math.abs(one.captureUs - event.captureUs);
    const [nearest] = near.sort((one, other) => distance(one) - distance(other));
    if (!nearest) continue;
    partners.set(keyOf(event), nearest);
    taken.add(nearest);
  }
  let extras = seen.events.filter((event) => !taken.has(event));
  const added = [...extras];
  return {
    again: (event) => partners.get(keyOf(event)) ?? null,
    extra(untilUs) {
      const due = extras.filter(({ captureUs }) => captureUs <= untilUs);
      extras = extras.filter(({ captureUs }) => captureUs > untilUs);
      return due;
    },
    judged({ untilUs, blindUntilUs }) {
      const now = seen.judged.findLast((one) => one.untilUs <= untilUs);
      return {
        untilUs: Math.min(untilUs, seen.judged.at(-1)?.untilUs ?? 0),
        // That it could not look is a fact of that day's machine.
        blindUntilUs: Math.max(blindUntilUs, now?.blindUntilUs ?? 0),
        lostUntilUs: now?.lostUntilUs ?? 0,
      };
    },
    differences() {
      const both = told.map((then) => ({ then, now: partners.get(keyOf(then)) }));
      const missing = both.flatMap(({ then, now }) => (now ? [] : [then]));
      const moved = both.flatMap(({ then, now }) =>
        now && now.captureUs !== then.captureUs ? [{ then, now }] : [],
      );
      return [
        ...missing.map((event) => `Not seen again: ${nameOf(event)} at ${event.captureUs}.`),
        ...added.map((event) => `Only seen now: ${nameOf(event)} at ${event.captureUs}.`),
        ...moved.map(({ then, now }) => {
          const ms = Math.round((now.captureUs - then.captureUs) / 1000);
          return `On another picture: ${nameOf(then)} at ${then.captureUs}, now ${ms} ms on.`;
        }),
      ];
    },
  };
}

const keyOf = ({ id, type, captureUs }: GameEvent) => `${type} ${captureUs} ${id}`;
const nameOf = ({ type, subject }: GameEvent) => (subject === '' ? type : `${type} (${subject})`);
