// Proves the line of a show with real parts only: a studio started as a person starts it, a real
// relay, a real Chromium. The picture plays with sound, a bet placed by clicking is settled from the
// pixels and paid, and page, ledger and relay agree.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { inspectLedger, openLedgerFile } from '../native/ledger/inspect.ts';
import {
  browserSkip,
  launchBrowser,
  openStudioPage,
  openSuggestionByKey,
  openViewer,
  PHONE,
  SEED_WITH_GOALS,
  type Viewer,
} from './harness/browser.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import {
  type RunningStudio,
  startStudio,
  waitFor,
  whenSteady,
  witnessOf,
} from './harness/studio.ts';

let studio: RunningStudio;
let owner: Owner;
let browser: Browser;
let viewer: Viewer;

before(async () => {
  studio = await startStudio({ args: ['--seed', SEED_WITH_GOALS] });
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

test('kick-off is seen, one key opens the market, clicks bet, the goal is seen, the winner is paid', {
  skip: browserSkip,
}, async () => {
  const page = await openStudioPage(browser, studio.facts().studio ?? '', owner.cookie);
  const other = await openViewer(browser, studio.facts().viewer ?? '', PHONE);
  await other.untilState('live');
  await owner.until('betting to be possible', (state) => state.show.bettingSuspended === '');
  await openSuggestionByKey(page);
  await Promise.all([viewer.openMarket(), other.openMarket()]);
  await Promise.all([viewer.bet(0, '50'), other.bet(1, '10')]);
  const market = await owner.until('the market to end', (state) =>
    state.markets.find((one) => one.state === 'RESOLVED' || one.state === 'VOID'),
  );
  assert.equal(market.state, 'RESOLVED', market.reason);
  assert.equal(market.winner, 0, market.reason);
  const goal = owner.state().events.find((event) => event.captureUs === market.decidedCaptureUs);
  assert.equal(goal?.type, 'goal');
  assert.ok(market.opensAtUs <= market.decidedCaptureUs);
  assert.ok(market.decidedCaptureUs < market.horizonAtUs);
  // The whole pool of 60 goes to the one who said yes.
  // A slow machine's viewers have watched for a minute by now, which gave them 10 more.
  const won = await viewer.untilFigure('balance', (points) => points > 1000);
  assert.ok([1010, 1020].includes(won), `${won}`);
  assert.equal(await other.untilFigure('staked', (points) => points === 0), 0);
  const left = await other.figure('balance');
  assert.ok([990, 1000].includes(left), `${left}`);
  await other.page.context().close();
  await page.context().close();
});

test('the frame that decided it is kept, named by the journal and shown by the relay', {
  skip: browserSkip,
}, async () => {
  const market = owner.state().markets.find(({ state }) => state === 'RESOLVED');
  assert.ok(market);
  const { id: marketId, decidedCaptureUs } = market;
  const kept = await waitFor(
    'evidence',
    async () => (await owner.client.studio.evidence.show({ marketId })).evidence,
  );
  assert.equal(kept.said, 'event', 'no person said so');
  const earlyUs = decidedCaptureUs - kept.captureUs;
  assert.ok(earlyUs >= 0 && earlyUs < 34_000, `the frame of the goal, ${earlyUs} us before it`);
  assert.ok(kept.facts.length > 0, 'what vision knew then');
  const { data, relay, channel } = studio.facts();
  const look = () => {
    const file = openLedgerFile(data);
    const { evidence, findings } = inspectLedger(data, file);
    file.close();
    return { evidence, findings };
  };
  await waitFor('the row', () => look().evidence.checked === 1);
  assert.deepEqual(look().findings, []);
  const [name = ''] = readdirSync(join(data, 'evidence'));
  const sealed = readFileSync(join(data, 'evidence', name));
  assert.equal(createHash('sha256').update(sealed).digest('hex'), kept.hash);
  await waitFor('its picture at the relay', async () => {
    const answer = await fetch(`${relay}/still/${channel}/${marketId}.jpg`);
    return answer.headers.get('x-captured-us') === String(kept.captureUs);
  });
});

test('televisions get the show later, where the owner lets them', {
  skip: browserSkip,
}, async () => {
  const { relay, channel } = studio.facts();
  const list = `${relay}/hls/${channel}/index.m3u8`;
  assert.equal((await fetch(list)).status, 403);
  const { settings } = owner.state().recording;
  await owner.client.studio.recording.configure({ settings: { ...settings, television: true } });
  const index = await waitFor('the list', async () => {
    const answer = await fetch(list);
    return answer.ok && answer.text();
  });
  const codecs = /CODECS="(.*?)"/.exec(index)?.[1] ?? '';
  assert.match(codecs, /^avc1\.[0-9A-F]{6},opus$/);
  const folder = list.replace('index.m3u8', '');
  const live = await (await fetch(`${folder}live.m3u8`)).text();
  const part = /PART:.*URI="(part\d+\.m4s)"/.exec(live)?.[1];
  const bytes = Buffer.from(await (await fetch(folder + part)).arrayBuffer());
  assert.equal(bytes.toString('latin1', 4, 8), 'moof');
  await owner.client.studio.recording.configure({ settings });
  await waitFor('the end of it', async () => (await fetch(list)).status === 403);
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

test('the end of the show gives back what was not decided', { skip: browserSkip }, async () => {
  const before = await viewer.figure('balance');
  const marketId = crypto.randomUUID().replaceAll('-', '');
  // A busy machine may hold the picture back for a moment; then nobody opens a market.
  await owner.until('betting to be possible', (state) => state.show.bettingSuspended === '');
  await whenSteady('the market', () =>
    owner.client.studio.markets.open({ templateId: 'goal-30', marketId }),
  );
  await viewer.openMarket();
  await viewer.bet(1, '10');
  await owner.client.studio.show.end({});
  await viewer.untilState('ended');
  await viewer.untilFigure('staked', (points) => points === 0);
  assert.equal(await viewer.figure('balance'), before);
  const market = owner.state().markets.find((one) => one.id === marketId);
  assert.deepEqual(
    [market?.state, market?.reason],
    ['VOID', 'The show ended before this was decided.'],
  );
  assert.equal((await studio.until('ready', (facts) => facts.state === 'ready')).state, 'ready');
  await reportAgrees();
  // The relay knows the end once the uplink's own goodbye arrived.
  const whep = await waitFor('409', async () => {
    const answer = await fetch(studio.facts().whep ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: 'v=0\r\n',
    });
    return answer.status === 409 && answer;
  });
  assert.ok(whep.headers.get('retry-after'));
});

/** The report of the show that has just ended says what state, ledger and audit log say. */
async function reportAgrees(): Promise<void> {
  const { reports, moderation } = owner.client.studio;
  const lines = await reports.list({});
  assert.equal(lines.length, 1);
  const report = await reports.read({ id: lines[0]?.id ?? '' });
  const state = owner.state();
  assert.deepEqual([report.state, report.title], ['ended', state.show.title]);
  const own = state.markets.map((market) => ({
    ...{ id: market.id, title: market.title, state: market.state, paid: market.paidMinor },
    staked: market.outcomes.reduce((sum, { poolMinor }) => sum + poolMinor, 0),
    ...{ late: market.voidedBets, corrections: market.revision ?? 0 },
    outcome: market.winner === null ? '' : market.outcomes[market.winner]?.label,
  }));
  assert.deepEqual(
    report.markets?.map((market) => ({
      ...{ id: market.id, title: market.title, state: market.state, paid: market.paidMinor },
      staked: market.stakedMinor,
      ...{ late: market.voidedBets, corrections: market.corrections, outcome: market.outcome },
    })),
    own.reverse(),
  );
  const { entries } = await moderation.audit({ beforeSeq: null, limit: 100, words: 'market.res' });
  const byPicture = entries.filter(({ role }) => role === 'vision').map(({ target }) => target);
  const told = report.markets?.filter(({ by }) => by === 'picture').map(({ id }) => id);
  assert.deepEqual(told?.sort(), byPicture.sort());
  assert.ok(byPicture.length > 0, 'the goal was seen');
  const seen = report.events.filter(({ type }) => type === 'goal').length;
  // The state keeps the last hundred events only.
  assert.ok(seen >= state.events.filter(({ type }) => type === 'goal').length && seen > 0);
  assert.ok(report.viewersPeak >= 2, 'two viewers bet at once');
  assert.ok(report.samples.length > 0 && (report.delayP50Ms ?? 0) > 0);
  assert.equal(report.ledger.seq >= state.ledger.seq, true);
  const kept = readFileSync(join(studio.facts().data, 'reports', `show-${report.id}.json`), 'utf8');
  assert.ok(JSON.parse(kept).isEnded);
  assert.ok(!kept.includes(studio.facts().channel ?? 'of none'), 'no name of a channel, no link');
}

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
