// Proves that a report says what the ledger and the state say: a show with real bets in a real
// ledger is collected, its engine ends without a word and the next one goes on with it, and after
// the end (and after a correction made later) every number is the books' own. Time is moved by hand.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ManualTime, type Timers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { SAMPLE_SECONDS } from '../../core/report/showRecord.ts';
import { sampleState } from '../../tests/studio/sampleStudio.ts';
import type { LedgerClient } from '../ledger/client.ts';
import {
  act,
  hexId,
  hexKey,
  newFolder,
  rulesAt,
  startLedger,
  type TestLedger,
} from '../ledger/testLedger.ts';
import { createStudioStateStore } from '../serve/state.ts';
import { openShowReports } from './showReports.ts';

const SECOND_US = 1_000_000;
const folder = newFolder();
let own: TestLedger;
const time = new ManualTime(5_000 * SECOND_US);
const by = {} as never;
let viewers = 0;

before(async () => {
  own = await startLedger(folder.path);
});
after(() => {
  own.close();
  folder.remove();
});

/** An engine's rooms around the one ledger; each has its own store. */
async function openEngine(state: ReturnType<typeof sampleState>, ledger: LedgerClient) {
  const store = createStudioStateStore(state);
  let isKilled = false;
  const timers: Timers = {
    ...{ after: (ms, run) => time.after(ms, () => isKilled || run()) },
    every: (ms, run) => time.every(ms, () => isKilled || run()),
  };
  const reports = await openShowReports({
    configuration: { dataFolder: folder.path },
    around: { clock: time, timers, logger: silentLogger, wallMs: () => 1_700_000_000_000 },
    ...{ store, ledger, socket: { roundTripUs: 9_000 } },
    audience: {
      readings: () => ({ viewers, viewerDelayMs: 40, betMs: 4 }),
      delaysMs: () => Array.from({ length: viewers }, () => 40),
    },
    publisher: { stats: () => ({ kilobitsPerSecond: 2_500, framesDropped: 3 }) as never },
    capture: { counters: () => ({ units: 0, framesDropped: 0 }) },
  });
  const kill = () => {
    isKilled = true;
  };
  return { store, reports, kill };
}

/** Opens a market with three bets, the last one too late, and decides it by the picture. */
async function playMarket(ledger: LedgerClient, marketId: string): Promise<void> {
  const opensAtUs = time.nowUs();
  const rules = rulesAt(opensAtUs);
  await ledger.openMarket({ ...act(marketId, `open-${marketId}`, opensAtUs), rules, reason: '' });
  for (const [index, seconds] of [1, 2, 9].entries()) {
    const subject = hexId(index + 1);
    const publicKey = hexKey(index + 1);
    await ledger.bindSubject({ subject, publicKey, isStaff: false, atUs: opensAtUs });
    const betId = hexId(Number.parseInt(marketId.slice(1), 10) * 100 + index);
    const arrivedUs = opensAtUs + seconds * SECOND_US;
    const bet = { betId, subject, marketId, outcome: index % 2, amountMinor: 50, arrivedUs };
    await ledger.placeBet(bet);
  }
  const captureUs = opensAtUs + 9 * SECOND_US;
  const evidence = { id: 'e1', type: 'goal', captureUs, detectedUs: captureUs } as const;
  await ledger.resolveMarket({
    ...act(marketId, `resolve-${marketId}`, captureUs, 'vision'),
    ...{ outcome: 0, reason: 'goal', evidence: { ...evidence, confidencePermille: 990 } },
  });
}

