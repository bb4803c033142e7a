// Proves that what the page keeps reads back as it was, that a record with any field of another kind
// is no record at all, and that fields of later versions have their stand-ins.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { count, hexOf, oneOf, orElse, orNull, readShape, record, text, truth } from './shape.ts';

const shape = record({
  id: hexOf(4),
  words: text,
  amount: orNull(count),
  state: oneOf('sent', 'done'),
  isNew: orElse(truth, false),
});

test('what fits reads back; what is left out gets its stand-in; the rest is dropped', () => {
  const values = fc.record({
    id: fc.constantFrom('00ff', 'abcd'),
    words: fc.string(),
    amount: fc.option(fc.nat(), { nil: null }),
    state: fc.constantFrom('sent', 'done'),
  });
  fc.assert(
    fc.property(values, fc.option(fc.boolean(), { nil: undefined }), (value, isNew) => {
      const json = JSON.stringify({ ...value, isNew, other: 1 });
      assert.deepEqual(readShape(json, shape), { ...value, isNew: isNew ?? false });
    }),
  );
});

test('one field of another kind, and there is no record', () => {
  const right = { id: '00ff', words: '', amount: 1, state: 'sent', isNew: true };
  const wrong: [string, unknown][] = [
    ['id', '00FF'],
    ['id', '00ff0'],
    ['words', 1],
    ['amount', -1],
    ['amount', 0.5],
    ['amount', 2 ** 60],
    ['amount', '1'],
    ['state', 'open'],
    ['isNew', 'yes'],
    ['words', undefined],
  ];
  assert.deepEqual(readShape(JSON.stringify(right), shape), right);
  for (const [name, value] of wrong) {
    assert.equal(readShape(JSON.stringify({ ...right, [name]: value }), shape), null, name);
  }
  for (const json of ['', '1', 'null', '[]', '{', '"x"', '{"__proto__":{"id":"00ff"}}']) {
    assert.equal(readShape(json, shape), null, json);
  }
  assert.equal(readShape(null, shape), null);
});
