// Counted messages over a carrier that may lose some: each writer counts what it says in a topic
// and keeps the last of it; a reader that misses a number asks for it again. What can no longer be
// told again is told to be lost, never skipped in silence. It must never wait: a carrier that is
// away loses the message, and the numbers show it later.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import { type NodeFrame, NodeFrameSchema } from '../../core/wire/gen/nodes_pb.js';

/** Messages and bytes of one topic that can be told again: a second of a very busy show. */
const KEPT_MAX = 1_024;
const KEPT_BYTES_MAX = 1024 * 1024;
/** A question for lost messages is repeated this often until they come, ms. */
const ASK_AGAIN_MS = 250;

/** What carries frames: Redis, or a test's. */
export type Carrier = {
  publish(topic: string, bytes: Uint8Array): boolean;
  /** Resolves when messages arrive. */
  follow(topic: string, run: (bytes: Uint8Array) => void): Promise<void>;
  unfollow(topic: string): void;
};

export type TopicReader = {
  onMessage(payload: Uint8Array, writer: string): void;
  /** Messages of this writer are gone: whatever rests on them must be told anew. */
  onLost(writer: string): void;
  /** Every message of a writer counts, not only those after the first that is heard. */
  isFromStart: boolean;
};

type Written = { number: number; bytes: Uint8Array };
type Writing = { origin: number; number: number; kept: Written[]; keptBytes: number };
type Reading = { next: number; cancelAsking: CancelTimer | null };
type Followed = { reader: TopicReader; writers: Map<string, Reading> };

export class Topics {
  readonly counters = { toldAgain: 0, askedAgain: 0, lost: 0, malformed: 0 };
  readonly #carrier: Carrier;
  readonly #timers: Timers;
  readonly #writer: string;
  readonly #ownTopic: (writer: string) => string;
  readonly #writings = new Map<string, Writing>();
  readonly #followed = new Map<string, Followed>();
  /** Above every number of a forgotten topic: no reader takes a new message for an old one. */
  #floor = 0;

  /** @param ownTopic the topic that a writer reads: questions for lost messages go there */
  constructor(options: {
    carrier: Carrier;
    timers: Timers;
    writer: string;
    ownTopic(writer: string): string;
  }) {
    this.#carrier = options.carrier;
    this.#timers = options.timers;
    this.#writer = options.writer;
    this.#ownTopic = options.ownTopic;
  }

  /** Says something that is told again when it is lost. False: not now, but perhaps later. */
  write(topic: string, payload: Uint8Array): boolean {
    const writing = this.#writings.get(topic) ?? this.#begin(topic);
    writing.number++;
    const { number, origin } = writing;
    const bytes = this.#frame({ number, origin, message: { case: 'payload', value: payload } });
    writing.kept.push({ number, bytes });
    writing.keptBytes += bytes.length;
    while (writing.kept.length > KEPT_MAX || writing.keptBytes > KEPT_BYTES_MAX) {
      writing.keptBytes -= writing.kept.shift()?.bytes.length ?? 0;
    }
    return this.#carrier.publish(topic, bytes);
  }

  /** Says something once: latest wins. */
  say(topic: string, payload: Uint8Array): boolean {
    const message = { case: 'payload', value: payload } as const;
    return this.#carrier.publish(topic, this.#frame({ number: 0, origin: 0, message }));
  }

  /** Nobody reads this topic any more. */
  forget(topic: string): void {
    const writing = this.#writings.get(topic);
    if (!writing) return;
    this.#floor = Math.max(this.#floor, writing.number);
    this.#writings.delete(topic);
  }

  /** Resolves when messages arrive. */
  follow(topic: string, reader: TopicReader): Promise<void> {
    this.#followed.set(topic, { reader, writers: new Map() });
    return this.#carrier.follow(topic, (bytes) => this.#receive(topic, bytes));
  }

  unfollow(topic: string): void {
    const followed = this.#followed.get(topic);
    if (!followed) return;
    for (const reading of followed.writers.values()) reading.cancelAsking?.();
    this.#followed.delete(topic);
    this.#carrier.unfollow(topic);
  }

