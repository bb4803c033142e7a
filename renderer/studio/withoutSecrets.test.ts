// Proves that a sentence of the engine says no address and no key in streamer mode, and loses
// nothing else: known addresses, any address with a scheme, numbered hosts, long keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSecrets } from './withoutSecrets.ts';

const veiled = (words: string, known: readonly string[] = []) =>
  withoutSecrets(words, known, 'hidden');

test('addresses and keys go, words stay', () => {
  assert.equal(
    veiled('Nobody answers at play.example: open TCP port 443.', ['play.example']),
    'Nobody answers at hidden: open TCP port 443.',
  );
  assert.equal(veiled('rtsp://me:secret@10.0.0.7/cam stopped'), 'hidden stopped');
  assert.equal(veiled('“https://play.example/s/abc#k=xyz” is away'), '“hidden” is away');
  assert.equal(veiled('refused by 192.168.1.20:4455.'), 'refused by hidden.');
  assert.equal(veiled(`token ${'a1'.repeat(16)} is old`), 'token hidden is old');
  for (const words of ['demo:', 'camera:', 'Demo match', '1280×720, 30 fps', 'row 812', '5.4 ms']) {
    assert.equal(veiled(words), words);
  }
});

test('an empty or a short known address takes nothing away', () => {
  assert.equal(veiled('a market is open', ['', 'a']), 'a market is open');
});
