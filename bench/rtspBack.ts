// Figure `rtspback`: a real RTSP camera (GStreamer's server) is stopped for ten seconds; how long from
// the moment at which it can send again to the first picture out of the real capture room. The stop
// differs by a little each time, so that no retry's own rhythm is measured.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rtspCameraSkip, startRtspCamera } from '../native/capture/testing/rtspServer.ts';
import { watchCapture } from '../native/capture/testing/watchCapture.ts';
import { hasFfmpeg, resolveFfmpeg } from '../native/ffmpeg/resolve.ts';
import { waitFor } from '../tests/harness/studio.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';

const STOP_MS = 10_000;
const STOP_STEP_MS = 370;
const TIMES = { short: 1, full: 10 };
/** Pictures until it counts as playing again. */
const PLAYING = 20;

export async function measureRtspBack(context: BenchContext): Promise<Measured[]> {
  const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
  if (!hasFfmpeg(ffmpeg)) return [notMeasured('rtspback', ffmpeg.reason)];
  if (rtspCameraSkip) return [notMeasured('rtspback', rtspCameraSkip)];
  await context.quiet();
  const folder = mkdtempSync(join(tmpdir(), 'morphine-bench-'));
  const { capture, pictures } = watchCapture(ffmpeg, folder);
  const { child, port } = await startRtspCamera();
  const rounds: number[][] = [];
  const stops: number[] = [];
  try {
    await capture.select(`rtsp://camera:s3cret@127.0.0.1:${port}/base`);
    await waitFor('the camera', () => pictures().length >= PLAYING);
    for (let round = 0; round < ROUNDS; round++) {
      const samples: number[] = [];
      for (let at = 0; at < (context.isFull ? TIMES.full : TIMES.short); at++) {
        const stopMs = STOP_MS + stops.length * STOP_STEP_MS;
        stops.push(stopMs);
        const stoppedMs = performance.now();
        child.kill('SIGSTOP');
        await waitFor('the stall', () => capture.state().state === 'reconnecting');
        await pause(stopMs - (performance.now() - stoppedMs));
        const before = pictures().length;
        const first = firstPicture(capture);
        const startMs = performance.now();
        child.kill('SIGCONT');
        samples.push((await first) - startMs);
        await waitFor('pictures again', () => pictures().length >= before + PLAYING);
      }
      rounds.push(samples);
    }
  } finally {
    await capture.close();
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
  const [least = 0, most = 0] = [stops[0], stops.at(-1)];
  const remarks = [
    `stopped for ${least / 1000} to ${(most / 1000).toFixed(1)} s; ` +
      'GStreamer’s RTSP server by TCP, 640×360 at 15',
  ];
  return [{ figure: 'rtspback', rounds, remarks }];
}

/** The moment of the next picture of a camera, not of what stands in for it. */
function firstPicture(capture: ReturnType<typeof watchCapture>['capture']): Promise<number> {
  return new Promise((done) => {
    capture.onUnit(({ track, slate, layer }) => {
      if (track === 'video' && !slate && !layer) done(performance.now());
    });
  });
}
