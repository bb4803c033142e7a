// Proves that every known mistake of `npm run endurance -- --only mutations` can still be made: its
// place is in the sources exactly once, and each one the product must be proof against is listed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MUTATIONS, root, whyNotApplied } from './mutations.ts';

const DEMANDED = [
  'no balance check',
  'double post',
  'Math.round for shares',
  'confirm before commit',
  'synchronous=NORMAL',
  'lost dedupe',
  'cut-off < for <=',
  'late withdraw allowed',
  'rake on the total',
  'unsorted remainders',
  'unchecked previous hash (ledger)',
  'epoch ignored',
  'resolver may bet',
];

test('every mistake has its place in the sources exactly once', () => {
  const missing = MUTATIONS.map((mutation) => whyNotApplied(mutation, root)).filter(Boolean);
  assert.deepEqual(missing, []);
  const names = MUTATIONS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of DEMANDED) assert.ok(names.includes(name), name);
});
