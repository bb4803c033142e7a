// Time for countdowns: the media clock, four times a second so that no second is skipped.

import { useEffect, useState } from 'react';
import { realTimers } from '../../core/base/clock.ts';
import { clock } from './store.ts';

const TICK_MS = 250;

/** Media clock in microseconds, or null before the first reading. */
export function useNowUs(): number | null {
  const [nowUs, setNowUs] = useState(() => clock.nowUs());
  useEffect(() => realTimers.every(TICK_MS, () => setNowUs(clock.nowUs())), []);
  return nowUs;
}
