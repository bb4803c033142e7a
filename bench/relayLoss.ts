// Figure `relayloss`: how often the picture stands for a real browser behind two packets lost of a
// hundred and 40 ms of round trip, by the browser's own count of freezes.

import type { Page } from 'playwright-core';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { type LossyLink, openLossyLink } from './lossyLink.ts';

const LOSS_SHARE = 0.02;
const ROUND_TRIP_MS = 40;
/** Seconds of a round; freezes are told for a minute. */
const SECONDS = { short: 60, full: 300 };
const WARM_MS = 3000;
const SEED = 11;

/** @param whepUrl a stream that is live already */
export async function measureLoss(
  context: BenchContext,
  whepUrl: string,
  address: string,
): Promise<Measured> {
  const browser = await context.browser();
  if (!browser) return notMeasured('relayloss', 'no browser with H.264');
  const seconds = context.isFull ? SECONDS.full : SECONDS.short;
  const rounds: number[][] = [];
  const remarks: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    context.say(`  loss, round ${round + 1}`);
    const random = seeded(SEED + round);
    const link = await openLossyLink({
      ...{ address, lossShare: LOSS_SHARE, roundTripMs: ROUND_TRIP_MS, random },
    });
    const page = await browser.newPage();
    await watchThrough(page, whepUrl, link);
    await pause(WARM_MS);
    const before = await seenBy(page);
    await pause(seconds * 1000);
    const after = await seenBy(page);
    const freezes = after.freezes - before.freezes;
    rounds.push([(freezes * 60) / seconds]);
    const share = (100 * link.counters.lost) / (link.counters.lost + link.counters.passed);
    remarks.push(
      `${freezes} freezes of ${(after.frozenSeconds - before.frozenSeconds).toFixed(1)} s in ` +
        `${seconds} s, ${((after.frames - before.frames) / seconds).toFixed(1)} pictures a second, ` +
        `${share.toFixed(1)} % lost on the way`,
    );
    await page.close();
    link.close();
  }
  return { figure: 'relayloss', rounds, remarks };
}

export async function watchThrough(page: Page, whepUrl: string, link: LossyLink): Promise<void> {
  await page.exposeFunction('signal', async (offer: string) => {
    const headers = { 'content-type': 'application/sdp' };
    const response = await fetch(whepUrl, { method: 'POST', headers, body: offer });
    if (response.status !== 201) throw new Error(`WHEP answered ${response.status}`);
    return link.through(await response.text());
  });
  await page.setContent('<video autoplay muted playsinline></video>');
  await page.evaluate(async () => {
    const own = window as unknown as {
      signal(offer: string): Promise<string>;
      peer: RTCPeerConnection;
    };
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    const stream = new MediaStream();
    peer.ontrack = ({ track }) => stream.addTrack(track);
    const video = document.querySelector('video');
    if (video) video.srcObject = stream;
    peer.addTransceiver('video', { direction: 'recvonly' });
    await peer.setLocalDescription();
    const offer = (peer.localDescription?.sdp ?? '').replace(/^a=candidate:.*\r\n/gm, '');
    await peer.setRemoteDescription({ type: 'answer', sdp: await own.signal(offer) });
    own.peer = peer;
    await new Promise<void>((done) => video?.requestVideoFrameCallback(() => done()));
  });
}

type Seen = { freezes: number; frozenSeconds: number; frames: number };

function seenBy(page: Page): Promise<Seen> {
  return page.evaluate(async () => {
    const { peer } = window as unknown as { peer: RTCPeerConnection };
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== 'inbound-rtp' || report.kind !== 'video') continue;
      return {
        freezes: Number(report.freezeCount ?? 0),
        frozenSeconds: Number(report.totalFreezesDuration ?? 0),
        frames: Number(report.framesDecoded ?? 0),
      };
    }
    throw new Error('The browser has no figures of its picture');
  });
}

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
