// Proves that the disk's commit rate is the median of really flushed writes, that the probe ends soon
// on a slow disk and leaves nothing behind, and that a folder that cannot be written gives no figure.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { probeCommitRate } from './commitRate.ts';
import { newFolder } from './testLedger.ts';

test('the median of the writes, however slow one of them is', () => {
  const folder = newFolder();
  let nowMs = 0;
  let calls = 0;
  const clock = () => {
    calls++;
    // Each write takes 4 ms, the third one 40.
    if (calls % 2 === 0) nowMs += calls === 6 ? 40 : 4;
    return nowMs;
  };
  assert.equal(probeCommitRate(folder.path, clock), 250);
  assert.ok(calls / 2 < 8, `${calls / 2} writes`);
  assert.deepEqual(readdirSync(folder.path), []);
  assert.ok(probeCommitRate(folder.path) > 0);
  folder.remove();
});

test('no figure without a disk that is written', () => {
  const folder = newFolder();
  assert.equal(probeCommitRate(join(folder.path, 'nowhere')), 0);
  folder.remove();
});
