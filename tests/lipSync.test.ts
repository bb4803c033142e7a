// Proves that a viewer hears a beep when the flash that belongs to it is on the screen: a clip with
// both at each full second goes as `file:` through the whole studio to a real Chromium. The picture's
// moment is requestVideoFrameCallback's expected display of the first white frame. The sound's
// moment is that of its first loud sample in an AudioWorklet on the element's own stream, put on the
// page's clock by getOutputTimestamp, so output latency is in it. WebAudio's own queue is in it as
// well, which the element's own path does not have: sound is judged too late rather than too early.
// Seconds in which the browser had to invent sound, or held it longer than a picture may wait,
// because this machine starved it, say nothing; they are told.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { hasFfmpeg, resolveFfmpeg } from '../native/ffmpeg/resolve.ts';
import { browserSkip, launchBrowser } from './harness/browser.ts';
import { type RunningStudio, startStudio, waitFor } from './harness/studio.ts';

const FLASHES = 8;
/** No sound was invented for so long before a beep: buffers have their depth, ms. */
const CALM_MS = 4_000;
/** A machine that gives no calm flashes in this time is too busy to judge. */
const PATIENCE_MS = 60_000;
const SKEW_MS_MAX = 40;

const ffmpeg = await resolveFfmpeg();
const skip = browserSkip || (hasFfmpeg(ffmpeg) ? false : 'no ffmpeg');
const folder = mkdtempSync(join(tmpdir(), 'lip-sync-'));
let studio: RunningStudio;
let browser: Browser;

