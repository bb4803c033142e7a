// Proves that sources are switched live under two viewers: match, clip and match again
// on one connection each, one SSRC, times of one clock, no picture missing at the cut; that a source
// which never comes leaves the picture alone; that a clip which stands is read as stalled with its
// name, betting suspended, until it is back; the same for one that is paused by hand. Real studio,
// relay and Chromium.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { TEST_FFMPEG_PATH } from '../native/ffmpeg/testFfmpeg.ts';
import { browserSkip, launchBrowser, openViewer } from './harness/browser.ts';
import { enterStudio } from './harness/owner.ts';
import { wayOf, writeDown } from './harness/pictureWatch.ts';
import { startStudio } from './harness/studio.ts';

type Frame = { ticks: number; width: number };
type Watched = { frames: Frame[] };

let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), 'switching-'));
before(async () => {
  if (!browserSkip) browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const framesOf = (page: Page) => page.evaluate(() => (window as unknown as Watched).frames);

/** Processes that play the clip. */
function playersOf(clip: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`file:${clip}`);
      } catch {
        return false;
      }
    });
}

/** Distances of presented frames on the feed's clock. */
function stepsOf(frames: readonly Frame[]): { stepMs: number; isCut: boolean }[] {
  return frames.slice(1).map((frame, at) => ({
    stepMs: ((frame.ticks - (frames[at]?.ticks ?? 0)) | 0) / 90,
    isCut: frame.width !== frames[at]?.width,
  }));
}

test('sources change under two viewers who never connect anew', {
  skip: browserSkip,
}, async (t) => {
  const clip = join(folder, 'corner.mp4');
  const size = ['-f', 'lavfi', '-i', 'testsrc2=s=640x480:r=30:d=3', '-pix_fmt', 'yuv420p'];
  assert.equal(spawnSync(TEST_FFMPEG_PATH, ['-v', 'error', ...size, clip]).stderr.toString(), '');
  const studio = await startStudio({ args: ['--source', 'demo:'] });
  const owner = await enterStudio(studio.facts().studio ?? '');
  t.after(async () => {
    owner.close();
    assert.equal(await studio.stop(), 0);
  });
  const open = () => openViewer(browser, studio.facts().viewer ?? '', undefined, writeDown);
  const viewers = await Promise.all([open(), open()]);
  // Until WebRTC stands, a page may show the picture by another way.
  for (const { page } of viewers) {
    await page.waitForFunction(() => (window as unknown as Watched).frames.length > 30);
  }
  const ways = await Promise.all(viewers.map(({ page }) => wayOf(page)));
  for (const { ssrcs } of ways) assert.equal(ssrcs.length, 1);

  const { sources } = owner.client.studio;
  async function switchTo(url: string, width: number): Promise<void> {
    await sources.select({ url });
    await owner.until(
      `${url} on air`,
      ({ source }) => source.url === url && source.state === 'live',
    );
    for (const { page } of viewers) {
      const count = (await framesOf(page)).length;
      await page.waitForFunction(
        ([from, wanted]) =>
          (window as unknown as Watched).frames.slice(from).filter((one) => one.width === wanted)
            .length > 5,
        [count, width] as const,
      );
    }
  }
  // Nobody sends there: the picture stays, and what is tried is said.
  await sources.select({ url: 'udp://127.0.0.1:9' });
  const trying = await owner.until('the attempt', ({ source }) => source.next && source);
  assert.deepEqual([trying.url, trying.state], ['demo:', 'live']);
  await switchTo(`file:${clip}`, 640);
  for (const [index, { page }] of viewers.entries()) {
    assert.deepEqual(await wayOf(page), ways[index], 'the same connections, the same SSRC');
    const steps = stepsOf(await framesOf(page));
    const cuts = steps.filter(({ isCut }) => isCut).map(({ stepMs }) => stepMs);
    const rest = steps.filter(({ isCut }) => !isCut).map(({ stepMs }) => stepMs);
    console.log(`viewer ${index}: ${cuts.map((ms) => ms.toFixed(0)).join(', ')} ms at the cut`);
    assert.equal(cuts.length, 1);
    assert.ok(
      steps.every(({ stepMs }) => stepMs > 0),
      'times only rise',
    );
    // A machine that stutters without any cut may stutter at one.
    assert.ok(Math.max(...cuts) <= Math.max(150, ...rest), `${cuts}`);
  }

  const players = playersOf(clip);
  assert.ok(players.length > 0);
  for (const pid of players) process.kill(pid, 'SIGSTOP');
  for (const viewer of viewers) {
    await viewer.untilState('stalled');
    await viewer.page.getByText('corner.mp4 gives no picture right now').waitFor();
  }
  const standing = await owner.until('the slate', ({ source }) => source.isSlate && source);
  assert.equal(standing.state, 'stalled');
  await owner.until('no bets', ({ show }) => /stalled/.test(show.bettingSuspended));
  const folderOfShots = process.env.MORPHINE_SCREENSHOTS;
  if (folderOfShots) await viewers[0]?.page.screenshot({ path: join(folderOfShots, 'slate.png') });
  for (const pid of players) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // It was replaced meanwhile.
    }
  }
  for (const viewer of viewers) await viewer.untilState('live');
  await owner.until('bets again', ({ show }) => show.bettingSuspended === '');
  // Paused by hand: the last picture is held, which viewers read, and nobody bets.
  await sources.setPaused({ isPaused: true });
  for (const viewer of viewers) {
    await viewer.untilState('stalled');
    await viewer.page.getByText('⏸ corner.mp4').waitFor();
  }
  await owner.until('no bets', ({ show }) => /paused/.test(show.bettingSuspended));
  await sources.seek({ positionMs: 1_000 });
  await sources.setPaused({ isPaused: false });
  for (const viewer of viewers) await viewer.untilState('live');
  await owner.until('bets again', ({ show }) => show.bettingSuspended === '');
  await switchTo('demo:', 1280);
  for (const [index, { page, complaints }] of viewers.entries()) {
    assert.deepEqual(await wayOf(page), ways[index]);
    assert.ok(stepsOf(await framesOf(page)).every(({ stepMs }) => stepMs > 0));
    assert.deepEqual(complaints, []);
    await page.context().close();
  }
});
