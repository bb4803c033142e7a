// Two witnesses of one show: the picture and the game. What only one of them ever speaks of passes
// at once. What both speak of has to be said by both, close together, before a market is decided
// by it; when one says it and the other does not, nobody is believed and people decide.

import type { MediaTimeUs } from '../../core/base/clock.ts';
import type { EventType } from '../../core/contract/eventCatalogue.ts';
import type { GameEvent } from '../../core/contract/events.ts';

export type Witness = 'picture' | 'game';

/** How far apart the two may name the same moment, microseconds. */
const APART_US = 1_500_000;
/** How long one waits for the other after it spoke, microseconds. */
const WAIT_US = 2_500_000;
/** A witness that said nothing of a kind for this long does not speak of it any more. */
const SILENT_US = 600_000_000;
const HELD_MAX = 64;

export type Dispute = { type: EventType; event: GameEvent; reason: string };

export type Verdict = {
  /** To be believed now. */
  events: GameEvent[];
  disputes: Dispute[];
};

type Held = { event: GameEvent; witness: Witness; untilUs: MediaTimeUs };

const other = (witness: Witness): Witness => (witness === 'picture' ? 'game' : 'picture');
const NAMES = { picture: 'The picture', game: 'The game' } as const;

export class Agreement {
  readonly #spoke = new Map<string, MediaTimeUs>();
  #held: Held[] = [];
  #believed: Held[] = [];

  /** Takes what a witness says. */
  hear(witness: Witness, event: GameEvent, nowUs: MediaTimeUs): Verdict {
    this.#spoke.set(`${witness} ${event.type}`, nowUs);
    const spokenUs = this.#spoke.get(`${other(witness)} ${event.type}`);
    if (spokenUs === undefined || nowUs - spokenUs > SILENT_US) {
      this.#believed = [...this.#believed, { event, witness, untilUs: nowUs }].slice(-HELD_MAX);
      return { events: [event], disputes: [] };
    }
    // The first time that both speak: what was believed of one alone is now said by both.
    const known = this.#believed.find((held) => isSameMoment(held, witness, event));
    if (known) {
      this.#believed = this.#believed.filter((held) => held !== known);
      return { events: [], disputes: [] };
    }
    const match = this.#held.find((held) => isSameMoment(held, witness, event));
    if (!match) {
      this.#held.push({ event, witness, untilUs: nowUs + WAIT_US });
      const tooMany = this.#held.length > HELD_MAX ? this.#held.shift() : undefined;
      return { events: [], disputes: tooMany ? [disputeOf(tooMany)] : [] };
    }
    this.#held = this.#held.filter((held) => held !== match);
    return { events: [joined(match.event, event, witness)], disputes: [] };
  }

  /** What waited too long for the other witness. */
  expire(nowUs: MediaTimeUs): Dispute[] {
    const over = this.#held.filter(({ untilUs }) => nowUs >= untilUs);
    this.#held = this.#held.filter(({ untilUs }) => nowUs < untilUs);
    return over.map(disputeOf);
  }

  /** Capture time of the oldest thing that waits; nothing is known beyond it. Null: none. */
  waitingUs(): MediaTimeUs | null {
    if (this.#held.length === 0) return null;
    return Math.min(...this.#held.map(({ event }) => event.captureUs));
  }
}

function isSameMoment(held: Held, witness: Witness, event: GameEvent): boolean {
  return (
    held.witness !== witness &&
    held.event.type === event.type &&
    Math.abs(held.event.captureUs - event.captureUs) <= APART_US
  );
}

/** The picture names the frame, the game is sure of what it was; both sentences stay. */
function joined(first: GameEvent, second: GameEvent, witness: Witness): GameEvent {
  const [picture, game] = witness === 'game' ? [first, second] : [second, first];
  const confidence = 1 - (1 - picture.confidence) * (1 - game.confidence);
  const why = `${game.why} ${picture.why}`.slice(0, 300);
  return { ...picture, subject: game.subject || picture.subject, confidence, why };
}

function disputeOf({ event, witness }: Held): Dispute {
  const reason =
    `${NAMES[witness]} and ${NAMES[other(witness)].toLowerCase()} disagree. ` +
    `${NAMES[witness]}: ${event.why} ${NAMES[other(witness)]}: nothing of that kind happened then.`;
  return { type: event.type, event, reason: reason.slice(0, 300) };
}
