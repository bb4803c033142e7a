// Asks the engine for the last frames while somebody looks, and puts this page's own times beside
// them. Each answer is a sample of the clocks, too: half of the least round trip is how far this
// page's reading of the media clock may be off. Nothing is asked while it is frozen.

import { useCallback, useEffect, useRef, useState } from 'react';
import { realTimers } from '../../../core/base/clock.ts';
import { FRAMES_KEPT, type FrameTimes } from '../../../core/contract/frames.ts';
import { createPageClock } from '../../ui/mediaClock.ts';
import { studio } from '../store.ts';
import { presentedFrames } from './presentedFrames.ts';
import { merged, type XrayFrame, xrayFrame } from './xrayFrames.ts';

const ASKED_EVERY_MS = 500;
const SELDOM_MS = 2_000;

export type Uncertainty = { page: number | null; relay: number | null };
export type ShownFrames = {
  frames: readonly XrayFrame[];
  uncertaintyUs: Uncertainty;
  /** The last question had no answer. */
  isAway: boolean;
};

const NONE: ShownFrames = {
  frames: [],
  uncertaintyUs: { page: null, relay: null },
  isAway: false,
};

/** What the engine told so far; of another run everything is new. */
type Told = { run: number; version: number; frames: FrameTimes[]; relayUs: number | null };

export function useFrames(isFrozen: boolean): ShownFrames {
  const [shown, setShown] = useState(NONE);
  const told = useRef<Told>({ run: 0, version: 0, frames: [], relayUs: null });
  const clock = useRef(createPageClock(() => performance.now()));
  const ask = useCallback(async () => {
    const sentMs = performance.now();
    let answer = await studio.frames.recent({ after: told.current.version });
    clock.current.takePing({
      ...{ sentMs, receivedMs: performance.now(), mediaUs: answer.nowUs, uncertaintyUs: 0 },
    });
    if (answer.run !== told.current.run) {
      answer = await studio.frames.recent({ after: 0 });
      told.current.frames = [];
    }
    const { run, version, frames, relayUncertaintyUs: relayUs } = answer;
    told.current = {
      ...{ run, version, relayUs },
      frames: merged(told.current.frames, frames, FRAMES_KEPT),
    };
  }, []);
  useEffect(() => {
    if (isFrozen) return;
    let isHere = true;
    let isAsking = false;
    const look = async () => {
      if (isAsking) return;
      isAsking = true;
      const isAway = await ask().then(
        () => false,
        () => true,
      );
      isAsking = false;
      if (isHere) setShown(shownOf(told.current, clock.current, isAway));
    };
    void look();
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const cancel = realTimers.every(isCalm ? SELDOM_MS : ASKED_EVERY_MS, () => void look());
    return () => {
      isHere = false;
      cancel();
    };
  }, [isFrozen, ask]);
  return shown;
}

function shownOf(
  told: Told,
  clock: ReturnType<typeof createPageClock>,
  isAway: boolean,
): ShownFrames {
  const nowUs = clock.nowUs();
  const offsetUs = nowUs === null ? null : nowUs - performance.now() * 1000;
  const toMediaUs =
    offsetUs === null ? null : (pageMs: number) => Math.round(pageMs * 1000 + offsetUs);
  const presented = presentedFrames();
  const pageUs = clock.uncertaintyUs();
  return {
    frames: told.frames.map((one) => xrayFrame(one, presented.get(one.rtpTimestamp), toMediaUs)),
    uncertaintyUs: { page: pageUs === null ? null : Math.ceil(pageUs), relay: told.relayUs },
    isAway,
  };
}
