// Proves the readers of RTMP with generated input: every way of cutting the bytes yields the same
// messages, what is written is read back, and whatever a stranger sends ends in a named error with
// bounded memory. Tags of enhanced RTMP are fixtures made from its specification (v2, 2024), not
// recorded: no encoder here sends them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bigEndian, joinBytes } from '../../base/bytes.ts';
import { AmfError, type AmfValue, readAmf, writeAmf } from './amf0.ts';
import {
  createChunkReader,
  MESSAGE_BYTES_MAX,
  number24,
  RtmpError,
  type RtmpMessage,
  writeChunks,
} from './chunks.ts';
import { createHandshake } from './handshake.ts';
import { readAudioTag, readVideoTag } from './mediaTags.ts';

const seed = Number(process.env.SEED ?? 20261121);
console.log(`seed ${seed}`);
const runs = (numRuns: number) => ({ seed, numRuns });

function readAll(bytes: Uint8Array, cuts: readonly number[] = []): RtmpMessage[] {
  const messages: RtmpMessage[] = [];
  const reader = createChunkReader((message) => messages.push(message));
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    reader.push(bytes.slice(from, to));
    from = to;
  }
  return messages;
}

const message = fc.record({
  type: fc.constantFrom(8, 9, 18, 20),
  streamId: fc.constantFrom(0, 1, 0xffff_ffff),
  timestamp: fc.oneof(fc.nat(0xff_ffff), fc.constantFrom(0xff_ffff, 0xffff_ffff, 0x100_0000)),
  payload: fc.uint8Array({ maxLength: 700 }),
});
const cuts = fc.array(fc.nat(), { maxLength: 12 });

/** Two messages on two chunk streams, their chunks in turns. */
function interleaved(first: RtmpMessage, second: RtmpMessage): Uint8Array {
  const chunked = [first, second].map((one, at) => chunksOf(one, 4 + at));
  const parts: Uint8Array[] = [];
  for (let at = 0; at < Math.max(...chunked.map((one) => one.length)); at++) {
    for (const one of chunked) parts.push(one[at] ?? new Uint8Array(0));
  }
  return joinBytes(parts);
}

/** The chunks of a message at the first chunk size, 128 bytes. */
function chunksOf(one: RtmpMessage, chunkStream: number): Uint8Array[] {
  const bytes = writeChunks(one, chunkStream, 128);
  const extended = one.timestamp >= 0xff_ffff ? 4 : 0;
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let left = one.payload.length; at < bytes.length; left -= 128) {
    const size = (at === 0 ? 12 : 1) + extended + Math.min(128, Math.max(0, left));
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

test('chunks cut anywhere, and those of two messages in turns, are the messages written', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(message, message), { maxLength: 4 }), cuts, (pairs, where) => {
      const bytes = joinBytes(pairs.map(([first, second]) => interleaved(first, second)));
      const read = readAll(bytes, where);
      const order = (all: RtmpMessage[]) =>
        all.map((one) => JSON.stringify({ ...one, payload: [...one.payload] })).sort();
      assert.deepEqual(order(read), order(pairs.flat()));
      // Of one chunk stream, in order.
      assert.deepEqual(readAll(bytes), read);
    }),
    runs(120),
  );
});

test('short headers repeat what the one before said', () => {
  const payload = Uint8Array.of(7);
  const first = writeChunks({ type: 8, streamId: 1, timestamp: 1_000, payload }, 4);
  // Types 1 (difference 20, length 2, type 9), 2 (difference 5) and 3.
  const later = [0x44, 0, 0, 20, 0, 0, 2, 9, 1, 2, 0x84, 0, 0, 5, 3, 4, 0xc4, 5, 6];
  const read = readAll(joinBytes([first, Uint8Array.from(later)]));
  assert.deepEqual(
    read.map(({ type, timestamp, payload: bytes }) => [type, timestamp, ...bytes]),
    [
      [8, 1_000, 7],
      [9, 1_020, 1, 2],
      [9, 1_025, 3, 4],
      [9, 1_030, 5, 6],
    ],
  );
});

test('after four and a half hours both ways of writing long times are read', () => {
  const payload = Uint8Array.from({ length: 300 }, (_, at) => at & 255);
  const one = { type: 9, streamId: 1, timestamp: 0x100_0000, payload };
  const [first, ...rest] = chunksOf(one, 4);
  const leftOut = rest.map((chunk) => joinBytes([chunk.subarray(0, 1), chunk.subarray(5)]));
  for (const chunks of [rest, leftOut]) {
    assert.deepEqual(readAll(joinBytes([first ?? payload, ...chunks])), [one]);
  }
  const wrapped = { ...one, timestamp: 0xffff_ffff, payload: Uint8Array.of(1) };
  const next = Uint8Array.of(0x44, 0, 0, 33, 0, 0, 1, 9, 2);
  assert.equal(readAll(joinBytes([writeChunks(wrapped, 4), next])).at(-1)?.timestamp, 32);
});

