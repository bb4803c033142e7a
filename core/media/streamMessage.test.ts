// Proves that media messages survive the wire as they were, for any content, and that what is no
// message of ours reads as none and never throws.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  readStreamAck,
  readStreamMessage,
  type StreamKind,
  writeStreamAck,
  writeStreamMessage,
} from './streamMessage.ts';

const kinds = fc.constantFrom<StreamKind>('keyFrame', 'deltaFrame', 'sound', 'facts');
const number32 = fc.integer({ min: 0, max: 0xffff_ffff });

test('what is written is read', () => {
  const messages = fc.record({
    kind: kinds,
    rtpTimestamp: number32,
    senderUs: fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { nil: null }),
    payload: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(messages, fc.nat(9), (message, before) => {
      const written = writeStreamMessage(message);
      // As it may lie in the middle of a larger buffer.
      const shifted = new Uint8Array(before + written.length);
      shifted.set(written, before);
      assert.deepEqual(readStreamMessage(shifted.subarray(before)), { ...message });
    }),
  );
  fc.assert(fc.property(number32, (at) => assert.equal(readStreamAck(writeStreamAck(at)), at)));
});

test('what is no message reads as none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const message = readStreamMessage(bytes);
      if (message) assert.deepEqual(bytes[1], 1);
      assert.equal(readStreamAck(bytes) === undefined, bytes.length !== 4);
    }),
  );
  assert.equal(readStreamMessage(new Uint8Array(16)), undefined);
  assert.equal(readStreamMessage(Uint8Array.from({ length: 16 }, () => 9)), undefined);
});
