// Proves the engine's side without a process: what is sent on a new link and in which order, that a
// slow vision costs the oldest units and then resumes at a key frame, that an event told twice is
// handed out once, and that bytes that are no message change nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import type { Unit } from '../../core/media/feed.ts';
import type { Link, LinkFrame } from '../link/link.ts';
import { createVisionClient } from './client.ts';
import {
  decodeUnit,
  encodeJson,
  encodeUnit,
  parseChecked,
  VISION_LINK,
  visionControlSchema,
} from './protocol.ts';

const unit = (index: number, keyFrame = index % 30 === 0): Unit => ({
  ...{ track: 'video', captureUs: 1_000_000 + index * 33_333, rtpTimestamp: index, keyFrame },
  ...{ config: 7, bytes: Uint8Array.of(0, 0, 0, 1, keyFrame ? 0x65 : 0x41, index & 255) },
});

/** A link that keeps what was sent and may be told that it is congested. */
function fakeLink() {
  const sent: { kind: number; payload: Buffer }[] = [];
  let onFrame: (frame: LinkFrame) => void = () => {};
  let onClose = () => {};
  const state = { isCongested: false, capacity: Number.POSITIVE_INFINITY };
  const link: Link = {
    send: (kind, payload) => sent.push({ kind, payload: Buffer.from(payload) }),
    onFrame: (run) => {
      onFrame = run;
    },
    onClose: (run) => {
      onClose = run;
    },
    isCongested: () => state.isCongested,
    close() {},
  };
  const units = () =>
    sent
      .filter((frame) => frame.kind === VISION_LINK.unit)
      .map((frame) => decodeUnit(frame.payload)?.rtpTimestamp);
  const controls = () =>
    sent
      .filter((frame) => frame.kind === VISION_LINK.control)
      .map((frame) => parseChecked(visionControlSchema, frame.payload));
  return {
    ...{ link, sent, state, units, controls },
    say: (kind: number, value: unknown) => onFrame({ kind, payload: encodeJson(value) }),
    lose: () => onClose(),
  };
}

function open(ringSeconds = 8) {
  const time = new ManualTime();
  const links: ReturnType<typeof fakeLink>[] = [];
  const client = createVisionClient({
    timers: time,
    logger: silentLogger,
    ringSeconds,
    connect: async () => {
      const made = fakeLink();
      links.push(made);
      return made.link;
    },
  });
  const settle = () => new Promise((done) => setImmediate(done));
  return { time, client, links, settle };
}

const endpoint = { port: 1, token: 'x'.repeat(32) };

test('a unit survives its bytes; garbage is none', () => {
  const original = unit(30);
  const back = decodeUnit(encodeUnit(original));
  assert.deepEqual(
    { ...back, bytes: [...(back?.bytes ?? [])] },
    { ...original, bytes: [...original.bytes] },
  );
  assert.equal(decodeUnit(Buffer.alloc(21)), null);
  assert.equal(decodeUnit(Buffer.alloc(40, 255)), null);
});

test('a new vision hears what is known and gets units from a key frame before it', async () => {
  const { client, links, settle } = open();
  client.configure({ pack: 'demo', model: null });
  for (let index = 0; index < 200; index++) client.push(unit(index));
  client.setEndpoint(endpoint);
  await settle();
  const first = links[0];
  assert.deepEqual(first?.controls(), [
    { type: 'resume', judgedUntilUs: 0, factsUntilUs: 0 },
    { type: 'configure', pack: 'demo', model: null },
  ]);
  assert.equal(first?.units()[0], 0);
  assert.equal(first?.units().length, 200);
  const judgedUs = unit(170).captureUs;
  first?.say(VISION_LINK.judged, { untilUs: judgedUs, blindUntilUs: 0, lostUntilUs: 0 });
  client.setEndpoint(null);
  assert.equal(client.isConnected(), false);
  client.push(unit(200));
  client.setEndpoint({ ...endpoint, port: 2 });
  await settle();
  const second = links[1];
  assert.equal(second?.controls()[0]?.type, 'resume');
  assert.deepEqual(second?.controls()[0], {
    type: 'resume',
    judgedUntilUs: judgedUs,
    factsUntilUs: 0,
  });
  // 2.5 s before picture 170 is picture 95; the key frame at or before it is 90.
  assert.equal(second?.units()[0], 90);
  assert.equal(second?.units().at(-1), 200);
  assert.equal(client.unitsDropped(), 0);
  client.close();
});