test('a chunk size that changes in the midst and an aborted message are followed', () => {
  const size = writeChunks(
    { type: 1, streamId: 0, timestamp: 0, payload: Uint8Array.from(bigEndian(60_000, 4)) },
    2,
  );
  const long = { type: 9, streamId: 1, timestamp: 5, payload: new Uint8Array(50_000).fill(3) };
  assert.deepEqual(readAll(joinBytes([size, writeChunks(long, 4, 60_000)])), [long]);
  const abort = writeChunks(
    { type: 2, streamId: 0, timestamp: 0, payload: Uint8Array.from(bigEndian(4, 4)) },
    2,
  );
  const begun = writeChunks(long, 4, 128).subarray(0, 140);
  const after = { ...long, payload: Uint8Array.of(1, 2) };
  assert.deepEqual(readAll(joinBytes([begun, abort, writeChunks(after, 4)])), [after]);
});

test('sizes that are only announced cost nothing, and too much of everything is refused', () => {
  const announce = (id: number, length: number) =>
    Uint8Array.of(id, 0, 0, 0, ...bigEndian(length, 3), 9, 1, 0, 0, 0);
  assert.throws(() => readAll(announce(4, MESSAGE_BYTES_MAX + 1)), RtmpError);
  const before = process.memoryUsage().arrayBuffers;
  const reader = createChunkReader(() => assert.fail('nothing is whole'));
  for (let id = 3; id < 33; id++) {
    reader.push(joinBytes([announce(id, MESSAGE_BYTES_MAX), new Uint8Array(128)]));
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 * 1024 * 1024);
  const many = Array.from({ length: 40 }, (_, at) =>
    joinBytes([announce(3 + at, 200), new Uint8Array(128)]),
  );
  assert.throws(() => readAll(joinBytes(many)), /Too many chunk streams/);
  const mebibyte = new Uint8Array(1024 * 1024);
  const size = Uint8Array.from(bigEndian(mebibyte.length, 4));
  const wide = createChunkReader(() => assert.fail('nothing is whole'));
  wide.push(writeChunks({ type: 1, streamId: 0, timestamp: 0, payload: size }, 2));
  const openMore = (id: number) => {
    wide.push(announce(id, MESSAGE_BYTES_MAX));
    wide.push(mebibyte);
  };
  for (let id = 3; id < 19; id++) openMore(id);
  assert.throws(() => openMore(19), /Too many open messages/);
});

test('any bytes end in messages or in a named error, wherever they are cut', () => {
  const outcome = (bytes: Uint8Array, where: readonly number[]) => {
    try {
      return readAll(bytes, where).length;
    } catch (error) {
      assert.ok(error instanceof RtmpError, String(error));
      return error.message;
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), cuts, (bytes, where) => {
      assert.equal(outcome(bytes, where), outcome(bytes, []));
    }),
    runs(800),
  );
  // Bytes that were right once, with some of them turned.
  const right = interleaved(
    { type: 9, streamId: 1, timestamp: 3, payload: new Uint8Array(400) },
    { type: 8, streamId: 1, timestamp: 0xffff_fff0, payload: new Uint8Array(300) },
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(right.length - 1), fc.nat(255))),
      cuts,
      (turned, where) => {
        const bytes = right.slice();
        for (const [at, value] of turned) bytes[at] = value;
        assert.equal(outcome(bytes, where), outcome(bytes, []));
      },
    ),
    runs(500),
  );
});

const amf: fc.Arbitrary<AmfValue> = fc.letrec<{ value: AmfValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, undefined, true, false),
    fc.double({ noNaN: true }),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.string({ minLength: 1, maxLength: 6 }), tie('value')), { maxLength: 4 })
      .map((entries) => new Map(entries)),
  ),
})).value;

test('AMF0 values are read as they were written; anything else is a named error', () => {
  fc.assert(
    fc.property(fc.array(amf, { maxLength: 5 }), (values) => {
      assert.deepEqual(readAmf(writeAmf(values)), values);
    }),
    runs(400),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      try {
        readAmf(bytes);
      } catch (error) {
        assert.ok(error instanceof AmfError, String(error));
      }
    }),
    runs(1_500),
  );
  const nested = joinBytes([...Array(40).fill(Uint8Array.of(10, 0, 0, 0, 1)), Uint8Array.of(5)]);
  assert.throws(() => readAmf(nested), /nested too deeply/);
  assert.throws(() => readAmf(Uint8Array.of(10, 255, 255, 255, 255)), /cut off/);
  assert.throws(() => readAmf(new Uint8Array(9 * 2_000)), /too many values/);
  const [polluted] = readAmf(writeAmf([new Map([['__proto__', true]])]));
  assert.ok(polluted instanceof Map && polluted.get('__proto__') === true);
  assert.equal(({} as Record<string, unknown>).true, undefined);
});

