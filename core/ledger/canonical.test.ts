// Proves that rows become exactly the bytes and hashes of the published vectors HV1 and HV2, and
// that numbers which have more than one spelling are refused.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../base/ids.ts';
import {
  canonicalBytes,
  canonicalText,
  chainHash,
  FIRST_PREVIOUS_HASH,
  leafHash,
  merkleRoot,
} from './canonical.ts';
import { parseRow, type Row, rowBytes, rowText } from './rows.ts';

const B1 =
  '{"amount":"50","at":1000,"cr":"escrow:m1","dr":"user:u1","id":"01","kind":"bet",' +
  '"outcome":0,"seq":1}';
const B2 =
  '{"amount":"30","at":1001,"cr":"escrow:m1","dr":"user:u2","id":"02","kind":"bet",' +
  '"outcome":1,"seq":2}';

const first: Row = {
  kind: 'bet',
  seq: 1,
  id: '01',
  at: 1000,
  amount: '50',
  dr: 'user:u1',
  cr: 'escrow:m1',
  outcome: 0,
};
const second: Row = {
  ...first,
  seq: 2,
  id: '02',
  at: 1001,
  amount: '30',
  dr: 'user:u2',
  outcome: 1,
};

test('HV1: rows become the published bytes and chain to the published hashes', () => {
  assert.equal(Buffer.from(rowBytes(first)).toString(), B1);
  assert.equal(Buffer.from(rowBytes(second)).toString(), B2);
  const h1 = chainHash(FIRST_PREVIOUS_HASH, rowBytes(first));
  const h2 = chainHash(h1, rowBytes(second));
  assert.equal(toHex(h1), 'f56d935fa3d40f250a258991c9986dd530c50fa48365487eb2637f39375bf122');
  assert.equal(toHex(h2), '3a8893e5b1933397bceffd8657a0393ae7289b09e3b49d46bb069a49a8fa6732');
});

test('HV2: the Merkle tree over rows has the published leaf and roots', () => {
  assert.equal(
    toHex(merkleRoot([])),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
  assert.equal(
    toHex(leafHash(new Uint8Array(0))),
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  );
  assert.equal(
    toHex(merkleRoot([Buffer.from(B1), Buffer.from(B2)])),
    '807969826772f2d1528f5ffd849ee42db7f3191ae72723e0b276b61216126c2b',
  );
});

test('a stored row reads back as itself and foreign rows are refused', () => {
  assert.deepEqual(parseRow(rowBytes(first)), first);
  for (const bad of [
    '{}',
    '[]',
    'x',
    B1.replace('"50"', '50'),
    B1.replace('"50"', '"0"'),
    B1.replace('"50"', '"-5"'),
    B1.replace('"bet"', '"topUp"'),
    B1.replace('"outcome":0', '"outcome":0.5'),
    B1.replace('"outcome":0', '"name":"Ann","outcome":0'),
  ]) {
    assert.throws(() => parseRow(Buffer.from(bad)), bad);
  }
});

test('the text of a row has every field, whichever optional ones its kind had before', () => {
  const act = { at: 1, actor: 'a', role: 'owner', reason: '' } as const;
  const market = {
    ...{ kind: 'market.opened', market: 'm1', rules: 'ab'.repeat(32), outcomes: 2, guardMs: 1 },
    ...{ opensAt: 1, lockAt: 2, horizonAt: 3, deadlineAt: 4, rakeBasisPoints: 0, seq: 2, id: 'o' },
  } as const;
  const without = { ...act, ...market };
  const rows = [without, { ...without, guestShareBasisPoints: 50 }, without];
  for (const row of rows) assert.equal(rowText(row as never), canonicalText(row));
  const kinds = fc.record(
    { kind: fc.constant('drawn'), a: fc.string(), b: fc.maxSafeInteger(), c: fc.boolean() },
    { requiredKeys: ['kind'] },
  );
  fc.assert(
    fc.property(fc.array(kinds), (drawn) => {
      for (const row of drawn) assert.equal(rowText(row as never), canonicalText(row));
    }),
  );
});

test('canonical text is sorted, holds integers only and parses back', () => {
  assert.equal(
    canonicalText({ b: [1, { d: null, c: true }], a: 'ü"' }),
    '{"a":"ü\\"","b":[1,{"c":true,"d":null}]}',
  );
  assert.equal(canonicalText(-0), '0');
  for (const bad of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => canonicalBytes(bad), TypeError);
  }
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.maxSafeInteger())), (value) => {
      const text = canonicalText(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(text, canonicalText(Object.fromEntries(Object.entries(value).reverse())));
    }),
  );
});

test('the chain is plain SHA-256 over the previous hash and the bytes', () => {
  const expected = createHash('sha256').update(Buffer.alloc(32)).update(B1).digest('hex');
  assert.equal(toHex(chainHash(FIRST_PREVIOUS_HASH, Buffer.from(B1))), expected);
});
