// Figures of a viewer's path (`--only relayloss`, `--only relaystep`): freezes behind two packets lost of a hundred and
// 40 ms of round trip, a minute a round; and how soon the picture is well again when a path of 2
// Mbit/s becomes one of 1 and when it is back, for a show with two layers. The relay is a process of
// its own, studio and hop are the bench, the viewer is a real browser.

import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { realTimers } from '../core/base/clock.ts';
import { silentLogger } from '../core/base/logger.ts';
import { createPublisher } from '../native/publish/publisher.ts';
import { makeTestVideo, playTestVideo, testClock } from '../native/webrtc/testVideo.ts';
import { startProgram } from './crowd/machinery.ts';
import type { HostStats, ToHost } from './crowd/messages.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { openLossyLink } from './lossyLink.ts';
import { measureLoss, watchThrough } from './relayLoss.ts';

/** Sound and what is sent again come on top of the picture. */
const KILOBITS = { high: 1600, low: 500 };
const WIDE = 2_000_000;
const NARROW = 1_000_000;
const WELL_BEFORE_MS = 6_000;
const STEP_MS = 12_000;
const LOOK_MS = 250;
/** Pictures a second, over a second, that are as good as all of them. */
const WELL_RATE = 24;

type Look = { atMs: number; frames: number; height: number };

type Path = { browser: Browser; whepUrl: string; address: string };

export const measureLosses = (context: BenchContext): Promise<Measured[]> =>
  onPath(context, 'relayloss', (path) => measureLoss(context, path.whepUrl, path.address));

export const measureSteps = (context: BenchContext): Promise<Measured[]> =>
  onPath(context, 'relaystep', (path) => measureStep(context, path));

/** A relay with a show of two layers. */
async function onPath(
  context: BenchContext,
  figure: string,
  measure: (path: Path) => Promise<Measured>,
): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured(figure, 'no browser with H.264')];
  const high = makeTestVideo({ frames: 150, size: '1280x720', kilobits: KILOBITS.high });
  const low = makeTestVideo({ frames: 150, size: '640x360', kilobits: KILOBITS.low });
  if (typeof high === 'string' || typeof low === 'string') {
    return [notMeasured(figure, 'no ffmpeg')];
  }
  const address = outwardAddress() ?? '127.0.0.1';
  const host = await startProgram<ToHost, HostStats>('host', [address], 0);
  const peer = { iceServers: [], bindAddress: address };
  const publisher = createPublisher({
    ...{ clock: testClock, timers: realTimers, logger: silentLogger, fetch, peer },
    ...{ random: (length) => randomBytes(length), requestKeyFrame() {} },
  });
  const players = [
    playTestVideo(high, testClock, (unit) => publisher.push(unit)),
    playTestVideo(low, testClock, (unit) => {
      if (unit.track === 'video') publisher.push({ ...unit, layer: 'low' });
    }),
  ];
  try {
    publisher.startUplink({ url: `${host.said}/whip/match`, token: 't' });
    while ((await host.ask({ ask: 'stats' })).state !== 'live') await pause(50);
    return [await measure({ browser, whepUrl: `${host.said}/whep/match`, address })];
  } finally {
    for (const player of players) player.stop();
    await publisher.close();
    await host.end();
  }
}

async function measureStep(
  context: BenchContext,
  { browser, whepUrl, address }: Path,
): Promise<Measured> {
  const rounds: number[][] = [];
  const remarks = [`the better layer has ${KILOBITS.high} kbit/s, the other one ${KILOBITS.low}`];
  for (let round = 0; round < ROUNDS; round++) {
    context.say(`  2 → 1 → 2 Mbit/s, round ${round + 1}`);
    const link = await openLossyLink({ address, lossShare: 0, roundTripMs: 20, random: () => 1 });
    const page = await browser.newPage();
    link.setBitsPerSecond(WIDE);
    await watchThrough(page, whepUrl, link);
    await pause(WELL_BEFORE_MS);
    link.setBitsPerSecond(NARROW);
    const down = await looksOf(page, STEP_MS);
    link.setBitsPerSecond(WIDE);
    const up = await looksOf(page, STEP_MS);
    const seconds = [wellAfter(down, 0), wellAfter(up, 720)];
    rounds.push(seconds.map((each) => each * 1000));
    if (process.env.LOOKS) context.say(looksInWords([...down, ...up]));
    remarks.push(
      `down ${seconds[0]?.toFixed(1)} s, then ${down.at(-1)?.height} lines; ` +
        `up ${seconds[1]?.toFixed(1)} s, then ${up.at(-1)?.height} lines`,
    );
    await page.close();
    link.close();
  }
  return { figure: 'relaystep', rounds, remarks };
}

async function looksOf(page: Page, lengthMs: number): Promise<Look[]> {
  const startMs = performance.now();
  const looks: Look[] = [];
  while (performance.now() - startMs < lengthMs) {
    looks.push({ atMs: performance.now() - startMs, ...(await pictureOf(page)) });
    await pause(LOOK_MS);
  }
  return looks;
}

/** Lines and pictures of each look, for whoever wants to know why (LOOKS=1). */
function looksInWords(looks: readonly Look[]): string {
  const words = looks.map(
    ({ height, frames }, at) => `${height}:${frames - (looks[at - 1]?.frames ?? frames)}`,
  );
  return words.join(' ');
}

/** Seconds until the last second that was not well; the whole length where it never was. */
function wellAfter(looks: readonly Look[], heightMin: number): number {
  let lastBadMs = 0;
  for (const [index, look] of looks.entries()) {
    const before = looks.findLast(({ atMs }) => atMs <= look.atMs - 1000);
    const rate = before && ((look.frames - before.frames) * 1000) / (look.atMs - before.atMs);
    const isSlow = rate !== undefined && rate < WELL_RATE;
    if (isSlow || look.height < heightMin) lastBadMs = looks[index + 1]?.atMs ?? STEP_MS;
  }
  return lastBadMs / 1000;
}

function pictureOf(page: Page): Promise<{ frames: number; height: number }> {
  return page.evaluate(async () => {
    const { peer } = window as unknown as { peer: RTCPeerConnection };
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== 'inbound-rtp' || report.kind !== 'video') continue;
      return { frames: Number(report.framesDecoded ?? 0), height: Number(report.frameHeight ?? 0) };
    }
    return { frames: 0, height: 0 };
  });
}

function outwardAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}
