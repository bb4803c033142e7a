// Feeds for vision's own tests: real H.264, made by the real encoder, cut into units with times
// that are no whole milliseconds. Used by tests only.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rtpTimestampOf, type Unit } from '../../core/media/feed.ts';
import { isKeyFrame, splitAnnexB } from '../../core/media/h264.ts';
import { TEST_FFMPEG_PATH } from '../ffmpeg/testFfmpeg.ts';

export type ClipOptions = {
  /** ffmpeg's arguments up to the input, for instance `-f lavfi -i testsrc`. */
  input: readonly string[];
  /** Raw pictures for `-i pipe:0`, written in order. */
  pictures?: Iterable<Uint8Array>;
  filter?: string;
  frames?: number;
  keyFrameEvery?: number;
  kilobits?: number;
  /** Capture time of the first unit, microseconds. */
  startUs?: number;
  config?: number;
};

/** Encodes as the studio does (constrained baseline, no B-frames) and cuts into units. */
export async function encodeClip(options: ClipOptions): Promise<Unit[]> {
  const { input, filter, frames, keyFrameEvery = 30, kilobits = 2500 } = options;
  const child = spawn(
    TEST_FFMPEG_PATH,
    [
      ...['-v', 'error', ...input],
      ...(filter ? ['-vf', filter] : []),
      ...(frames ? ['-frames:v', String(frames)] : []),
      ...['-an', '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency'],
      ...['-profile:v', 'baseline', '-pix_fmt', 'yuv420p', '-b:v', `${kilobits}k`],
      ...['-g', String(keyFrameEvery), '-x264-params', 'aud=1:scenecut=0', '-threads', '1'],
      ...['-f', 'h264', 'pipe:1'],
    ],
    { stdio: [options.pictures ? 'pipe' : 'ignore', 'pipe', 'inherit'] },
  );
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(child, 'close');
  const stdin = child.stdin;
  if (options.pictures && stdin) {
    for (const picture of options.pictures) {
      if (!stdin.write(picture)) await once(stdin, 'drain');
    }
    stdin.end();
  }
  await ended;
  return cutUnits(Buffer.concat(chunks), options.startUs ?? 5_000_000, options.config ?? 1);
}

/** Cuts Annex B at its access unit delimiters; 30 pictures a second. */
function cutUnits(bytes: Buffer, startUs: number, config: number): Unit[] {
  const delimiter = Buffer.from([0, 0, 0, 1, 9]);
  const units: Unit[] = [];
  let at = bytes.indexOf(delimiter);
  while (at >= 0) {
    const next = bytes.indexOf(delimiter, at + delimiter.length);
    const unit = bytes.subarray(at, next < 0 ? bytes.length : next);
    const captureUs = startUs + Math.round((units.length * 1_000_000) / 30);
    units.push({
      track: 'video',
      captureUs,
      rtpTimestamp: rtpTimestampOf(captureUs, 90_000, 12_345),
      keyFrame: isKeyFrame(splitAnnexB(unit)),
      config,
      bytes: unit,
    });
    at = next;
  }
  return units;
}
