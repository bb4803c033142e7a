// The media clock as something React can show: it ticks a few times a second, enough for a
// countdown of seconds, and never drives anything but figures.

import { useEffect, useState } from 'react';
import { realTimers } from '../../core/base/clock.ts';
import type { PageClock } from '../ui/mediaClock.ts';

const TICK_MS = 200;

/** Media clock now, microseconds, or null while it is unknown. */
export function useMediaNow(clock: PageClock): number | null {
  const [nowUs, setNowUs] = useState(() => clock.nowUs());
  useEffect(() => realTimers.every(TICK_MS, () => setNowUs(clock.nowUs())), [clock]);
  return nowUs;
}
