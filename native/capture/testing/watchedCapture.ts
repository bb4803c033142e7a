// One capture room for tests, watched: what it delivers, which helpers live, and checks that every
// feed must pass. Used by tests only.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import type { SourceState } from '../../../core/contract/state.ts';
import { RTP_CLOCK_RATE, rtpTimestampOf, type Unit } from '../../../core/media/feed.ts';
import { nalTypeOf, parseSps, splitAnnexB } from '../../../core/media/h264.ts';
import type { FfmpegChoice } from '../../ffmpeg/resolve.ts';
import { builds } from '../../ffmpeg/testing/builds.ts';
import { type Capture, createCapture } from '../capture.ts';

export const folder = mkdtempSync(join(tmpdir(), 'capture-'));
after(() => rmSync(folder, { recursive: true, force: true }));
export const clock = {
  nowUs: () => Number(process.hrtime.bigint() / 1000n) + 1_700_000_000_000_000,
};
export const maker = builds.find(({ ffmpeg }) => ffmpeg)?.ffmpeg ?? null;
export const anyFfmpeg = maker ? false : 'no ffmpeg';

/** 2.5 s, so that a loop is not a whole number of flashes; sound or none. */
export function makeClip(name: string, hasSound: boolean): string {
  const path = join(folder, name);
  const flash = "drawbox=color=white:t=fill:enable='lt(mod(t,1),0.1)'";
  const beep = 'aevalsrc=if(lt(mod(t\\,1)\\,0.1)\\,0.5*sin(2*PI*1000*t)\\,0):s=48000:d=2.5';
  const sound = ['-f', 'lavfi', '-i', beep, '-c:a', 'aac'];
  const result = spawnSync(maker?.path ?? '', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', `color=black:s=320x240:r=25:d=2.5,${flash}`],
    ...(hasSound ? sound : []),
    ...['-c:v', 'libx264', '-pix_fmt', 'yuv420p', path],
  ]);
  assert.equal(result.stderr.toString(), '');
  return path;
}

type Watched = {
  capture: Capture;
  units: Unit[];
  helpers: Set<number>;
  until(fact: () => boolean): Promise<void>;
};

export function watch(ffmpeg: FfmpegChoice, demoAnchorUs = clock.nowUs()): Watched {
  const units: Unit[] = [];
  const helpers = new Set<number>();
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const look of [...waiting]) look();
  };
  const capture = createCapture({
    clock,
    timers: realTimers,
    logger: silentLogger,
    ffmpeg,
    callerFolder: folder,
    seed: 5,
    demoAnchorUs,
    demoWorkerUrl: new URL('flashWorker.ts', import.meta.url),
    videoClockOffset: 0xffff_0000,
    audioClockOffset: 77,
    onHelper: (pid, alive) => (alive ? helpers.add(pid) : helpers.delete(pid)),
  });
  capture.onUnit((unit) => {
    units.push(unit);
    tell();
  });
  capture.onState(tell);
  const until = (fact: () => boolean) =>
    new Promise<void>((done) => {
      const look = () => {
        if (!fact()) return;
        waiting.delete(look);
        done();
      };
      waiting.add(look);
      look();
    });
  return { capture, units, helpers, until };
}

export function ofTrack(units: readonly Unit[], track: Unit['track']): Unit[] {
  return units.filter((unit) => unit.track === track);
}

export function checkFeed(units: readonly Unit[]): void {
  for (const track of ['video', 'audio'] as const) {
    const own = ofTrack(units, track);
    const offset = track === 'video' ? 0xffff_0000 : 77;
    for (const [index, unit] of own.entries()) {
      const previous = own[index - 1];
      if (previous) assert.ok(unit.captureUs > previous.captureUs);
      const expected = rtpTimestampOf(unit.captureUs, RTP_CLOCK_RATE[track], offset);
      assert.equal(unit.rtpTimestamp, expected);
      assert.ok(Number.isInteger(unit.captureUs));
    }
  }
  const video = ofTrack(units, 'video');
  assert.equal(video[0]?.keyFrame, true);
  let sinceKeyFrame = 0;
  for (const unit of video) {
    sinceKeyFrame = unit.keyFrame ? 0 : sinceKeyFrame + 1;
    // Counted in pictures, because a busy machine may skip some.
    assert.ok(sinceKeyFrame <= 30, `${sinceKeyFrame} pictures without a key frame`);
    if (!unit.keyFrame) continue;
    const sps = splitAnnexB(unit.bytes).find((nal) => nalTypeOf(nal) === 7);
    const facts = parseSps(sps ?? new Uint8Array());
    assert.deepEqual([facts.profile, facts.reorderFramesMax], [66, 0]);
  }
}

export async function comesBack(
  capture: Capture,
  helpers: ReadonlySet<number>,
  until: Watched['until'],
  signal: 'SIGKILL' | 'SIGSTOP',
): Promise<void> {
  const states: SourceState['state'][] = [];
  let after = 0;
  capture.onState((state) => states.push(state.state));
  capture.onUnit((unit) => {
    if (states.includes('reconnecting') && unit.track === 'video') after++;
  });
  for (const pid of [...helpers]) process.kill(pid, signal);
  await until(() => states.includes('reconnecting') && states.at(-1) === 'live' && after > 15);
  assert.equal(capture.state().reason, '');
}