  /** A writer is gone for good. */
  writerEnded(writer: string): void {
    for (const { writers } of this.#followed.values()) {
      writers.get(writer)?.cancelAsking?.();
      writers.delete(writer);
    }
    this.forget(this.#ownTopic(writer));
  }

  /** The carrier is back: says how far everything went, and asks for what may have been missed. */
  carrierIsBack(): void {
    for (const [topic, writing] of this.#writings) this.#sayTail(topic, writing);
    for (const [topic, { writers }] of this.#followed) {
      for (const [writer, reading] of writers) this.#ask(topic, writer, reading);
    }
  }

  close(): void {
    for (const topic of [...this.#followed.keys()]) this.unfollow(topic);
  }

  #begin(topic: string): Writing {
    const writing = { origin: this.#floor, number: this.#floor, kept: [], keptBytes: 0 };
    this.#writings.set(topic, writing);
    return writing;
  }

  #frame(frame: { number: number; origin: number; message: NodeFrame['message'] }): Uint8Array {
    const { message } = frame;
    const numbers = { number: BigInt(frame.number), origin: BigInt(frame.origin) };
    return toBinary(
      NodeFrameSchema,
      create(NodeFrameSchema, { writer: this.#writer, ...numbers, message }),
    );
  }

  #receive(topic: string, bytes: Uint8Array): void {
    const followed = this.#followed.get(topic);
    if (!followed) return;
    let frame: NodeFrame;
    try {
      frame = fromBinary(NodeFrameSchema, bytes);
    } catch {
      this.counters.malformed++;
      return;
    }
    if (frame.writer === this.#writer) return;
    const { message } = frame;
    if (message.case === 'again') {
      this.#tellAgain(message.value.topic, Number(message.value.fromNumber));
      return;
    }
    if (message.case === 'payload' && frame.number === 0n) {
      followed.reader.onMessage(message.value, frame.writer);
      return;
    }
    this.#count(topic, followed, frame);
  }

  #count(topic: string, { reader, writers }: Followed, frame: NodeFrame): void {
    const { writer, message } = frame;
    const number = Number(frame.number);
    let reading = writers.get(writer);
    if (!reading) {
      const isTail = message.case === 'tailOldest';
      const first = reader.isFromStart ? Number(frame.origin) + 1 : number + (isTail ? 1 : 0);
      reading = { next: first, cancelAsking: null };
      writers.set(writer, reading);
    }
    if (message.case === 'tailOldest') {
      if (Number(message.value) > reading.next) {
        this.counters.lost++;
        this.#arrived(reading, number + 1);
        reader.onLost(writer);
      } else if (number < reading.next) this.#arrived(reading, reading.next);
      else if (!reading.cancelAsking) this.#ask(topic, writer, reading);
      return;
    }
    if (number < reading.next || message.case !== 'payload') return;
    if (number > reading.next) {
      if (!reading.cancelAsking) this.#ask(topic, writer, reading);
      return;
    }
    this.#arrived(reading, number + 1);
    reader.onMessage(message.value, writer);
  }

  #arrived(reading: Reading, next: number): void {
    reading.next = next;
    reading.cancelAsking?.();
    reading.cancelAsking = null;
  }

  #ask(topic: string, writer: string, reading: Reading): void {
    reading.cancelAsking?.();
    this.counters.askedAgain++;
    const value = {
      $typeName: 'morphine.nodes.v1.Again',
      topic,
      fromNumber: BigInt(reading.next),
    } as const;
    const frame = this.#frame({ number: 0, origin: 0, message: { case: 'again', value } });
    this.#carrier.publish(this.#ownTopic(writer), frame);
    const { next } = reading;
    reading.cancelAsking = this.#timers.after(ASK_AGAIN_MS, () => {
      reading.cancelAsking = null;
      if (reading.next === next) this.#ask(topic, writer, reading);
    });
  }

  #tellAgain(topic: string, fromNumber: number): void {
    const forgotten = { origin: this.#floor, number: this.#floor, kept: [], keptBytes: 0 };
    const writing: Writing = this.#writings.get(topic) ?? forgotten;
    for (const { number, bytes } of writing.kept) {
      if (number < fromNumber) continue;
      this.counters.toldAgain++;
      this.#carrier.publish(topic, bytes);
    }
    this.#sayTail(topic, writing);
  }

  #sayTail(topic: string, { origin, number, kept }: Writing): void {
    const value = BigInt(kept[0]?.number ?? number + 1);
    const frame = this.#frame({ number, origin, message: { case: 'tailOldest', value } });
    this.#carrier.publish(topic, frame);
  }
}
