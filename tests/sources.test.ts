// Proves the line of a show with pictures that we did not make: a real clip as `file:`, and the
// browser's own (fake) camera through the capture page. Each plays in a real viewer, takes a bet
// by a click, is settled from the pixels, and leaves page, ledger and relay equal. An encoder by RTMP
// takes over from the demo under a viewer.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { TEST_FFMPEG_PATH } from '../native/ffmpeg/testFfmpeg.ts';
import { browserSkip, launchBrowser, openViewer, type Viewer } from './harness/browser.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import { type RunningStudio, root, startStudio, whenSteady, witnessOf } from './harness/studio.ts';

let browser: Browser;
before(async () => {
  if (!browserSkip) browser = await launchBrowser();
});
after(() => browser?.close());

const clip = join(root, '../shared/media/intel_one_by_one_person.mp4');
const clipSkip =
  browserSkip || (existsSync(clip) ? false : 'the real clip is not beside this checkout');

/** Opens markets until one of them took the bet: a full machine may lose the picture in between. */
async function betOnce(viewer: Viewer, owner: Owner): Promise<string> {
  for (let times = 0; ; times++) {
    const marketId = crypto.randomUUID().replaceAll('-', '');
    await whenSteady('the market', () =>
      owner.client.studio.markets.open({ templateId: 'line-20', marketId }),
    );
    await viewer.openMarket();
    const isTaken = await viewer.bet(1, '10').then(
      () => true,
      (cause: Error) => {
        const isClosed = owner.state().markets.some(({ id, state }) => {
          return id === marketId && state !== 'OPEN';
        });
        if (!isClosed || times >= 3) throw cause;
        return false;
      },
    );
    if (isTaken) return marketId;
  }
}

/** Watches, bets on a generic market, waits for its end, and compares the three books. */
async function playOneMarket(studio: RunningStudio, owner: Owner): Promise<string> {
  const viewer = await openViewer(browser, studio.facts().viewer ?? '');
  await viewer.untilState('live');
  await viewer.untilFigure('frames', (frames) => frames > 20);
  await owner.until('betting to be possible', (state) => state.show.bettingSuspended === '');
  const before = await viewer.untilFigure('balance', (points) => points > 0);
  const marketId = await betOnce(viewer, owner);
  const market = await owner.until('the end of the market', (state) =>
    state.markets.find((one) => one.id === marketId && /RESOLVED|VOID/.test(one.state)),
  );
  assert.equal(market.state, 'RESOLVED', market.reason);
  assert.equal(await viewer.untilFigure('balance', (points) => points === before), before);
  const ledger = await owner.until(
    'every row to be copied',
    (state) => state.ledger.notCopied === 0 && state.ledger,
  );
  const witness = await witnessOf(studio.facts());
  assert.deepEqual([witness.seq, witness.hash], [ledger.seq, ledger.hash]);
  assert.deepEqual(viewer.complaints, []);
  await viewer.page.context().close();
  return `${market.outcomes[market.winner ?? 0]?.label}: ${market.reason}`;
}

test('a real clip as file: is played, judged and settled', { skip: clipSkip }, async () => {
  const studio = await startStudio({ args: ['--source', `file:${clip}`] });
  const owner = await enterStudio(studio.facts().studio ?? '');
  try {
    console.log(await playOneMarket(studio, owner));
    const { source } = owner.state();
    assert.deepEqual([source.state, source.width > 0], ['live', true]);
  } finally {
    owner.close();
    assert.equal(await studio.stop(), 0);
  }
});

test('the browser’s camera through the capture page is played, judged and settled', {
  skip: browserSkip,
}, async () => {
  const studio = await startStudio({ args: ['--source', 'camera:'] });
  const owner = await enterStudio(studio.facts().studio ?? '');
  try {
    assert.match(owner.state().source.reason, /capture page/);
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const { origin } = new URL(studio.facts().studio ?? '');
    const [name = '', value = ''] = owner.cookie.split('=');
    await context.addCookies([{ name, value, url: origin }]);
    const capture = await context.newPage();
    await capture.goto(`${origin}/capture/`);
    await owner.until('the camera', (state) => state.source.state === 'live');
    // A reload of the studio's page must not end the show: the capture page is another one.
    const page = await context.newPage();
    await page.goto(origin);
    await page.reload();
    console.log(await playOneMarket(studio, owner));
    assert.equal(owner.state().source.state, 'live');
    await context.close();
  } finally {
    owner.close();
    assert.equal(await studio.stop(), 0);
  }
});

/** An encoder by RTMP takes over from what is on air, under a viewer who stays connected. */
async function playEncoder(studio: RunningStudio, owner: Owner): Promise<void> {
  const { rtmp } = studio.facts().ingest ?? { rtmp: { url: '', key: '' } };
  const viewer = await openViewer(browser, studio.facts().viewer ?? '');
  await viewer.untilState('live');
  await owner.client.studio.sources.select({ url: 'rtmp:' });
  const picture = '-re -f lavfi -i testsrc2=s=640x360:r=30 -pix_fmt yuv420p -c:v libx264';
  const encoder = `${picture} -preset ultrafast -tune zerolatency -g 30 -f flv`.split(' ');
  const child = spawn(TEST_FFMPEG_PATH, [...encoder, `${rtmp.url}/${rtmp.key}`], {
    stdio: 'ignore',
  });
  try {
    await owner.until(
      'the encoder on air',
      ({ source }) => source.url === 'rtmp:' && source.state === 'live',
    );
    const before = await viewer.figure('frames');
    await viewer.untilFigure('frames', (frames) => frames > before + 20);
    assert.deepEqual([owner.state().source.width, owner.state().source.reason], [640, '']);
  } finally {
    child.kill('SIGKILL');
  }
  assert.ok(!studio.output().includes(rtmp.key), 'the key stands in no line');
  // SRT is told whichever source is on air, or what it lacks.
  const { srt = '', srtReason = '' } = studio.facts().ingest ?? {};
  const address = /^srt:\/\/127\.0\.0\.1:\d+\?mode=caller&passphrase=([0-9a-f]{32})$/.exec(srt);
  assert.ok(address ?? /SRT needs a newer ffmpeg/.test(srtReason), `${srt} ${srtReason}`);
  assert.ok(!address || !studio.output().includes(address[1] ?? ''), 'nor the passphrase');
  await viewer.page.context().close();
}

test('an encoder by RTMP takes over on air, and its key stands in no line', {
  skip: browserSkip,
}, async () => {
  const studio = await startStudio();
  const owner = await enterStudio(studio.facts().studio ?? '');
  try {
    await playEncoder(studio, owner);
  } finally {
    owner.close();
    assert.equal(await studio.stop(), 0);
  }
});
