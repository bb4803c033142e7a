// What a recording costs: the processor's share for 720p30 by copy, and what its writes do to the
// ledger's commits on the same disk. The ledger commits bet by bet while pictures come in their own
// time; the same without a recording stands beside it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realTimers } from '../core/base/clock.ts';
import { silentLogger } from '../core/base/logger.ts';
import { createRecorder, type Recorder } from '../native/recording/recorder.ts';
import {
  makeTestVideo,
  OPUS_SILENCE,
  playTestVideo,
  type TestVideo,
} from '../native/webrtc/testVideo.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { LoadedLedger } from './ledgerLoad.ts';

/** Seconds of the show in one sample of the cost. */
const SAMPLE_SECONDS = 10;
const SAMPLES = 5;
/** About the bets of a busy minute, one a commit. */
const COMMITS = 300;
const COMMIT_EVERY_MS = 10;
const STEP_US = 33_333;
const START_US = 1_700_000_000_000_000;

const pause = (ms: number) => new Promise<void>((resolve) => realTimers.after(ms, resolve));

export async function measureRecording(context: BenchContext): Promise<Measured[]> {
  const video = makeTestVideo({ frames: 300, size: '1280x720', kilobits: 2500 });
  if (typeof video === 'string') {
    return ['recording', 'recordingledger'].map((figure) => notMeasured(figure, video));
  }
  await context.quiet();
  const folder = mkdtempSync(join(tmpdir(), 'morphine-bench-'));
  try {
    return [await measureCost(video, folder), await measureCommits(video, folder)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function openRecorder(folder: string): Recorder {
  return createRecorder({
    ...{ folder, timers: realTimers, logger: silentLogger, onChange() {} },
    wallMs: () => performance.timeOrigin + performance.now(),
    freeBytes: async () => Number.MAX_SAFE_INTEGER,
  });
}

/** Processor time of this process, all threads, for each second of the show, as % of a core. */
async function measureCost(video: TestVideo, folder: string): Promise<Measured> {
  const rounds: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const recorder = openRecorder(join(folder, `cost-${round}`));
    await recorder.start('Cost', {});
    const samples: number[] = [];
    let at = 0;
    for (let sample = 0; sample <= SAMPLES; sample++) {
      const before = process.cpuUsage();
      for (const end = at + SAMPLE_SECONDS * 30; at < end; at++) {
        pushPicture(recorder, video, at);
        // The disk's turn, as it comes between pictures of a real show.
        if (at % 15 === 14) await pause(1);
      }
      const { user, system } = process.cpuUsage(before);
      if (sample > 0) samples.push((user + system) / (SAMPLE_SECONDS * 10_000));
    }
    await recorder.stop();
    rounds.push(samples);
  }
  const remarks = [
    `${SAMPLE_SECONDS} s of 720p30 at 2.5 Mbit/s with sound in each sample, by copy`,
  ];
  return { figure: 'recording', rounds, remarks };
}

function pushPicture(recorder: Recorder, video: TestVideo, at: number): void {
  const frame = video.frames[at % video.frames.length];
  const rest = { captureUs: START_US + at * STEP_US, rtpTimestamp: 0, config: 0 };
  if (frame) recorder.push({ track: 'video', ...rest, ...frame });
  recorder.push({ track: 'audio', ...rest, keyFrame: true, bytes: OPUS_SILENCE });
}

async function measureCommits(video: TestVideo, folder: string): Promise<Measured> {
  const own = new LoadedLedger(100);
  const rounds: number[][] = [];
  const without: number[][] = [];
  let market = 0;
  for (let round = 0; round < ROUNDS; round++) {
    without.push(await commits(own, market++));
    const recorder = openRecorder(join(folder, `ledger-${round}`));
    await recorder.start('Beside a ledger', {});
    const clock = { nowUs: () => Math.round(performance.now() * 1000) + START_US };
    const player = playTestVideo(video, clock, (unit) => recorder.push(unit));
    rounds.push(await commits(own, market++));
    player.stop();
    await recorder.stop();
  }
  own.close();
  own.remove();
  const remarks = [`${COMMITS} commits of one bet each, one every ${COMMIT_EVERY_MS} ms`];
  const peer = { name: 'no recording', rounds: without, remarks: [] };
  return { figure: 'recordingledger', rounds, remarks, peer };
}

/** How long each commit took, ms. */
async function commits(own: LoadedLedger, market: number): Promise<number[]> {
  own.openMarket(market);
  own.ledger.commit();
  const samples: number[] = [];
  for (let bets = 0; bets < COMMITS; bets++) {
    own.ask('placeBet', own.nextBet(market));
    const startedMs = performance.now();
    own.ledger.commit();
    samples.push(performance.now() - startedMs);
    await pause(COMMIT_EVERY_MS);
  }
  return samples;
}
