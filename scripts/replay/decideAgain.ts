// What vision sees in a recording, beside what it saw in the show, and the decisions that follow: a
// market that the picture decided is decided on the frame that is seen now, or not at all. When and
// by which command the ledger was asked stays as recorded: facts of that day's clock. Pure.

import type { GameEvent } from '../../core/contract/events.ts';
import type { GameEvent as ToldEvent } from '../../core/wire/gen/facts_pb.js';
import { requestArgs } from '../../native/ledger/protocol.ts';
import type { Command } from './readShow.ts';

type Seen = Pick<GameEvent, 'type' | 'captureUs'> & { subject?: string | null };

/** Events of one side only, by kind, subject and capture time; of the recorded stretch. */
export function sameEvents(
  told: readonly ToldEvent[],
  seen: readonly GameEvent[],
): { missing: Seen[]; added: Seen[] } {
  const before: Seen[] = told.map(({ type, captureUs, subject }) => ({
    ...{ type: type as GameEvent['type'], captureUs: Number(captureUs), subject },
  }));
  const keyOf = ({ type, captureUs, subject }: Seen) => `${type} ${subject ?? ''} ${captureUs}`;
  const known = new Set(before.map(keyOf));
  const now = new Set(seen.map(keyOf));
  return {
    missing: before.filter((event) => !now.has(keyOf(event))),
    added: seen.filter((event) => !known.has(keyOf(event))),
  };
}

/** Commands with the evidence that is seen now; a decision whose event is gone is not made. */
export function decideAgain(commands: readonly Command[], seen: readonly GameEvent[]): Command[] {
  return commands.flatMap((command) => {
    if (command.name !== 'resolveMarket') return [command];
    const args = requestArgs.resolveMarket.parse(command.args);
    if (!args.evidence) return [command];
    const { type, captureUs } = args.evidence;
    const event = nearest(seen, type, captureUs);
    if (!event) return [];
    // The same frame is the same decision: how sure vision was, and in which words, is of that day.
    if (event.captureUs === captureUs) return [command];
    const confidencePermille = Math.round(event.confidence * 1000);
    const evidence = { ...args.evidence, captureUs: event.captureUs, confidencePermille };
    return [{ ...command, args: { ...args, evidence, reason: event.why } }];
  });
}

/** The same event a frame or two off is still it, and changes the hash. */
const NEAR_US = 500_000;

function nearest(seen: readonly GameEvent[], type: string, captureUs: number): GameEvent | null {
  const distance = (event: GameEvent) => Math.abs(event.captureUs - captureUs);
  const near = seen.filter((event) => event.type === type && distance(event) <= NEAR_US);
  return near.sort((one, other) => distance(one) - distance(other))[0] ?? null;
}
