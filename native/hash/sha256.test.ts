// Proves that the platform's hash and core's give the same chain, on random rows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { chainHash } from '../../core/ledger/canonical.ts';
import { chainHashOf, sha256HexOf, sha256Of } from './sha256.ts';

test('the platform hashes and chains as core does', () => {
  const bytes = fc.uint8Array({ maxLength: 500 });
  const previous = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(previous, bytes, (before, body) => {
      assert.deepEqual([...chainHashOf(before, body)], [...chainHash(before, body)]);
      assert.deepEqual([...sha256Of(body)], [...sha256(body)]);
      assert.equal(sha256HexOf(body), Buffer.from(sha256(body)).toString('hex'));
    }),
  );
});
