// Proves the line of a show with real parts only: a studio started as a person starts it, a real
// relay, a real Chromium. The picture plays with sound, a bet placed by clicking is settled from the
// pixels and paid, and page, ledger and relay agree.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { browserSkip, launchBrowser, openViewer, type Viewer } from './harness/browser.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import { type RunningStudio, startStudio, waitFor, witnessOf } from './harness/studio.ts';

let studio: RunningStudio;
let owner: Owner;
let browser: Browser;
let viewer: Viewer;

before(async () => {
  studio = await startStudio({ args: ['--seed', '3'] });
  owner = await enterStudio(studio.facts().studio ?? '');
  if (!browserSkip) browser = await launchBrowser();
});
after(async () => {
  owner?.close();
  await browser?.close();
  await studio?.stop();
});

test('a viewer sees the match and hears it', { skip: browserSkip }, async () => {
  viewer = await openViewer(browser, studio.facts().viewer ?? '');
  await viewer.untilState('live');
  await viewer.untilFigure('frames', (frames) => frames > 30);
  const size = await viewer.page.evaluate(() => {
    const video = document.querySelector('video');
    return [video?.videoWidth, video?.videoHeight];
  });
  assert.deepEqual(size, [1280, 720]);
  await viewer.page.getByTestId('sound').click();
  const loudness = await waitFor('sound', () => loudestSample(viewer));
  assert.ok(loudness > 0.001, `the loudest sample was ${loudness}`);
});

/** The loudest sample of half a second, heard by WebAudio from the element's own stream. */
async function loudestSample(of: Viewer): Promise<number | false> {
  const loudest = await of.page.evaluate(async () => {
    const stream = document.querySelector('video')?.srcObject;
    if (!(stream instanceof MediaStream) || stream.getAudioTracks().length === 0) return 0;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let peak = 0;
    for (let i = 0; i < 10; i++) {
      await new Promise((done) => setTimeout(done, 50));
      analyser.getFloatTimeDomainData(samples);
      peak = Math.max(peak, ...samples.map(Math.abs));
    }
    await context.close();
    return peak;
  });
  return loudest > 0 && loudest;
}

test('a bet placed by clicking is settled from the pixels and paid', {
  skip: browserSkip,
}, async () => {
  await owner.until('betting to be possible', (state) => state.show.bettingSuspended === '');
  const before = await viewer.untilFigure('balance', (points) => points > 0);
  const market = await owner.client.studio.markets.open({
    templateId: 'goal-15',
    marketId: crypto.randomUUID().replaceAll('-', ''),
  });
  await viewer.openMarket();
  await viewer.bet(0, '50');
  assert.equal(await viewer.untilFigure('balance', (points) => points !== before), before - 50);
  const ended = await owner.until('the market to end', (state) =>
    state.markets.find(
      (one) => one.id === market.id && (one.state === 'RESOLVED' || one.state === 'VOID'),
    ),
  );
  assert.equal(ended.state, 'RESOLVED', ended.reason);
  // Alone in the pool: whatever happened, parimutuel gives the stake back.
  assert.equal(await viewer.untilFigure('balance', (points) => points === before), before);
});

test('page, ledger and relay agree', { skip: browserSkip }, async () => {
  const ledger = await owner.until(
    'every row to be copied',
    (state) => state.ledger.notCopied === 0 && state.ledger,
  );
  const witness = await witnessOf(studio.facts());
  assert.equal(witness.seq, ledger.seq);
  assert.equal(witness.hash, ledger.hash);
  const bet = viewer.page.locator('[data-bet][data-hash]').first();
  assert.match((await bet.getAttribute('data-hash')) ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(viewer.complaints, []);
});

test('a clean stop returns 0 and removes the ready file', async () => {
  owner.close();
  await browser?.close();
  const { pid, processes } = studio.facts();
  assert.equal(await studio.stop({ keepFolder: true }), 0);
  assert.throws(() => studio.facts(), /ENOENT/);
  for (const id of [pid, ...Object.values(processes)]) {
    assert.throws(() => process.kill(id ?? 0, 0), /ESRCH/, `process ${id} is gone`);
  }
});
