// The one copy of the studio's state that user interfaces mirror. Rooms change it by actions only;
// whoever listens gets each action once and in order, also when a listener causes another one.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import { type Action, reduce } from '../../core/contract/actions.ts';
import type { Readings, StudioState } from '../../core/contract/state.ts';

export type StudioStateStore = {
  state(): StudioState;
  /** @param origin client whose call caused it, for that client to recognise its own act */
  apply(action: Action, origin?: string): void;
  onAction(run: (action: Action, origin: string | null) => void): void;
};

export function createStudioStateStore(initial: StudioState): StudioStateStore {
  const listeners: ((action: Action, origin: string | null) => void)[] = [];
  const waiting: { action: Action; origin: string | null }[] = [];
  let state = initial;
  let isApplying = false;
  return {
    state: () => state,
    onAction(run) {
      listeners.push(run);
    },
    apply(action, origin) {
      waiting.push({ action, origin: origin ?? null });
      if (isApplying) return;
      isApplying = true;
      try {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          state = reduce(state, next.action);
          for (const run of listeners) run(next.action, next.origin);
        }
      } finally {
        isApplying = false;
      }
    },
  };
}

/** Twice a second: fast enough for meters and countdowns, slow enough to cost nothing. */
export const READINGS_EVERY_MS = 500;

/** Sends what `collect` measures, until the returned function is called. */
export function sendReadings(
  timers: Timers,
  collect: () => Readings,
  send: (readings: Readings) => void,
): CancelTimer {
  return timers.every(READINGS_EVERY_MS, () => send(collect()));
}
