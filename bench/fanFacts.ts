// Figure `fanfacts`: facts to 1,000 WebSocket viewers of one relay node. Analytics go out 15 times a
// second, latest-wins; markets change five times a second; viewers chat four times a second, and what
// one says goes by relay and studio to all. Each message carries the moment it was handed over, on the
// machine's monotonic clock, and the viewers, in a process of their own, read the same clock; every
// 50th is read and measured, the others only take their bytes. The machine's own floors are taken
// right before each round, with the same thousand connected.

import { fork } from 'node:child_process';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import {
  ChatMessageSchema,
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
import { type Floors, takeFloors } from './floors.ts';

const CROWD = 1_000;
const ROUND_MS = 5_000;
const ANALYTICS_MS = 1_000 / 15;
const MARKETS_MS = 200;
const CHAT_REMARK = 'from the viewer who says it by relay and studio to all';
const FLOOR_SAMPLES = { short: 40, full: 200 };

type Taken = { analytics: number[]; markets: number[]; chats: number[] };
type FromCrowd = { joined: number } | Taken;

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
  sayAgain(studio);
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
    const chats: number[][] = [];
    const floors: Floors[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      floors.push(await takeFloors(FLOOR_SAMPLES[context.isFull ? 'full' : 'short']));
      crowd.send('begin');
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
      chats.push(taken.chats);
    }
    const remarks = [
      `${CROWD} viewers on one node, ${ROUND_MS / 1000} s a round, every 50th measured`,
    ];
    return [
      { figure: 'fanfacts', rounds: analytics, floors, remarks },
      { figure: 'fannews', rounds: markets, floors, remarks },
      { figure: 'fanchat', rounds: chats, floors, remarks: [...remarks, CHAT_REMARK] },
    ];
  } finally {
    crowd.kill();
    studio.close();
    await relay.close();
    removeFolder(folder);
  }
}

/** What a viewer says goes to everybody, as the studio's own chat does it, without its rules. */
function sayAgain(studio: TestStudio): void {
  let number = 0n;
  studio.onEvery(({ message }) => {
    if (message.case !== 'viewerMessage') return;
    const said = message.value.message?.message;
    if (said?.case !== 'chatSend') return;
    number++;
    const { text } = said.value;
    const value = create(ChatMessageSchema, { number, author: 'a'.repeat(16), name: 'A', text });
    studio.deliver([], { case: 'chat', value });
  });
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
