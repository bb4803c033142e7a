// Proves that a journal written by the first version of the product, given here byte by byte, still
// folds to the same books and that the auditor still finds nothing wrong with it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditJournal } from './auditor.ts';
import { chainHash, FIRST_PREVIOUS_HASH } from './canonical.ts';
import { applyRow, emptyLedger } from './fold.ts';
import { parseRow, rowBytes } from './rows.ts';

const ACT = '"actor":"tester","at":';
const FIRST_VERSION = [
  '{"at":1,"channel":"c","epoch":1,"id":"ledger.opened","kind":"ledger.opened","ledger":"' +
    `${'a'.repeat(32)}","seq":1,"version":1}`,
  '{"amount":"1000","at":5,"cr":"user:u1","dr":"house","id":"grant:u1","kind":"grant","seq":2}',
  '{"amount":"1000","at":5,"cr":"user:u2","dr":"house","id":"grant:u2","kind":"grant","seq":3}',
  `{${ACT}100,"deadlineAt":900,"guardMs":0,"horizonAt":800,"id":"market.opened:m1",` +
    '"kind":"market.opened","lockAt":500,"market":"m1","opensAt":100,"outcomes":2,' +
    `"rakeBasisPoints":500,"reason":"","role":"owner","rules":"${'b'.repeat(64)}","seq":4}`,
  '{"amount":"50","at":200,"cr":"escrow:m1","dr":"user:u1","id":"01","kind":"bet","outcome":0,' +
    '"seq":5}',
  '{"amount":"40","at":201,"cr":"escrow:m1","dr":"user:u2","id":"02","kind":"bet","outcome":1,' +
    '"seq":6}',
  '{"amount":"9","at":400,"cr":"escrow:m1","dr":"user:u2","id":"03","kind":"bet","outcome":1,' +
    '"seq":7}',
  `{${ACT}600,"cutoff":400,"id":"market.locked:x","kind":"market.locked","market":"m1",` +
    '"reason":"","role":"vision","seq":8,"tCap":400}',
  '{"amount":"9","at":600,"cr":"escrow:m1","dr":"user:u2","id":"void:03","kind":"void",' +
    '"pending":"03","seq":9,"why":"LATE_MEDIA"}',
  `{${ACT}600,"evidence":{"captureUs":400,"confidencePermille":900,"detectedUs":410,` +
    '"event":"e","type":"goal"},"id":"market.resolved:m1","kind":"market.resolved",' +
    '"market":"m1","outcome":0,"reason":"","role":"vision","seq":10,"settlement":"paid"}',
  '{"amount":"50","at":600,"cr":"escrow:m1","dr":"user:u1","id":"post:01","kind":"post",' +
    '"pending":"01","seq":11}',
  '{"amount":"40","at":600,"cr":"escrow:m1","dr":"user:u2","id":"post:02","kind":"post",' +
    '"pending":"02","seq":12}',
  '{"amount":"88","at":600,"bet":"01","cr":"user:u1","dr":"escrow:m1","id":"payout:01",' +
    '"kind":"payout","seq":13}',
  '{"amount":"2","at":600,"cr":"house:rake","dr":"escrow:m1","id":"market.rake:m1",' +
    '"kind":"rake","seq":14}',
  `{"act":"roles.changed",${ACT}700,"id":"act:1","kind":"act","reason":"","role":"owner",` +
    '"seq":15,"target":"u1"}',
];

test('a journal of the first version folds to its books, byte by byte', () => {
  const state = emptyLedger();
  let previous: Uint8Array = FIRST_PREVIOUS_HASH;
  const stored = FIRST_VERSION.map((text) => {
    const body = Buffer.from(text);
    const row = parseRow(body);
    assert.equal(Buffer.from(rowBytes(row)).toString(), text);
    applyRow(state, row);
    previous = chainHash(previous, body);
    return { body, hash: previous };
  });
  const posted = (name: string) => state.accounts.get(name)?.posted;
  assert.deepEqual(
    ['house', 'user:u1', 'user:u2', 'escrow:m1', 'house:rake'].map(posted),
    [-2000, 1038, 960, 0, 2],
  );
  const market = state.markets.get('m1');
  assert.deepEqual(market?.poolsMinor, [50, 40]);
  assert.equal(market?.voidedBets, 1);
  assert.equal(market?.paidMinor, 88);
  assert.equal(state.nowUs, 700);
  assert.deepEqual(auditJournal(stored).findings, []);
});

test('the fold stops at rows that cannot follow', () => {
  const state = emptyLedger();
  for (const text of FIRST_VERSION) applyRow(state, parseRow(Buffer.from(text)));
  const base = { at: 800, seq: 16 };
  const transfer = { ...base, amount: '5', dr: 'escrow:m1', cr: 'user:u1' };
  for (const row of [
    { ...base, kind: 'withdraw', id: 'w', bet: '01' },
    { ...base, kind: 'withdraw', id: 'w', bet: 'none' },
    { ...base, kind: 'fill', id: 'f', bet: '01', shares: '5' },
    { ...base, kind: 'recount', id: 'r', bet: '01', why: null, paid: '5' },
    { ...transfer, kind: 'sell', id: 's', bet: '01', shares: '5' },
    { ...transfer, kind: 'proceeds', id: 'p', sale: 's' },
    { ...transfer, kind: 'payout', id: 'q', bet: '03' },
    { ...transfer, kind: 'adjust', id: 'a', market: 'm1', bet: '01' },
    { ...transfer, kind: 'grant', id: 'g', dr: 'user:u2', amount: '5000' },
    { ...base, kind: 'ban', id: 'b', seq: 17 },
  ]) {
    const seq = state.seq;
    assert.throws(() => applyRow(state, row as never), JSON.stringify(row));
    assert.equal(state.seq, seq);
  }
});