test('a show over two engines: its report is what the ledger and the state say', async () => {
  const { client: ledger } = own;
  const started = sampleState();
  const first = await openEngine(started, ledger);
  assert.deepEqual(await first.reports.handlers.list({}, by), []);
  const sinceUs = time.nowUs();
  const show = { ...started.show, state: 'live', liveSinceUs: sinceUs } as const;
  first.store.apply({ type: 'show.changed', show });
  viewers = 7;
  time.advance(20_000);
  await playMarket(ledger, 'm1');
  const [market] = await ledger.markets(true, 1);
  assert.ok(market);
  first.store.apply({ type: 'market.changed', market });
  first.store.apply({ type: 'vision.changed', vision: { ...started.vision, state: 'restarting' } });
  time.advance(10_000);
  const [live] = await first.reports.handlers.list({}, by);
  assert.deepEqual([live?.state, live?.viewersPeak, live?.seconds], ['running', 7, 30]);

  // The engine ends without a word: the next one reads what it wrote last.
  first.kill();
  const second = await openEngine({ ...started, show }, ledger);
  viewers = 3;
  const stalled = 'The picture is stalled.';
  second.store.apply({ type: 'show.changed', show: { ...show, bettingSuspended: stalled } });
  time.advance(4_000);
  second.store.apply({ type: 'show.changed', show });
  const address = { id: 'n', severity: 'warn', text: 'The uplink is weak.' } as const;
  second.store.apply({ type: 'notice.raised', notice: address });
  time.advance(4_000);
  second.store.apply({ type: 'show.changed', show: { ...show, state: 'ready', liveSinceUs: 0 } });

  const id = String(sinceUs);
  const report = await second.reports.handlers.read({ id }, by);
  assert.deepEqual([report.state, report.seconds, report.viewersPeak], ['ended', 38, 7]);
  const samples = 38 / SAMPLE_SECONDS;
  assert.equal(report.samples.length, samples);
  assert.equal(report.viewersMean, Math.round((10 * (15 * 7 + 4 * 3)) / samples) / 10);
  // Delays are kept in steps of 5 of 100; this one's ends at 41.
  assert.deepEqual([report.delayP50Ms, report.kilobitsMean], [41, 2_500]);
  assert.deepEqual(report.health.restarts, { engine: 1, vision: 1, relay: 0, ledger: 0 });
  assert.deepEqual(report.health.suspensions, [{ reason: stalled, times: 1, seconds: 4 }]);
  assert.deepEqual(report.health.warnings, [
    { atS: 34, severity: 'warn', text: 'The uplink is weak.' },
  ]);
  const [line, ...more] = report.markets ?? [];
  assert.deepEqual(more, []);
  assert.deepEqual(
    [line?.stakedMinor, line?.paidMinor, line?.voidedBets, line?.by, line?.corrections],
    [100, market.paidMinor, 1, 'picture', 0],
  );
  assert.equal(market.paidMinor, 100);

  // A correction after the end, and another show: the books as they are, of this show alone.
  const correct = act('m1', 'correct', market.resolvedAtUs ?? 0);
  await ledger.correctMarket({ ...correct, outcome: 1, tCapUs: null, reason: 'It was no goal.' });
  time.advance(60_000);
  await playMarket(ledger, 'm2');
  const later = await second.reports.handlers.read({ id }, by);
  const [corrected] = await ledger.markets(true, 1, market.opensAtUs + 1);
  assert.deepEqual(
    later.markets?.map((one) => [one.id, one.outcome, one.paidMinor, one.corrections]),
    [['m1', market.outcomes[1]?.label, corrected?.paidMinor, 1]],
  );
  await second.reports.close();
});

test('nothing of it names anybody; a broken file is left alone; no ledger, no markets', async () => {
  const path = join(folder.path, 'reports');
  const [name = ''] = readdirSync(path);
  const kept = readFileSync(join(path, name), 'utf8');
  const { show } = sampleState();
  for (const secret of [show.channelId, show.viewerUrl, hexId(1), hexKey(1)]) {
    assert.ok(!kept.includes(secret), secret);
  }
  writeFileSync(join(path, 'show-7.json'), '{"version":1,');
  const away = new Proxy(own.client, {
    get: (of, key: keyof LedgerClient) =>
      key === 'markets' ? () => Promise.reject(new Error('away')) : of[key],
  });
  const { reports } = await openEngine(sampleState(), away);
  const lines = await reports.handlers.list({}, by);
  assert.deepEqual(
    lines.map(({ state, viewersPeak }) => [state, viewersPeak]),
    [['ended', 7]],
  );
  const report = await reports.handlers.read({ id: lines[0]?.id ?? '' }, by);
  assert.equal(report.markets, null);
  await assert.rejects(async () => reports.handlers.read({ id: '7' }, by), /is not kept/);
  assert.equal(readFileSync(join(path, 'show-7.json'), 'utf8'), '{"version":1,');
});