test('a link that breaks is made again', async () => {
  const { client, links, settle, time } = open();
  client.setEndpoint(endpoint);
  await settle();
  links[0]?.lose();
  assert.equal(client.isConnected(), false);
  time.advance(200);
  await settle();
  assert.equal(links.length, 2);
  assert.equal(client.isConnected(), true);
  client.close();
});

test('a slow vision loses the oldest units, counted, and goes on at a key frame', async () => {
  const { client, links, settle, time } = open(2);
  client.setEndpoint(endpoint);
  await settle();
  const link = links[0];
  assert.ok(link);
  for (let index = 0; index < 10; index++) client.push(unit(index));
  link.state.isCongested = true;
  for (let index = 10; index < 200; index++) client.push(unit(index));
  assert.equal(link.units().length, 10);
  link.state.isCongested = false;
  time.advance(10);
  // Two seconds are kept: pictures 140 to 199, and the first key frame of them is 150.
  assert.deepEqual(link.units().slice(0, 12), [...Array(10).keys(), 150, 151]);
  assert.equal(link.units().at(-1), 199);
  assert.equal(client.unitsDropped(), 140);
  client.close();
});

test('a reset stays where it was between the units', async () => {
  const { client, links, settle } = open();
  client.push(unit(0));
  client.streamReset();
  client.push(unit(30));
  client.setEndpoint(endpoint);
  await settle();
  const kinds = links[0]?.sent.slice(1).map((frame) => frame.kind);
  assert.deepEqual(kinds, [VISION_LINK.unit, VISION_LINK.control, VISION_LINK.unit]);
  client.close();
});

test('an event told twice is handed out once; nonsense is ignored', async () => {
  const { client, links, settle } = open();
  const events: GameEvent[] = [];
  const judged: number[][] = [];
  client.onEvent((event) => events.push(event));
  client.onJudged((...until) => judged.push(until));
  client.setEndpoint(endpoint);
  await settle();
  const link = links[0];
  const goal: GameEvent = {
    ...{ id: 'goal-1', type: 'goal', captureUs: 5_000_000, rtpTimestamp: 1, detectedUs: 5_100_000 },
    ...{ confidence: 0.9, why: 'seen', subject: 'left', trackIds: [1] },
  };
  link?.say(VISION_LINK.event, goal);
  // A replay judged it one picture later.
  link?.say(VISION_LINK.event, { ...goal, id: 'goal-2', captureUs: 5_033_333 });
  link?.say(VISION_LINK.event, { ...goal, id: 'goal-3', subject: 'right' });
  link?.say(VISION_LINK.event, { ...goal, confidence: 7 });
  link?.say(VISION_LINK.judged, { untilUs: 6_000_000, blindUntilUs: 5, lostUntilUs: 4 });
  link?.say(VISION_LINK.judged, { untilUs: 5_000_000, blindUntilUs: 5, lostUntilUs: 4 });
  link?.say(VISION_LINK.judged, 'all');
  link?.say(VISION_LINK.facts, { not: 'facts' });
  link?.say(99, {});
  assert.deepEqual(
    events.map((event) => event.id),
    ['goal-1', 'goal-3'],
  );
  assert.deepEqual(judged, [[6_000_000, 5, 4]]);
  client.close();
});

test('what the show was like is told to a vision that is there, and waits for none', async () => {
  const { client, links, settle } = open();
  const signal = { channel: 'bets', atUs: 5, value: 3 } as const;
  client.signal(signal);
  client.setEndpoint(endpoint);
  await settle();
  client.signal(signal);
  const told = links[0]?.controls().filter((control) => control?.type === 'signal');
  assert.deepEqual(told, [{ type: 'signal', ...signal }]);
  for (const value of [Number.NaN, 'many']) {
    assert.equal(
      visionControlSchema.safeParse({ type: 'signal', ...signal, value }).success,
      false,
    );
  }
  client.close();
});
