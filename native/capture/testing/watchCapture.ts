// A capture room of a test: what came out of it, and a wait for facts that fails with the reason
// where a source was given up.

import { realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import type { SourceState } from '../../../core/contract/state.ts';
import type { Unit } from '../../../core/media/feed.ts';
import type { FfmpegChoice } from '../../ffmpeg/resolve.ts';
import { type CaptureOptions, type Cut, createCapture } from '../capture.ts';

const clock = { nowUs: () => Number(process.hrtime.bigint() / 1000n) + 1_700_000_000_000_000 };

/** A capture room whose units, states and cuts are written down. */
export function watchCapture(
  ffmpeg: FfmpegChoice,
  callerFolder: string,
  more: Partial<CaptureOptions> = {},
) {
  const units: Unit[] = [];
  const states: SourceState[] = [];
  const cuts: (Cut & { at: number })[] = [];
  const helpers = new Set<number>();
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const look of [...waiting]) look();
  };
  const capture = createCapture({
    ...{ clock, timers: realTimers, logger: silentLogger, ffmpeg, callerFolder, seed: 5 },
    ...{ demoAnchorUs: 0, demoWorkerUrl: new URL('file:///none') },
    ...{ videoClockOffset: 1, audioClockOffset: 2 },
    onHelper: (pid, alive) => void (alive ? helpers.add(pid) : helpers.delete(pid)),
    ...more,
  });
  capture.onCut((cut) => cuts.push({ ...cut, at: units.length }));
  capture.onUnit((unit) => {
    units.push(unit);
    tell();
  });
  capture.onState((state) => {
    states.push(state);
    tell();
  });
  const until = (fact: () => boolean) =>
    new Promise<void>((done, fail) => {
      const look = () => {
        const { next, state, reason } = capture.state();
        const given = next?.state === 'failed' ? next.reason : state === 'failed' ? reason : null;
        if (given === null && !fact()) return;
        waiting.delete(look);
        if (given === null) done();
        else fail(new Error(given));
      };
      waiting.add(look);
      look();
    });
  const pictures = () =>
    units.filter(({ track, slate, layer }) => track === 'video' && !slate && !layer);
  const stills = () => units.filter(({ slate }) => slate);
  return { capture, units, states, cuts, helpers, until, pictures, stills, clock };
}
