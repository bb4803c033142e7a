// For tests and benches: real H.264 access units, made once by the system's ffmpeg, and a player
// that hands them out as units of the feed in their own time. Without ffmpeg it says so.

import { spawnSync } from 'node:child_process';
import { type MediaClock, realTimers } from '../../core/base/clock.ts';
import { rtpTimestampOf, type Unit } from '../../core/media/feed.ts';
import {
  isKeyFrame,
  joinAnnexB,
  NAL_DELIMITER,
  nalTypeOf,
  splitAnnexB,
} from '../../core/media/h264.ts';
import { TEST_FFMPEG_PATH } from '../ffmpeg/testFfmpeg.ts';

export type TestVideo = { frames: { bytes: Uint8Array; keyFrame: boolean }[] };

/** Frames of ffmpeg's test picture (30 a second, key frame every 30), or why there are none. */
export function makeTestVideo(
  options: { frames?: number; size?: string; kilobits?: number } = {},
): TestVideo | string {
  const { frames = 60, size = '640x360', kilobits = 1500 } = options;
  // A key frame may have the bits of four pictures, as our own encoders allow.
  const buffer = Math.round((kilobits * 4) / 30);
  const input = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30`, '-frames:v', `${frames}`];
  const encoder = '-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -level 3.1';
  const bits = `-b:v ${kilobits}k -maxrate ${kilobits}k -bufsize ${buffer}k`;
  const rate = `-pix_fmt yuv420p ${bits} -g 30 -keyint_min 30`;
  const output = '-sc_threshold 0 -bf 0 -x264-params aud=1:repeat-headers=1 -f h264 pipe:1';
  const run = spawnSync(
    TEST_FFMPEG_PATH,
    ['-v', 'error', ...input, ...`${encoder} ${rate} ${output}`.split(' ')],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  if (run.error || run.status !== 0) return 'ffmpeg with libx264 is not installed';
  return { frames: splitFrames(run.stdout) };
}

/** Frames of a stream with access unit delimiters. */
export function splitFrames(stream: Uint8Array): TestVideo['frames'] {
  const frames: Uint8Array[][] = [];
  for (const unit of splitAnnexB(stream)) {
    if (nalTypeOf(unit) === NAL_DELIMITER) frames.push([]);
    else frames.at(-1)?.push(unit);
  }
  return frames.map((units) => ({ bytes: joinAnnexB(units), keyFrame: isKeyFrame(units) }));
}

/** A comfort-noise-sized Opus packet: 20 ms of silence (RFC 6716: TOC 0xf8, code 0). */
export const OPUS_SILENCE = Uint8Array.of(0xf8, 0xff, 0xfe);

/** RTP clock offsets of the player's units. */
export const TEST_CLOCK_OFFSET = { video: 1000, audio: 5000 };

/** Plays the video in a loop, with sound, until stopped. */
export function playTestVideo(
  video: TestVideo,
  clock: MediaClock,
  push: (unit: Unit) => void,
): { stop(): void; pause(isPaused: boolean): void; framesPushed(): number } {
  let frame = 0;
  let isPaused = false;
  const unit = (track: 'video' | 'audio', bytes: Uint8Array, keyFrame: boolean): Unit => {
    const captureUs = clock.nowUs();
    const rateHz = track === 'video' ? 90_000 : 48_000;
    const rtpTimestamp = rtpTimestampOf(captureUs, rateHz, TEST_CLOCK_OFFSET[track]);
    return { track, captureUs, rtpTimestamp, keyFrame, config: 0, bytes };
  };
  const stopPictures = realTimers.every(33, () => {
    const next = video.frames[frame % video.frames.length];
    if (!next || isPaused) return;
    frame++;
    push(unit('video', next.bytes, next.keyFrame));
  });
  const stopSounds = realTimers.every(20, () => {
    if (!isPaused) push(unit('audio', OPUS_SILENCE, true));
  });
  return {
    stop() {
      stopPictures();
      stopSounds();
    },
    pause(value) {
      isPaused = value;
    },
    framesPushed: () => frame,
  };
}

/** Waits for a fact; fails with `what` when it does not come true in time. */
export async function until(what: string, fact: () => boolean, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!fact()) {
    if (performance.now() > end) throw new Error(`Never happened within ${timeoutMs} ms: ${what}`);
    await new Promise<void>((resolve) => realTimers.after(5, resolve));
  }
}

/** The real clock, in microseconds that never jump. */
export const testClock: MediaClock = {
  nowUs: () => Number(process.hrtime.bigint() / 1000n) + 1_700_000_000_000_000,
};
