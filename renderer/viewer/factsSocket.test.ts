// Proves the page's line to the relay: it signs the challenge with a signature the relay accepts,
// keeps the clock by pings, returns with growing waits, and is not moved by bytes that are none of
// its words. A hand-moved clock and a recorded line stand in for time and network.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ManualTime } from '../../core/base/clock.ts';
import {
  BalanceSchema,
  ChallengeSchema,
  type FromViewer,
  FromViewerSchema,
  HistoryRequestSchema,
  PongSchema,
  RefusedSchema,
  type ToViewer,
  ToViewerSchema,
  WelcomeSchema,
} from '../../core/wire/gen/facts_pb.js';
import { isSigned, viewerSigningText } from '../../core/wire/signing.ts';
import { type DeviceKey, loadDeviceKey } from './deviceKey.ts';
import {
  type FactsLineEvents,
  FactsSocket,
  FRESH_LOSS_MS,
  PINGS_AT_START,
  PONG_PATIENCE_MS,
  type ViewerWord,
} from './factsSocket.ts';
import { memoryStore } from './textStore.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
console.log(`factsSocket seed ${seed}`);
const CHANNEL = 'c'.repeat(32);

function bench() {
  const time = new ManualTime();
  const lines: { events: FactsLineEvents; sent: FromViewer[]; isClosed: boolean }[] = [];
  const words: ViewerWord[] = [];
  const states: string[] = [];
  const pongs: { sentMs: number; mediaUs: number }[] = [];
  const device = loadDeviceKey(memoryStore(), (length) => new Uint8Array(length).fill(7));
  const socket = new FactsSocket({
    channel: CHANNEL,
    device,
    timers: time,
    monotonicMs: () => time.nowUs() / 1000,
    openLine(events) {
      const line = { events, sent: [] as FromViewer[], isClosed: false };
      lines.push(line);
      return {
        send: (bytes) => void line.sent.push(fromBinary(FromViewerSchema, bytes)),
        close() {
          line.isClosed = true;
        },
      };
    },
    onState: (state) => states.push(state.state),
    onWord: (word) => words.push(word),
    onPong: (pong) => pongs.push(pong),
  });
  const line = () => {
    const last = lines.at(-1);
    assert.ok(last);
    return last;
  };
  const say = (message: ToViewer['message']) =>
    line().events.onMessage(toBinary(ToViewerSchema, create(ToViewerSchema, { message })));
  const welcome = () =>
    say({
      case: 'welcome',
      value: create(WelcomeSchema, { subject: device.subject, role: 'viewer', version: 1 }),
    });
  return { time, lines, words, states, pongs, device, socket, line, say, welcome };
}

test('a challenge is answered with a signature that holds for this channel only', async () => {
  const { say, line, device } = bench();
  say({ case: 'challenge', value: create(ChallengeSchema, { nonce: 'n1' }) });
  await device.hello(CHANNEL, 'n1');
  await new Promise(setImmediate);
  const hello = line().sent[0]?.message;
  assert.equal(hello?.case, 'hello');
  assert.ok(hello?.case === 'hello');
  const { subject, signature, publicKey } = hello.value;
  assert.equal(publicKey, await publicKeyOf(device));
  assert.equal(isSigned(viewerSigningText(CHANNEL, subject, 'n1'), signature, publicKey), true);
  const other = 'd'.repeat(32);
  assert.equal(isSigned(viewerSigningText(other, subject, 'n1'), signature, publicKey), false);
});

const publicKeyOf = async (device: DeviceKey) => (await device.hello(CHANNEL, 'n')).publicKey;

test('the device stays who it is: key and subject are kept, broken ones are made anew', async () => {
  const store = memoryStore();
  let fill = 1;
  const random = (length: number) => new Uint8Array(length).fill(fill++);
  const first = loadDeviceKey(store, random);
  assert.deepEqual(loadDeviceKey(store, random).subject, first.subject);
  assert.equal(await publicKeyOf(loadDeviceKey(store, random)), await publicKeyOf(first));
  for (const key of store.keys()) store.write(key, '{"secret":"no"}');
  const second = loadDeviceKey(store, random);
  assert.notEqual(await publicKeyOf(second), await publicKeyOf(first));
});

