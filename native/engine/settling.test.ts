// Proves that a part of an engine is excused for its first seconds, once, and not before it began.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SETTLING_US, Settling } from './settling.ts';

test('each part settles for its own first seconds, and never again', () => {
  const settling = new Settling();
  assert.deepEqual(settling.parts(1), []);
  settling.saw('picture', 1_000);
  settling.saw('vision', 2_000);
  assert.deepEqual(settling.parts(2_000), ['picture', 'vision']);
  assert.deepEqual(settling.parts(1_000 + SETTLING_US - 1), ['picture', 'vision']);
  assert.deepEqual(settling.parts(1_000 + SETTLING_US), ['vision']);
  settling.saw('picture', 1_000 + SETTLING_US);
  assert.deepEqual(settling.parts(2_000 + SETTLING_US), []);
});
