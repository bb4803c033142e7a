// The events of the show that this page knows, in order of their capture time: those that came
// while it was open, and older ones fetched when somebody looks so far back. Bounded.

import { create } from 'zustand';
import type { GameEvent } from '../../../core/contract/events.ts';
import { TIMELINE_KEPT_MAX, TIMELINE_PAGE_MAX } from '../../../core/contract/timeline.ts';
import { studio } from '../store.ts';

type EventHistory = {
  events: readonly GameEvent[];
  /** The studio may have older ones. */
  mayHaveOlder: boolean;
};

export const useEventHistory = create<EventHistory>(() => ({ events: [], mayHaveOlder: true }));

const known = new Set<string>();
let isFetching = false;

/** Adds what is not known yet. */
export function takeEvents(told: readonly GameEvent[]): void {
  const fresh = told.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return;
  for (const { id } of fresh) known.add(id);
  const { events } = useEventHistory.getState();
  const isNewer = (fresh[0]?.captureUs ?? 0) >= (events.at(-1)?.captureUs ?? 0);
  const all = [...events, ...fresh];
  if (!isNewer || fresh.length > 1) all.sort((one, other) => one.captureUs - other.captureUs);
  for (const { id } of all.slice(0, -TIMELINE_KEPT_MAX)) known.delete(id);
  useEventHistory.setState({ events: all.slice(-TIMELINE_KEPT_MAX) });
}

/** Fetches a page of older ones; without any yet, the newest. */
export async function fetchOlder(): Promise<void> {
  const { events, mayHaveOlder } = useEventHistory.getState();
  if (isFetching || !mayHaveOlder || events.length >= TIMELINE_KEPT_MAX) return;
  isFetching = true;
  try {
    const beforeUs = events[0]?.captureUs ?? null;
    const older = await studio.timeline.events({ beforeUs, limit: TIMELINE_PAGE_MAX });
    if (older.length < TIMELINE_PAGE_MAX) useEventHistory.setState({ mayHaveOlder: false });
    takeEvents(older);
  } catch {
    // The connection was lost, or this role may not ask: what is known is shown.
    useEventHistory.setState({ mayHaveOlder: false });
  } finally {
    isFetching = false;
  }
}

/** A new connection: what was missed meanwhile may be fetched again. */
export function lookAgain(): void {
  useEventHistory.setState({ mayHaveOlder: true });
}
