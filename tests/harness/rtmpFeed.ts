// The way of an encoder into the feed without the rest of a studio: the real RTMP listener and the
// real capture room, with rtmp: selected, and a wait for facts of both.

import { randomBytes } from 'node:crypto';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { Unit } from '../../core/media/feed.ts';
import { type Capture, createCapture } from '../../native/capture/capture.ts';
import { openRtmpListener, type RtmpListener } from '../../native/capture/rtmp/rtmpListener.ts';
import type { FfmpegChoice } from '../../native/ffmpeg/resolve.ts';

export type RtmpFeed = {
  rtmp: RtmpListener;
  capture: Capture;
  /** Pictures of the encoder since the last call of `forget`, in order. */
  pictures(): Unit[];
  forget(): void;
  /** Waits for a fact; the feed and the state are looked at when they change. */
  until(what: string, isSo: () => boolean): Promise<void>;
  close(): Promise<void>;
};

/** A wait that only guards against hanging for ever; it judges no speed. */
const HANG_MS = 75_000;

export async function openRtmpFeed(
  ffmpeg: FfmpegChoice,
  onHelper: (pid: number, alive: boolean) => void = () => {},
): Promise<RtmpFeed> {
  const clock = { nowUs: () => Number(process.hrtime.bigint() / 1000n) };
  const random = (length: number) => new Uint8Array(randomBytes(length));
  const rtmp = await openRtmpListener({
    ...{ host: '127.0.0.1', port: 0, nextPortsMax: 0, key: randomBytes(16).toString('hex') },
    ...{ clock, timers: realTimers, random, logger: silentLogger },
  });
  const capture = createCapture({
    ...{ clock, timers: realTimers, logger: silentLogger, ffmpeg, rtmp },
    ...{ onHelper, callerFolder: '/', seed: 1, demoAnchorUs: 0 },
    ...{ demoWorkerUrl: new URL('file:///none'), videoClockOffset: 0, audioClockOffset: 0 },
  });
  let units: Unit[] = [];
  const waiting = new Set<() => void>();
  const look = () => {
    for (const run of [...waiting]) run();
  };
  capture.onUnit((unit) => {
    if (unit.track === 'video' && !unit.slate) units.push(unit);
    look();
  });
  capture.onState(look);
  await capture.select('rtmp:');
  return {
    ...{ rtmp, capture, pictures: () => units },
    forget() {
      units = [];
    },
    until(what, isSo) {
      return new Promise((done, fail) => {
        const finish = (run: () => void) => {
          waiting.delete(check);
          cancel();
          run();
        };
        const check = () => isSo() && finish(done);
        const cancel = realTimers.after(HANG_MS, () => {
          const state = JSON.stringify(capture.state());
          finish(() => fail(new Error(`Waited for ${what} in vain: ${state}`)));
        });
        waiting.add(check);
        check();
      });
    },
    async close() {
      await capture.close();
      await rtmp.close();
    },
  };
}