test('nothing is sent before the welcome; eight pings at once after it, then one every 10 s', () => {
  const { socket, line, welcome, time, say, pongs } = bench();
  const report = {
    case: 'historyRequest',
    value: create(HistoryRequestSchema, { limit: 5 }),
  } as const;
  assert.equal(socket.send(report), false);
  welcome();
  assert.equal(socket.send(report), true);
  const pong = () =>
    say({
      case: 'pong',
      value: create(PongSchema, {
        sentMs: time.nowUs() / 1000 - 2,
        mediaUs: 5_000_000n,
        uncertaintyUs: 300,
      }),
    });
  time.advance(1000);
  const pings = () => line().sent.filter((sent) => sent.message.case === 'ping').length;
  assert.equal(pings(), PINGS_AT_START);
  pong();
  assert.equal(pongs[0]?.mediaUs, 5_000_000);
  time.advance(9000);
  assert.equal(pings(), PINGS_AT_START + 1);
});

test('a relay that stops answering pings is given up and asked anew', () => {
  const { lines, welcome, time } = bench();
  welcome();
  time.advance(PONG_PATIENCE_MS + 1);
  assert.equal(lines[0]?.isClosed, true);
  time.advance(250);
  assert.equal(lines.length, 2);
});

test('waits grow from 250 ms, stay short while the loss is fresh, reach 5 s, and start over', () => {
  const { lines, time, line, welcome } = bench();
  const waitsMs: number[] = [];
  for (let at = 0; at < 30; at++) {
    line().events.onClose();
    const before = time.nowUs();
    while (lines.length === at + 1) time.advance(1);
    waitsMs.push((time.nowUs() - before) / 1000);
  }
  assert.deepEqual(waitsMs.slice(0, 4), [250, 375, 563, 600]);
  const freshMs = waitsMs.filter((wait) => wait <= 600).reduce((sum, wait) => sum + wait, 0);
  assert.ok(freshMs >= FRESH_LOSS_MS && freshMs < FRESH_LOSS_MS + 1200);
  assert.equal(waitsMs.at(-1), 5000);
  welcome();
  line().events.onClose();
  time.advance(250);
  assert.equal(lines.length, 32);
});

test('a channel that is not known yet is asked for soon, another refusal late', () => {
  for (const { code, waitMs } of [
    { code: 'UNKNOWN_CHANNEL', waitMs: 250 },
    { code: 'VERSION', waitMs: 5000 },
  ]) {
    const { lines, time, line, say, states } = bench();
    say({ case: 'refused', value: create(RefusedSchema, { code, message: 'No.' }) });
    assert.equal(states.at(-1), 'refused');
    line().events.onClose();
    time.advance(waitMs - 1);
    assert.equal(lines.length, 1);
    time.advance(1);
    assert.equal(lines.length, 2);
  }
});

test('words of a lost line are not heard any more, and close is for good', () => {
  const { lines, words, time, socket, line } = bench();
  const old = line();
  old.events.onClose();
  time.advance(250);
  const bytes = toBinary(
    ToViewerSchema,
    create(ToViewerSchema, {
      message: { case: 'balance', value: create(BalanceSchema, { availableMinor: 1n }) },
    }),
  );
  old.events.onMessage(bytes);
  assert.equal(words.length, 0);
  line().events.onMessage(bytes);
  assert.equal(words.length, 1);
  socket.close();
  time.advance(60_000);
  assert.equal(lines.length, 2);
});

test('any bytes leave the line standing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const { line, socket, say, words } = bench();
      line().events.onMessage(bytes);
      const before = words.length;
      say({
        case: 'balance',
        value: create(BalanceSchema, { availableMinor: 3n, stakedMinor: 0n }),
      });
      assert.equal(words.length, before + 1);
      socket.close();
    }),
    { seed, numRuns: 400 },
  );
});