before(async () => {
  if (skip || !hasFfmpeg(ffmpeg)) return;
  const clip = join(folder, 'flash-and-beep.mov');
  const seconds = '45';
  const flash = "drawbox=color=white:t=fill:enable='lt(mod(n,30),2)'";
  const beep = 'if(lt(mod(t,1),0.0666),0.5*sin(2*PI*1000*t),0)';
  const made = spawnSync(ffmpeg.path, [
    ...['-v', 'error', '-f', 'lavfi', '-i', `color=black:s=1280x720:r=30:d=${seconds},${flash}`],
    ...['-f', 'lavfi', '-i', `aevalsrc='${beep}':s=48000:d=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-pix_fmt', 'yuv420p'],
    ...['-c:a', 'pcm_s16le', clip],
  ]);
  assert.equal(made.status, 0, made.stderr.toString());
  studio = await startStudio({ args: ['--source', `file:${clip}`] });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await studio?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('sound and picture are within 40 ms at the viewer', { skip }, async (t) => {
  // The page's policy runs no scripts but its own, and the worklet is the test's.
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.addInitScript(keepPeers);
  await page.goto(studio.facts().viewer ?? '');
  await page.locator('#root[data-state="live"]').waitFor({ state: 'attached' });
  await page.getByTestId('sound').click();
  await page.evaluate(listen, WORKLET);
  await page.evaluate(watch);
  const patienceEnds = performance.now() + PATIENCE_MS;
  const pairs = await waitFor('flashes with their beeps', async () => {
    const calm = pairUp(await page.evaluate(() => window.lipSync));
    return (calm.length >= FLASHES || performance.now() > patienceEnds) && calm;
  });
  if (pairs.length < FLASHES) {
    t.skip(`sound broke off too often here: ${pairs.length} flashes could be judged`);
    return;
  }
  const skews = pairs.map(({ beep, flash }) => beep.heardMs - flash);
  const middle = medianOf(skews);
  const processed = medianOf(pairs.map(({ beep, flash }) => beep.processedMs - flash));
  console.log(
    `sound after picture, ms: median ${middle.toFixed(1)} of ${skews.length} ` +
      `(${skews.map((skew) => skew.toFixed(0)).join(' ')}); ` +
      `reached the page ${processed.toFixed(1)} ms after it; ` +
      JSON.stringify(await page.evaluate(() => window.lipSync.latency)),
  );
  assert.ok(Math.abs(middle) <= SKEW_MS_MAX, `sound is ${middle.toFixed(1)} ms after the picture`);
});

type Beep = { heardMs: number; processedMs: number };
type Findings = {
  /** When first white frames were on the screen, page clock. */
  flashes: number[];
  beeps: Beep[];
  /** When sound was found to be invented for want of packets, or held too long. */
  inventedMs: number[];
  latency: { baseMs: number; outputMs: number };
};
declare global {
  interface Window {
    lipSync: Findings;
    peers: RTCPeerConnection[];
  }
}

function pairUp({ flashes, beeps, inventedMs }: Findings): { flash: number; beep: Beep }[] {
  return flashes.flatMap((flash) => {
    const beep = beeps.find(({ heardMs }) => Math.abs(heardMs - flash) < 400);
    const isCalm = !inventedMs.some((atMs) => atMs > flash - CALM_MS && atMs < flash + 500);
    return beep && isCalm ? [{ flash, beep }] : [];
  });
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half) - 1] ?? 0)) / 2;
}

/** Reports the index of the first loud sample after a quiet tenth of a second. */
const WORKLET = `registerProcessor('onset', class extends AudioWorkletProcessor {
  quiet = 0;
  process([[samples]]) {
    for (let i = 0; samples && i < samples.length; i++) {
      const isLoud = Math.abs(samples[i]) > 0.05;
      if (isLoud && this.quiet > 4800) this.port.postMessage(currentFrame + i);
      this.quiet = isLoud ? 0 : this.quiet + 1;
    }
    return true;
  }
});`;

/** Runs in the page. */
async function listen(worklet: string): Promise<void> {
  const stream = document.querySelector('video')?.srcObject;
  if (!(stream instanceof MediaStream)) throw new Error('The page plays no stream');
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
  const module = URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' }));
  await context.audioWorklet.addModule(module);
  const node = new AudioWorkletNode(context, 'onset');
  const silent = new GainNode(context, { gain: 0 });
  context.createMediaStreamSource(stream).connect(node).connect(silent);
  silent.connect(context.destination);
  const latency = { baseMs: 0, outputMs: 0 };
  // Begins as if just now: the buffers are as new as the sound.
  const inventedMs = [performance.now()];
  const found: Findings = { flashes: [], beeps: [], inventedMs, latency };
  window.lipSync = found;
  node.port.onmessage = ({ data }: MessageEvent<number>) => {
    const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp();
    const heardMs = performanceTime + (data / context.sampleRate - contextTime) * 1000;
    found.beeps.push({ heardMs, processedMs: performance.now() });
    found.latency = { baseMs: context.baseLatency * 1000, outputMs: context.outputLatency * 1000 };
  };
}

/** Runs in the page before its own scripts. */
function keepPeers(): void {
  const peers: RTCPeerConnection[] = [];
  const Real = window.RTCPeerConnection;
  window.peers = peers;
  window.RTCPeerConnection = class extends Real {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      peers.push(this);
    }
  };
  let invented = 0;
  let held = { seconds: 0, samples: 0 };
  setInterval(async () => {
    for (const entry of ((await peers.at(-1)?.getStats()) ?? new Map()).values()) {
      if (entry.type !== 'inbound-rtp' || entry.kind !== 'audio') continue;
      const now = entry.concealedSamples;
      const last = held;
      held = { seconds: entry.jitterBufferDelay, samples: entry.jitterBufferEmittedCount };
      const heldMs = ((held.seconds - last.seconds) * 1000) / (held.samples - last.samples);
      if (now > invented || heldMs > 420) window.lipSync?.inventedMs.push(performance.now());
      invented = now;
    }
  }, 250);
}

/** Runs in the page. */
function watch(): void {
  const video = document.querySelector('video');
  const look = new OffscreenCanvas(8, 8).getContext('2d', { willReadFrequently: true });
  if (!video || !look) throw new Error('Nothing to look at');
  let wasDark = false;
  let count = 0;
  const frame = (_nowMs: number, shown: VideoFrameCallbackMetadata) => {
    video.requestVideoFrameCallback(frame);
    look.drawImage(video, 100, 100, 64, 64, 0, 0, 8, 8);
    const isWhite = (look.getImageData(4, 4, 1, 1).data[1] ?? 0) > 128;
    // After a picture that was skipped, nobody knows which one was the first white one.
    const isNext = shown.presentedFrames === count + 1;
    if (isWhite && wasDark && isNext) window.lipSync.flashes.push(shown.expectedDisplayTime);
    wasDark = !isWhite;
    count = shown.presentedFrames;
  };
  video.requestVideoFrameCallback(frame);
}
