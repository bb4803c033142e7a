// Betting stops the moment the picture stands, and goes on only when the picture has been steady
// for a moment: a full machine that holds it up again and again would else open and shut betting
// several times a second. Nothing here delays the stop. The wait is short and does not grow: while
// a picture stutters for minutes people can still bet between two stalls.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import type { Show, Suspension } from './show.ts';

/** A picture that is back is steady after so long, ms: longer than a stall takes to be seen. */
export const STEADY_MS = 750;

/** What stands for a picture that is away. */
export type PictureSuspension = Extract<Suspension, 'pictureStalled' | 'pictureLost'>;

export type SteadyPicture = {
  /** The picture is away (or back) for this reason. */
  suspend(reason: PictureSuspension, isOn: boolean): void;
  close(): void;
};

export function createSteadyPicture(options: {
  timers: Timers;
  show: Pick<Show, 'suspend'>;
}): SteadyPicture {
  const { timers, show } = options;
  const away = new Set<PictureSuspension>();
  let cancel: CancelTimer = () => {};
  return {
    suspend(reason, isOn) {
      show.suspend(reason, isOn);
      // What the show began with is cleared without a wait: nobody has bet on it yet.
      if (away.has(reason) === isOn) return;
      cancel();
      if (isOn) {
        away.add(reason);
        // Second: viewers are told what it is, not what comes after it.
        show.suspend('pictureReturning', true);
        return;
      }
      away.delete(reason);
      if (away.size > 0) return;
      cancel = timers.after(STEADY_MS, () => show.suspend('pictureReturning', false));
    },
    close: () => cancel(),
  };
}
