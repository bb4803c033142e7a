// The first run of a studio without a show: a machine that was measured at once, with the advice
// that the real rules give for it. Never shipped.

import type { Action } from '../../core/contract/actions.ts';
import { type FirstRunView, type Machine, NOTHING_MEASURED } from '../../core/contract/firstRun.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { StudioState } from '../../core/contract/state.ts';
import { pictureAdviceOf } from '../../core/media/pictureAdvice.ts';

/** Of an ordinary machine, with a relay elsewhere. */
export const STORY_MACHINE: Machine = {
  processor: { name: 'Intel(R) Core(TM) i5-8400 CPU @ 2.80GHz', cores: 6, idlePercent: 71 },
  uplink: { state: 'measured', kilobitsPerSecond: 9_400, reason: '' },
  speeds: [
    { encoder: 'x264', height: 720, timesRealTime: 7.4 },
    { encoder: 'x264', height: 1080, timesRealTime: 3.2 },
  ],
  speedReason: '',
  vision: { provider: 'cpu', model: 'demo-nano', medianMs: 9.1 },
  commitsPerSecond: 640,
};

/** As whoever is new finds it. */
export const STORY_FIRST_RUN: FirstRunView = { isWanted: true, measurement: NOTHING_MEASURED };

export function storyFirstRun(
  state: () => StudioState,
  apply: (action: Action) => void,
  calls: string[],
): Handlers['firstRun'] {
  const change = (part: Partial<FirstRunView>) =>
    apply({
      type: 'firstRun.changed',
      firstRun: { ...STORY_FIRST_RUN, isWanted: false, ...state().firstRun, ...part },
    });
  return {
    measure() {
      calls.push('firstRun.measure');
      change({
        measurement: {
          ...{ state: 'done', doing: [], done: ['processor', 'uplink', 'encoders', 'speed'] },
          ...{ machine: STORY_MACHINE, advice: pictureAdviceOf(STORY_MACHINE) },
        },
      });
    },
    stop: () => void calls.push('firstRun.stop'),
    finish() {
      calls.push('firstRun.finish');
      change({ isWanted: false });
    },
  };
}
