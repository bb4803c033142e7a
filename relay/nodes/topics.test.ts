// Proves that counted messages arrive whole, once and in order over a carrier that drops, doubles
// and delays them and is away for a while, and that what can no longer be told again is told to be
// lost. The carrier is in memory and loses by a printed seed; time is manual.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualTime } from '../../core/base/clock.ts';
import { type Carrier, Topics } from './topics.ts';

type Line = { topic: string; bytes: Uint8Array };

/** Everybody's messages in one order, as Redis has it; `fate` says what becomes of each. */
class Wire {
  readonly #readers = new Map<string, Set<(bytes: Uint8Array) => void>>();
  #waiting: Line[] = [];
  fate: () => 'kept' | 'dropped' | 'doubled' = () => 'kept';
  isAway = false;

  carrier(): Carrier {
    const own = new Map<string, (bytes: Uint8Array) => void>();
    return {
      publish: (topic, bytes) => {
        if (this.isAway) return false;
        const fate = this.fate();
        if (fate !== 'dropped') this.#waiting.push({ topic, bytes });
        if (fate === 'doubled') this.#waiting.push({ topic, bytes });
        return true;
      },
      follow: async (topic, run) => {
        own.set(topic, run);
        this.#readers.set(topic, (this.#readers.get(topic) ?? new Set()).add(run));
      },
      unfollow: (topic) => {
        const run = own.get(topic);
        if (run) this.#readers.get(topic)?.delete(run);
      },
    };
  }

  flow(): void {
    for (let line = this.#waiting.shift(); line; line = this.#waiting.shift()) {
      for (const run of this.#readers.get(line.topic) ?? []) run(line.bytes);
    }
  }
}

const ownTopic = (writer: string) => `n:${writer}`;

function node(wire: Wire, time: ManualTime, name: string) {
  const topics = new Topics({ carrier: wire.carrier(), timers: time, writer: name, ownTopic });
  const heard: string[] = [];
  let lost = 0;
  const reader = (isFromStart: boolean) => ({
    onMessage: (payload: Uint8Array, writer: string) =>
      void heard.push(`${writer} ${Buffer.from(payload)}`),
    onLost: () => void lost++,
    isFromStart,
  });
  void topics.follow(ownTopic(name), reader(true));
  return { topics, heard, reader, lost: () => lost };
}

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));

test('whole, once and in order through losses, doubles and times without a carrier', (context) => {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  context.diagnostic(`seed ${seed}`);
  const step = fc.record({
    writer: fc.nat(1),
    messages: fc.integer({ min: 0, max: 30 }),
    fates: fc.array(fc.constantFrom('kept', 'kept', 'dropped', 'doubled'), { minLength: 1 }),
    isAway: fc.boolean(),
  });
  let dropped = 0;
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
    const wire = new Wire();
    const time = new ManualTime();
    const reader = node(wire, time, 'reader');
    const writers = [node(wire, time, 'one'), node(wire, time, 'two')];
    const written: string[][] = [[], []];
    for (const { writer, messages, fates, isAway } of steps) {
      let at = 0;
      wire.fate = () => {
        const fate = fates[at++ % fates.length] ?? 'kept';
        if (fate === 'dropped') dropped++;
        return fate as 'kept' | 'dropped' | 'doubled';
      };
      wire.isAway = isAway;
      for (let i = 0; i < messages; i++) {
        const text = `${written[writer]?.length}`;
        written[writer]?.push(text);
        writers[writer]?.topics.write(ownTopic('reader'), bytesOf(text));
        wire.flow();
      }
      time.advance(100);
      wire.flow();
    }
    wire.isAway = false;
    wire.fate = () => 'kept';
    for (const each of [reader, ...writers]) each.topics.carrierIsBack();
    for (let i = 0; i < 50; i++) {
      wire.flow();
      time.advance(100);
    }
    for (const [index, name] of ['one', 'two'].entries()) {
      const heard = reader.heard.filter((text) => text.startsWith(`${name} `));
      assert.deepEqual(
        heard,
        written[index]?.map((text) => `${name} ${text}`),
      );
    }
    assert.equal(reader.lost(), 0);
  });
  fc.assert(property, { seed, numRuns: 300 });
  assert.ok(dropped > 100, 'the wire lost messages');
});

test('what is no longer kept is told to be lost, and what follows is heard', () => {
  const wire = new Wire();
  const time = new ManualTime();
  const reader = node(wire, time, 'reader');
  const writer = node(wire, time, 'writer');
  writer.topics.write(ownTopic('reader'), bytesOf('first'));
  wire.flow();
  wire.isAway = true;
  for (let i = 0; i < 3_000; i++) writer.topics.write(ownTopic('reader'), bytesOf(`${i}`));
  wire.isAway = false;
  writer.topics.carrierIsBack();
  wire.flow();
  assert.equal(reader.lost(), 1);
  writer.topics.write(ownTopic('reader'), bytesOf('after'));
  wire.flow();
  assert.deepEqual(reader.heard, ['writer first', 'writer after']);
  const { askedAgain } = reader.topics.counters;
  time.advance(5_000);
  assert.equal(reader.topics.counters.askedAgain, askedAgain, 'nothing is asked for any more');
});

test('a topic that was forgotten begins above its old numbers', () => {
  const wire = new Wire();
  const time = new ManualTime();
  const reader = node(wire, time, 'reader');
  const writer = node(wire, time, 'writer');
  void reader.topics.follow('c:x', reader.reader(false));
  for (const text of ['a', 'b', 'c']) writer.topics.write('c:x', bytesOf(text));
  writer.topics.forget('c:x');
  wire.flow();
  writer.topics.write('c:x', bytesOf('d'));
  wire.flow();
  assert.deepEqual(reader.heard.at(-1), 'writer d');
  assert.equal(reader.heard.length, 4);
});

test('latest-wins words are heard without a number, and nonsense is counted', () => {
  const wire = new Wire();
  const time = new ManualTime();
  const reader = node(wire, time, 'reader');
  const writer = node(wire, time, 'writer');
  writer.topics.say(ownTopic('reader'), bytesOf('now'));
  wire.carrier().publish(ownTopic('reader'), new Uint8Array([0xff, 0xff, 0xff]));
  wire.flow();
  assert.deepEqual(reader.heard, ['writer now']);
  assert.equal(reader.topics.counters.malformed, 1);
});
