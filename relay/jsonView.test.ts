// Proves the view for outside tools over real HTTP: the four types with their fields, only with the
// channel's token, and after a drop exactly what was missed, by the last number.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { FrameFactsSchema, Market_State, MarketSchema } from '../core/wire/gen/facts_pb.js';
import type { Relay } from './relay.ts';
import {
  randomHex,
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from './testing/harness.ts';

type Heard = { id: string | null; type: string; payload: Record<string, unknown> };

const folder = temporaryFolder();
let relay: Relay;
let studio: TestStudio;
let viewUrl: string;

before(async () => {
  relay = await startTestRelay({ dataFolder: folder });
  studio = new TestStudio(relay.url);
  ({ viewUrl } = await studio.ready());
});
after(async () => {
  studio.close();
  await relay.close();
  removeFolder(folder);
});

/** A tool that reads server-sent events as they are written down (HTML, section 9.2). */
async function openTool(lastId?: string) {
  const leaving = new AbortController();
  const answer = await fetch(viewUrl, {
    signal: leaving.signal,
    headers: lastId === undefined ? {} : { 'Last-Event-ID': lastId },
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Heard> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end < 0) {
        const part = await reader?.read();
        if (!part || part.done) throw new Error('The view ended.');
        text += part.value;
        continue;
      }
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      const message = JSON.parse(data) as Omit<Heard, 'id'>;
      return { id: /^id: (.*)$/m.exec(block)?.[1] ?? null, ...message };
    }
  };
  return { next, leave: () => leaving.abort() };
}

function tell(id: string, state = Market_State.OPEN): void {
  const outcomes = [
    { label: 'yes', poolMinor: 30n, bettors: 2 },
    { label: 'no', poolMinor: 10n, bettors: 1 },
  ];
  const value = create(MarketSchema, { id, title: `Goal ${id}?`, state, outcomes, lockAtUs: 9n });
  studio.deliver([], { case: 'market', value });
}

function see(frame: number): void {
  studio.send({
    case: 'analytics',
    value: create(FrameFactsSchema, {
      captureUs: 1_000n,
      rtpTimestamp: 90,
      frameSequence: BigInt(frame),
      tracks: [
        {
          ...{ id: 3, label: 'person', confidence: 0.9, velocityX: 0.3, velocityY: 0.4 },
          box: { x: 0.1, y: 0.2, width: 0.05, height: 0.25 },
          keypoints: [{ x: 0.11, y: 0.21, confidence: 0.8 }],
          keypointsAgeUs: 33_000,
        },
      ],
    }),
  });
}

test('the four types, each as it is documented', async () => {
  const tool = await openTool();
  tell('m1');
  const { id, ...market } = await tool.next();
  assert.match(id ?? '', /^[0-9a-f]{12}-1$/);
  assert.deepEqual(market, {
    type: 'betting_opportunity',
    payload: {
      ...{ marketId: 'm1', title: 'Goal m1?', state: 'open' },
      outcomes: [
        { label: 'yes', bettors: 2, pool: 30 },
        { label: 'no', bettors: 1, pool: 10 },
      ],
      ...{ opensAtUs: 0, lockAtUs: 9, horizonAtUs: 0 },
    },
  });
  see(7);
  const frame = { captureUs: 1_000, rtpTimestamp: 90, frame: 7 };
  assert.deepEqual(await tool.next(), {
    ...{ id: null, type: 'detection' },
    payload: {
      ...frame,
      objects: [
        {
          ...{ id: 3, label: 'person', confidence: 0.9, predicted: false },
          box: { x: 0.1, y: 0.2, width: 0.05, height: 0.25 },
        },
      ],
    },
  });
  const joints = [{ name: 'nose', x: 0.11, y: 0.21, confidence: 0.8 }];
  assert.deepEqual(await tool.next(), {
    ...{ id: null, type: 'pose' },
    payload: { ...frame, people: [{ id: 3, ageUs: 33_000, joints }] },
  });
  assert.deepEqual(await tool.next(), {
    ...{ id: null, type: 'speed' },
    payload: { ...frame, objects: [{ id: 3, label: 'person', x: 0.3, y: 0.4, speed: 0.5 }] },
  });
  tool.leave();
});

test('after a drop a tool hears what it missed, each once; with a strange number all that stands', async () => {
  const tool = await openTool();
  tell('m2');
  let last = await tool.next();
  while (last.payload.marketId !== 'm2') last = await tool.next();
  tool.leave();
  tell('m3');
  tell('m2', Market_State.LOCKED);
  const again = await openTool(last.id ?? '');
  const heard = [await again.next(), await again.next()];
  assert.deepEqual(
    heard.map(({ payload }) => [payload.marketId, payload.state]),
    [
      ['m3', 'open'],
      ['m2', 'locked'],
    ],
  );
  tell('m4');
  assert.equal((await again.next()).payload.marketId, 'm4');
  again.leave();
  const stranger = await openTool(`${'0'.repeat(12)}-1`);
  const all = [];
  for (let i = 0; i < 4; i++) all.push((await stranger.next()).payload.marketId);
  assert.deepEqual(new Set(all), new Set(['m1', 'm2', 'm3', 'm4']));
  stranger.leave();
});

test('without the channel’s own token nothing is shown', async () => {
  const [address = ''] = viewUrl.split('?');
  const other = new TestStudio(relay.url);
  const { viewUrl: theirs } = await other.ready();
  const theirToken = theirs.split('token=')[1] ?? '';
  for (const query of ['', '?token=', `?token=${randomHex(32)}`, `?token=${theirToken}`]) {
    const answer = await fetch(`${address}${query}`);
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get('content-type') ?? '', /problem\+json/);
  }
  const token = viewUrl.split('token=')[1] ?? '';
  const leaving = new AbortController();
  const bearer = await fetch(address, {
    signal: leaving.signal,
    headers: { Authorization: `Bearer ${token}` },
  });
  assert.equal(bearer.status, 200);
  leaving.abort();
  assert.equal((await fetch(viewUrl, { method: 'POST' })).status, 405);
  assert.equal((await fetch(`${relay.url}/view/nothing`)).status, 404);
  other.close();
});

test('a channel has a bounded number of tools', async () => {
  const tools = [];
  let answer: Response;
  do {
    const leaving = new AbortController();
    answer = await fetch(viewUrl, { signal: leaving.signal });
    tools.push(leaving);
  } while (answer.status === 200 && tools.length < 100);
  assert.equal(answer.status, 503);
  assert.equal(tools.length, 33);
  for (const leaving of tools) leaving.abort();
});
