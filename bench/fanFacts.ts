// Figure `fanfacts`: facts to 1,000 WebSocket viewers of one relay node. Analytics go out 15 times a
// second, latest-wins; markets change five times a second. Each message carries the moment it was
// handed to the relay on the machine's monotonic clock, and the viewers, in a process of their own,
// read the same clock; every 50th is read and measured, the others only take their bytes.

import { fork } from 'node:child_process';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import {
  FrameFactsSchema,
  Market_State,
  MarketSchema,
  Show_State,
  ShowSchema,
} from '../core/wire/gen/facts_pb.js';
import {
  clock,
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from '../relay/testing/harness.ts';
import { type BenchContext, type Measured, ROUNDS } from './figure.ts';

const CROWD = 1_000;
const ROUND_MS = 5_000;
const ANALYTICS_MS = 1_000 / 15;
const MARKETS_MS = 200;

type FromCrowd = { joined: number } | { analytics: number[]; markets: number[] };

export async function measureFanFacts(context: BenchContext): Promise<Measured[]> {
  await context.quiet();
  const folder = temporaryFolder();
  const relay = await startTestRelay({ dataFolder: folder });
  const studio = new TestStudio(relay.url);
  await studio.ready();
  // Facts of frames come by this socket where the picture does not come from the relay.
  const moved = { mediaUrl: 'https://engine.example/whep', mediaMoved: true };
  const show = create(ShowSchema, { state: Show_State.LIVE, title: 'Crowd', ...moved });
  studio.deliver([], { case: 'show', value: show });
  const crowd = fork(join(import.meta.dirname, 'fanFactsCrowd.ts'), [
    ...[relay.url, studio.channelId, String(CROWD)],
  ]);
  const heard = (): Promise<FromCrowd> =>
    new Promise((resolve, reject) => {
      crowd.once('message', (message) => resolve(message as FromCrowd));
      crowd.once('exit', () => reject(new Error('The crowd ended')));
    });
  try {
    await heard();
    const analytics: number[][] = [];
    const markets: number[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const stop = [setInterval(() => sendAnalytics(studio), ANALYTICS_MS)];
      stop.push(setInterval(() => sendMarket(studio), MARKETS_MS));
      await new Promise((done) => setTimeout(done, ROUND_MS));
      for (const each of stop) clearInterval(each);
      const answer = heard();
      crowd.send('report');
      const taken = await answer;
      if ('joined' in taken) throw new Error('The crowd answered something else');
      analytics.push(taken.analytics);
      markets.push(taken.markets);
    }
    const remarks = [
      `${CROWD} viewers on one node, ${ROUND_MS / 1000} s a round, every 50th measured`,
    ];
    return [
      { figure: 'fanfacts', rounds: analytics, remarks },
      { figure: 'fannews', rounds: markets, remarks },
    ];
  } finally {
    crowd.kill();
    studio.close();
    await relay.close();
    removeFolder(folder);
  }
}

function sendAnalytics(studio: TestStudio): void {
  const box = { x: 0.25, y: 0.25, width: 0.1, height: 0.2 };
  const tracks = Array.from({ length: 12 }, (_, id) => ({ id, label: 'person', box }));
  const captureUs = BigInt(clock.nowUs());
  const value = create(FrameFactsSchema, { captureUs, tracks });
  studio.send({ case: 'analytics', value });
}

function sendMarket(studio: TestStudio): void {
  const outcomes = [{ label: 'Yes' }, { label: 'No' }];
  const opensAtUs = BigInt(clock.nowUs());
  const state = Market_State.OPEN;
  const value = create(MarketSchema, { id: 'm1', title: 'Goal?', state, outcomes, opensAtUs });
  studio.deliver([], { case: 'market', value });
}
