// Looks at what a viewer's page presents: every connection it makes and every frame it shows are
// written down inside the page, before its own scripts run. The newest frames only: a page that is
// open for half an hour shows fifty thousand.

import type { Page } from 'playwright-core';

type Frame = { ticks: number; width: number; atMs: number };
type Watched = { peers: RTCPeerConnection[]; frames: Frame[]; shown: number };

/** Before the page's own scripts. */
export function writeDown(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const watched = window as unknown as Watched;
    watched.peers = [];
    watched.frames = [];
    watched.shown = 0;
    const Original = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
      constructor(...settings: ConstructorParameters<typeof RTCPeerConnection>) {
        super(...settings);
        watched.peers.push(this);
      }
    };
    const seen = new WeakSet<HTMLVideoElement>();
    setInterval(() => {
      for (const video of document.querySelectorAll('video')) {
        if (seen.has(video)) continue;
        seen.add(video);
        const next = () =>
          video.requestVideoFrameCallback((atMs, { rtpTimestamp, width }) => {
            if (rtpTimestamp !== undefined) {
              watched.frames.push({ ticks: rtpTimestamp, width, atMs });
              watched.shown++;
              if (watched.frames.length > 2_000) watched.frames.splice(0, 1_000);
            }
            next();
          });
        next();
      }
    }, 20);
  });
}

/** The newest frame that was shown. */
export function lastFrame(page: Page): Promise<Frame> {
  return page.evaluate(() => {
    const frame = (window as unknown as Watched).frames.at(-1);
    if (!frame) throw new Error('Nothing was shown yet');
    return frame;
  });
}

/** Connections made so far, and the SSRC of each one's picture. */
export function wayOf(page: Page): Promise<{ peers: number; ssrcs: unknown[] }> {
  return page.evaluate(async () => {
    const { peers } = window as unknown as Watched;
    const ssrcs: unknown[] = [];
    for (const peer of peers) {
      for (const report of (await peer.getStats()).values()) {
        if (report.type === 'inbound-rtp' && report.kind === 'video') ssrcs.push(report.ssrc);
      }
    }
    return { peers: peers.length, ssrcs };
  });
}

/**
 * Waits until `count` frames of a width came (0: any), forgets all, and says how the times went:
 * the steps at changes of size, and how often one went back.
 */
export async function framesFrom(
  page: Page,
  width: number,
  count: number,
): Promise<{ gapsMs: number[]; backwards: number }> {
  await page.waitForFunction(
    ([wanted, least]) => {
      const { frames } = window as unknown as Watched;
      const newest = frames.slice(-least);
      return newest.length >= least && newest.every((one) => wanted === 0 || one.width === wanted);
    },
    [width, count] as const,
  );
  return page.evaluate(() => {
    const watched = window as unknown as Watched;
    const { frames } = watched;
    const gapsMs: number[] = [];
    let backwards = 0;
    for (const [at, frame] of frames.entries()) {
      const before = frames[at - 1];
      if (!before) continue;
      const stepMs = ((frame.ticks - before.ticks) | 0) / 90;
      if (stepMs <= 0) backwards++;
      if (frame.width !== before.width) gapsMs.push(stepMs);
    }
    watched.frames = frames.slice(-1);
    return { gapsMs, backwards };
  });
}
