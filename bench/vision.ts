// Figure `vision`: from the moment that a frame was made to its result. Each result is taken where
// a viewer's page gets it, by data channel, so the hops from vision to engine, relay and page are in
// it: an upper bound. The engine's own p95, which has only the first hop, stands beside it. Figure
// `told`: those hops alone.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import type { Page } from 'playwright-core';
import { type FrameFacts, FrameFactsSchema } from '../core/wire/gen/facts_pb.js';
import { PHONE } from '../tests/harness/browser.ts';
import { channelClockOf } from './channelClock.ts';
import { type BenchContext, type Measured, notMeasured, ROUNDS } from './figure.ts';
import { pause } from './floors.ts';
import { mapPageClock } from './pageClock.ts';

const WARM_UP_MS = 4_000;
const ROUND_MS = { short: 5_000, full: 60_000 };
const RESULTS_MAX = 4500;

type Heard = { atMs: number; text: string };
type PageWindow = Window & { benchHeard?: Heard[] };

export async function measureVision(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured('vision', 'no browser with H.264')];
  const { studio, owner } = await context.studio('demo:');
  const facts = studio.facts();
  const epochMs = channelClockOf(readFileSync(join(facts.data, 'clock.json'), 'utf8')) / 1000;
  await owner.until('vision to run', (state) => state.vision.state === 'running');
  // A small window: what a browser without GPU spends on painting is not what is asked here.
  const page = await browser.newPage({ viewport: PHONE });
  await page.addInitScript(hearInPage, RESULTS_MAX);
  await page.goto(facts.viewer ?? '');
  await page.locator('#root[data-state="live"]').waitFor({ state: 'attached' });
  await pause(WARM_UP_MS);
  const rounds: number[][] = [];
  const told: number[][] = [];
  const results: FrameFacts[] = [];
  const engine: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const clock = await mapPageClock(page);
    await takeHeard(page);
    await pause(context.isFull ? ROUND_MS.full : ROUND_MS.short);
    const heard = (await takeHeard(page)).map(({ atMs, text }) => {
      const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
      return { atMs: atMs + clock.offsetMs + epochMs, result: fromBinary(FrameFactsSchema, bytes) };
    });
    rounds.push(heard.map(({ atMs, result }) => atMs - Number(result.captureUs) / 1000));
    told.push(heard.map(({ atMs, result }) => atMs - Number(result.knownUs) / 1000));
    results.push(...heard.map(({ result }) => result));
    engine.push(owner.readings()?.visionMs?.toFixed(1) ?? '-');
  }
  await page.close();
  const { model, provider } = owner.state().vision;
  return [
    {
      figure: 'vision',
      rounds,
      remarks: [
        `${results.length} results of ${model || 'no model'} on ${provider || 'no provider'}, ` +
          'as heard in a phone-sized viewer page: an upper bound',
        `the engine's own p95 at the end of each round: ${engine.join(', ')} ms`,
      ],
      parts: partsOf(results),
    },
    {
      figure: 'told',
      rounds: told,
      remarks: ['by the same clock as `vision`; engine and relay are between'],
    },
  ];
}

function partsOf(results: readonly FrameFacts[]): { name: string; samples: number[] }[] {
  const stages = ['decodeUs', 'motionUs', 'inferUs', 'trackUs', 'eventUs', 'totalUs'] as const;
  const parts = stages.map((stage) => ({
    name: stage.replace('Us', ''),
    samples: results.flatMap(({ stages: times }) => (times ? [times[stage] / 1000] : [])),
  }));
  // Drawn, encoded, through the engine: frame made -> unit received by vision.
  const before = results.flatMap(({ stages: times, knownUs, captureUs }) =>
    times ? [(Number(knownUs - captureUs) - times.totalUs) / 1000] : [],
  );
  return [{ name: 'before', samples: before }, ...parts];
}

/** Runs in the page: notes when each message of a data channel came, beside the page's own use. */
export function hearInPage(resultsMax: number): void {
  const heard: Heard[] = [];
  (window as PageWindow).benchHeard = heard;
  const original = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function createAndHear(label, options) {
    const channel = original.call(this, label, options);
    channel.addEventListener('message', ({ data }) => {
      const atMs = performance.now();
      if (!(data instanceof ArrayBuffer) || heard.length >= resultsMax) return;
      heard.push({ atMs, text: String.fromCharCode(...new Uint8Array(data)) });
    });
    return channel;
  };
}

export function takeHeard(page: Page): Promise<Heard[]> {
  return page.evaluate(() => (window as PageWindow).benchHeard?.splice(0) ?? []);
}