test('the handshake answers once C1 is whole, however it is cut', () => {
  const random = new Uint8Array(1_528).fill(9);
  const client = new Uint8Array(1 + 2 * 1_536).map((_, at) => (at === 0 ? 3 : at & 255));
  fc.assert(
    fc.property(cuts, (where) => {
      const sent: Uint8Array[] = [];
      const handshake = createHandshake(random, (bytes) => sent.push(bytes));
      const all = joinBytes([client, Uint8Array.of(1, 2, 3)]);
      const places = [...new Set(where.map((cut) => cut % all.length))].sort((a, b) => a - b);
      const rest: Uint8Array[] = [];
      let from = 0;
      for (const to of [...places, all.length]) {
        rest.push(handshake.push(all.slice(from, to)));
        from = to;
      }
      assert.deepEqual([...joinBytes(rest)], [1, 2, 3]);
      assert.equal(sent.length, 1);
      assert.deepEqual(sent[0]?.subarray(1 + 1_536), client.subarray(1, 1 + 1_536));
    }),
    runs(60),
  );
  const http = () => createHandshake(random, () => {}).push(new TextEncoder().encode('GET / '));
  assert.throws(http, /does not speak RTMP/);
  const tls = () => createHandshake(random, () => {}).push(Uint8Array.of(0x16, 3, 1));
  assert.throws(tls, /rtmps:/);
});

const fourCc = (code: string) => [...code].map((letter) => letter.charCodeAt(0));

test('FLV tags of H.264, plain and by FourCC, say the same', () => {
  const plain = readVideoTag(Uint8Array.of(0x17, 1, 0xff, 0xff, 0xfe, 1, 2));
  const expected = { kind: 'picture', isKey: true, compositionMs: -2 };
  assert.deepEqual({ ...plain, bytes: undefined }, { ...expected, bytes: undefined });
  // Enhanced RTMP: frame type 1, CodedFrames (1) with a composition time, CodedFramesX (3) without.
  const coded = readVideoTag(Uint8Array.of(0x91, ...fourCc('avc1'), 0xff, 0xff, 0xfe, 1, 2));
  assert.deepEqual(coded, plain);
  const bare = readVideoTag(Uint8Array.of(0xa3, ...fourCc('avc1'), 1, 2));
  assert.deepEqual(
    { ...bare, bytes: undefined },
    {
      ...expected,
      ...{ isKey: false, compositionMs: 0, bytes: undefined },
    },
  );
  const start = readVideoTag(Uint8Array.of(0x90, ...fourCc('avc1'), 1, 66));
  assert.deepEqual(start, readVideoTag(Uint8Array.of(0x17, 0, 0, 0, 0, 1, 66)));
  // ModEx (7): two bytes of a nanosecond offset before the real packet type.
  const modified = Uint8Array.of(0x97, 2, 0, 0, 9, 0x01, ...fourCc('avc1'), 0xff, 0xff, 0xfe, 1, 2);
  assert.deepEqual(readVideoTag(modified), plain);
});

test('what cannot be carried is called by its name', () => {
  const named = (body: number[]) => {
    const tag = readVideoTag(Uint8Array.from(body));
    return tag.kind === 'unsupported' ? tag.name : tag.kind;
  };
  assert.equal(named([0x90, ...fourCc('hvc1'), 1]), 'HEVC (H.265)');
  assert.equal(named([0x90, ...fourCc('av01'), 1]), 'AV1');
  assert.equal(named([0x90, ...fourCc('vp09'), 1]), 'VP9');
  assert.equal(named([0x96, 0x00, ...fourCc('avc1'), 0]), 'multitrack video');
  assert.equal(named([0x1c, 0, 0, 0, 0]), 'HEVC (H.265)');
  assert.equal(named([0x90, 1, 2, 3, 4]), 'codec ????');
  assert.equal(named([]), 'other');
  const sound = (body: number[]) => {
    const tag = readAudioTag(Uint8Array.from(body));
    return tag.kind === 'other' ? tag.kind : `${tag.kind} ${tag.name}`;
  };
  assert.equal(sound([0xaf, 0, 1]), 'configuration AAC');
  assert.equal(sound([0xaf, 1, 1]), 'sound AAC');
  assert.equal(sound([0x91, ...fourCc('Opus'), 1]), 'unsupported Opus');
  assert.equal(sound([0x95, 0]), 'unsupported multitrack audio');
});

test('any tag is read or left alone', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (body) => {
      const tag = readVideoTag(body);
      if (tag.kind === 'picture') {
        assert.ok(Math.abs(tag.compositionMs) <= 0x80_0000 && tag.bytes.length > 0);
      }
      readAudioTag(body);
      assert.ok(number24(body, 0) <= 0xff_ffff);
    }),
    runs(1_500),
  );
});
