// Proves that the check page takes exactly the links that receipts carry, asks the relay at the
// right place, and keeps a relay's key only as one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDeviceMemory } from './deviceMemory.ts';
import { proofPath, receiptOfAddress } from './receiptLink.ts';

const CHANNEL = 'ab'.repeat(16);
const HASH = 'cd'.repeat(32);

test('a receipt’s link is read, anything else is none', () => {
  const link = receiptOfAddress(`/check/${CHANNEL}`, `#12.${HASH}`);
  assert.deepEqual(link, { channel: CHANNEL, seq: 12, hash: HASH });
  assert.equal(link && proofPath(link), `/receipt/${CHANNEL}/12/${HASH}`);
  for (const [path, fragment] of [
    [`/check/${CHANNEL}`, ''],
    [`/check/${CHANNEL}`, `#0.${HASH}`],
    [`/check/${CHANNEL}`, `#12.${HASH.toUpperCase()}`],
    [`/check/${CHANNEL}/x`, `#12.${HASH}`],
    [`/s/${CHANNEL}`, `#12.${HASH}`],
    ['/check/', `#12.${HASH}`],
  ] as const) {
    assert.equal(receiptOfAddress(path, fragment), null, path + fragment);
  }
});

test('a device remembers a key, and nothing where the browser stores nothing', () => {
  const kept = new Map<string, string>();
  const store = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as unknown as Storage;
  const memory = openDeviceMemory(() => store);
  assert.equal(memory.relayKey(), null);
  memory.keepRelayKey(HASH);
  assert.equal(memory.relayKey(), HASH);
  kept.set(`morphine.bet.${CHANNEL}.b1`, '{"marketTitle":"Goal?","outcomeLabel":"Yes","seq":1}');
  assert.deepEqual(memory.wordsOf(CHANNEL, 'b1'), { marketTitle: 'Goal?', outcomeLabel: 'Yes' });
  kept.set(`morphine.bet.${CHANNEL}.b2`, '{broken');
  assert.equal(memory.wordsOf(CHANNEL, 'b2'), null);
  const refusing = openDeviceMemory(() => {
    throw new Error('blocked');
  });
  refusing.keepRelayKey(HASH);
  assert.equal(refusing.relayKey(), null);
});
