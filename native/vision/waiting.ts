// Waiting for somebody who may never answer.

import type { Timers } from '../../core/base/clock.ts';

/** The answer, or null when it has not come in time. */
export function within<Answer>(
  timers: Timers,
  delayMs: number,
  asked: Promise<Answer | null>,
): Promise<Answer | null> {
  return new Promise((resolve) => {
    const cancel = timers.after(delayMs, () => resolve(null));
    void asked.then((answer) => {
      cancel();
      resolve(answer);
    });
  });
}
