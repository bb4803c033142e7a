// Asks the ledger, every two seconds, to write to its disk. While it cannot (full, read-only,
// broken) nobody may bet and everybody is told; when it can again, betting goes on by itself. The
// probe is the ledger's own commit, so it says exactly what a bet would meet.

import type { Timers } from '../../core/base/clock.ts';
import type { Audience } from '../audience/audience.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { StudioStateStore } from '../serve/state.ts';
import type { Show } from './show.ts';

const PROBE_PERIOD_MS = 2_000;
const NOTICE_ID = 'disk';

/** Watches until the returned room is closed. */
export function watchDisk(rooms: {
  ledger: Pick<LedgerClient, 'isConnected' | 'probeDisk' | 'commitRate'>;
  timers: Timers;
  store: StudioStateStore;
  show: Show;
  audience: Pick<Audience, 'rebind'>;
}): { close(): void } {
  const { ledger, timers, store, show, audience } = rooms;
  let known = '';
  let isAsking = false;

  function tell(trouble: string): void {
    known = trouble;
    show.suspend('diskTrouble', trouble !== '');
    if (trouble !== '') {
      const text = `${trouble} Betting is suspended; existing bets are safe.`;
      store.apply({
        type: 'notice.raised',
        notice: { id: NOTICE_ID, severity: 'stop', text },
      });
      return;
    }
    store.apply({ type: 'notice.cleared', id: NOTICE_ID });
    // Who came meanwhile could not be given a welcome.
    audience.rebind();
  }

  /** Probed when the ledger started; asked for once. */
  async function showRate(): Promise<void> {
    if (store.state().ledger.commitsPerSecond > 0) return;
    const commitsPerSecond = await ledger.commitRate();
    if (commitsPerSecond === 0) return;
    store.apply({
      type: 'ledger.changed',
      ledger: { ...store.state().ledger, commitsPerSecond },
    });
  }

  const close = timers.every(PROBE_PERIOD_MS, () => {
    if (isAsking || !ledger.isConnected()) return;
    isAsking = true;
    ledger
      .probeDisk()
      .then((trouble) => {
        if (trouble !== known) tell(trouble);
        return showRate();
      })
      // The ledger went away; whoever watches that says so.
      .catch(() => {})
      .finally(() => {
        isAsking = false;
      });
  });
  return { close };
}
