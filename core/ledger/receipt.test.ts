// Proves that a proof of a bet holds only as it was signed: any changed byte of the file fails and
// the row is named, a proof of another receipt, channel or relay fails, and rows that were signed
// but contradict the media-clock rule fail too. Proofs are made here row by row with a key of the
// test's own. The seed of the property is printed on failure.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../base/ids.ts';
import { keyPairOf, signText } from '../wire/signing.ts';
import { chainHash } from './canonical.ts';
import { type BetProof, checkReceipt, proofText, receiptSigningText } from './receipt.ts';
import { type Row, rowBytes } from './rows.ts';

const S = 1_000_000;
const KEY = keyPairOf(new Uint8Array(32).fill(7));
const CHANNEL = 'cd'.repeat(16);
const BET = 'a1'.repeat(16);
const USER = 'user:u1';
const ESCROW = 'escrow:m1';
const ACT = { actor: 'owner', role: 'owner', reason: '' };

type Part = Record<string, unknown>;
const opened = {
  kind: 'market.opened',
  ...ACT,
  ...{ market: 'm1', rules: 'ab'.repeat(32), outcomes: 2, guardMs: 500, rakeBasisPoints: 0 },
  ...{ opensAt: 100 * S, lockAt: 120 * S, horizonAt: 140 * S, deadlineAt: 600 * S },
};
const bet = (at: number) => ({
  ...{ kind: 'bet', id: BET, at, amount: '50', dr: USER, cr: ESCROW, outcome: 0 },
});
const locked = (tCap: number | null, cutoff: number | null) => ({
  ...{ kind: 'market.locked', ...ACT, market: 'm1', tCap, cutoff },
});
const moved = { pending: BET, dr: USER, cr: ESCROW, amount: '50' };
const late = { kind: 'void', ...moved, why: 'LATE_MEDIA' };
const post = { kind: 'post', ...moved };
const resolved = {
  ...{ kind: 'market.resolved', ...ACT, market: 'm1', outcome: 0 },
  ...{ evidence: null, settlement: 'paid' },
};
const payout = { kind: 'payout', bet: BET, dr: ESCROW, cr: USER, amount: '90' };

/** A journal with a foreign row between any two of these; the proof leaves those out. */
function proofOf(parts: readonly Part[], key = KEY): BetProof {
  let prevHash = new Uint8Array(32).fill(9);
  const rows: BetProof['rows'] = [];
  let seq = 10;
  for (const part of parts) {
    const row = { at: 101 * S, id: `row-${seq}`, seq, ...part } as unknown as Row;
    const body = rowBytes(row);
    const hash = chainHash(prevHash, body);
    const text = Buffer.from(body).toString('utf8');
    rows.push({ seq, prevHash: toHex(prevHash), hash: toHex(hash), body: text });
    prevHash = new Uint8Array(chainHash(hash, rowBytes({ ...row, id: 'foreign' })));
    seq += 2;
  }
  const betRow = rows.find(({ body }) => body.includes('"kind":"bet"')) ?? rows[0];
  const signed = {
    ...{ format: 'morphine-bet' as const, version: 1 as const, channel: CHANNEL },
    ...{ ledgerId: 'ab'.repeat(16), epoch: 1, seq: betRow?.seq ?? 0 },
    mark: { seq: seq - 1, hash: toHex(prevHash) },
    ...{ timeMs: 1_800_000_000_000, rows },
  };
  const signature = signText(receiptSigningText(signed), key.secretKey);
  return { ...signed, relayKey: key.publicKey, signature };
}

const WON = [opened, bet(111.2 * S), locked(112.4 * S, 111.9 * S), resolved, post, payout];

function failureOf(parts: readonly Part[]): string {
  return checkReceipt(proofText(proofOf(parts))).failed?.sentence ?? 'it holds';
}

test('a proof holds and tells arrival, frame, guard and what became of the bet', () => {
  const proof = proofOf(WON);
  const row = proof.rows.find(({ seq }) => seq === proof.seq);
  const finding = checkReceipt(proofText(proof), {
    receipt: { seq: proof.seq, hash: row?.hash ?? '' },
    channel: CHANNEL,
    relayKey: KEY.publicKey,
  });
  assert.deepEqual([finding.isProved, finding.failed], [true, null]);
  assert.deepEqual(
    { ...finding.story },
    {
      ...{ betId: BET, subject: 'u1', marketId: 'm1', outcome: 0, amountMinor: 50 },
      ...{ arrivedUs: 111.2 * S, guardMs: 500, opensAtUs: 100 * S, lockAtUs: 120 * S },
      ...{ tCapUs: 112.4 * S, cutoffUs: 111.9 * S, market: 'RESOLVED', winner: 0 },
      ...{ fate: 'STANDS', why: null, paidMinor: 90, revision: 0 },
    },
  );
});

test('vector TV1: the bet before the cut-off stands, the one at it goes back', () => {
  const at = (us: number, fate: Part) => failureOf([opened, bet(us), WON[2] as Part, fate]);
  assert.equal(at(111_899_000, post), 'it holds');
  assert.equal(at(111_900_000, late), 'it holds');
  assert.match(at(111_899_000, late), /Row 16 returns a bet as late that arrived before/);
  assert.match(at(111_900_000, post), /Row 16 keeps a bet that arrived at or after the cut-off/);
});

test('any changed byte of the file fails', () => {
  const text = proofText(proofOf(WON));
  const bytes = Buffer.from(text);
  const inHand = { relayKey: KEY.publicKey };
  assert.equal(checkReceipt(text, inHand).isProved, true);
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(change, ([at, mask]) => {
      const bent = Buffer.from(bytes);
      bent[at] = (bent[at] ?? 0) ^ mask;
      const finding = checkReceipt(bent.toString('utf8'), inHand);
      return !finding.isProved && (finding.failed?.sentence.length ?? 0) > 0;
    }),
    { numRuns: 600 },
  );
  // Every place once, with a change that keeps it a text.
  for (let at = 0; at < text.length; at += 1) {
    const other = text[at] === '0' ? '1' : '0';
    const bent = `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
    const { isProved, failed } = checkReceipt(bent, inHand);
    assert.equal(isProved, false, `${at} ${JSON.stringify(failed)}`);
  }
});

test('a file that was cut, lengthened or spelled otherwise fails', () => {
  const text = proofText(proofOf(WON));
  const pretty = JSON.stringify(JSON.parse(text), null, 1);
  for (const bent of [text.slice(0, -1), `${text} `, '', '[]', 'null', '{}', pretty]) {
    assert.equal(checkReceipt(bent).failed?.step, 'form', bent.slice(0, 20));
  }
  assert.equal(checkReceipt('x'.repeat(600_000)).failed?.step, 'form');
});

test('a changed row is named', () => {
  const proof = proofOf(WON);
  const rows = proof.rows.map((row) => ({ ...row, body: row.body.replace('"50"', '"70"') }));
  const { failed } = checkReceipt(proofText({ ...proof, rows }));
  assert.deepEqual([failed?.step, failed?.seq], ['chain', 12]);
  assert.match(failed?.sentence ?? '', /^Row 12 does not give its hash/);
});

test('rows that were chained anew are not what the relay signed', () => {
  const signed = proofOf(WON);
  const other = proofOf([opened, bet(111 * S), ...WON.slice(2)]);
  const { failed } = checkReceipt(proofText({ ...other, signature: signed.signature }));
  assert.equal(failed?.step, 'signature');
});

test('another receipt, another channel and another relay are told apart', () => {
  const text = proofText(proofOf(WON));
  const step = (inHand: Parameters<typeof checkReceipt>[1]) =>
    checkReceipt(text, inHand).failed?.step;
  assert.equal(step({ receipt: { seq: 12, hash: 'ff'.repeat(32) } }), 'receipt');
  assert.equal(step({ receipt: { seq: 13, hash: 'ff'.repeat(32) } }), 'receipt');
  assert.equal(step({ channel: 'ee'.repeat(16) }), 'receipt');
  const stranger = keyPairOf(new Uint8Array(32).fill(8));
  assert.equal(step({ relayKey: stranger.publicKey }), 'signature');
  // Whoever signs with a key of their own is found out by the key that one knows.
  const forged = proofText(proofOf(WON, stranger));
  assert.equal(checkReceipt(forged).isProved, true);
  assert.equal(checkReceipt(forged, { relayKey: KEY.publicKey }).failed?.step, 'signature');
});

test('signed rows that contradict the rule fail, each with its row', () => {
  const cases: [Part[], RegExp][] = [
    [[opened, bet(111 * S), locked(112.4 * S, 112.4 * S)], /Row 14 has a cut-off that is not/],
    [[opened, bet(111 * S), locked(null, 110 * S)], /Row 14 has a cut-off/],
    [[opened, bet(120 * S)], /Row 12 is a bet that arrived after its market’s lock/],
    [[opened, locked(null, null), bet(111 * S)], /Row 14 is a bet that was taken after/],
    [[opened, bet(111 * S), { ...post, pending: 'b2' }], /Row 14 \(post\) belongs neither/],
    [[opened, bet(111 * S), bet(111 * S)], /Row 14 is a second bet/],
    [[opened], /without a bet/],
    [[bet(111 * S)], /without the opening/],
    [[opened, bet(111 * S), { ...locked(null, null), market: 'm2' }], /Row 14 \(market.locked\)/],
  ];
  for (const [parts, sentence] of cases) assert.match(failureOf(parts), sentence);
});

test('after a correction the new frame counts', () => {
  const corrected = {
    ...{ kind: 'market.corrected', ...ACT, market: 'm1', outcome: 0, revision: 1 },
    ...{ tCap: 111 * S, cutoff: 110.5 * S, settlement: 'paid' },
  };
  const recount = { kind: 'recount', bet: BET, why: 'LATE_MEDIA', paid: '0' };
  const adjust = {
    ...{ kind: 'adjust', market: 'm1', bet: BET, dr: USER, cr: ESCROW, amount: '40' },
  };
  const { story } = checkReceipt(proofText(proofOf([...WON, corrected, recount, adjust])));
  assert.deepEqual(
    [story?.fate, story?.why, story?.paidMinor, story?.tCapUs, story?.revision],
    ['RETURNED', 'LATE_MEDIA', 0, 111 * S, 1],
  );
  const kept = [...WON, corrected, { ...recount, why: null, paid: '90' }];
  assert.match(failureOf(kept), /Row 24 keeps a bet that arrived at or after/);
});

test('a key of zeros signs nothing', () => {
  const proof = proofOf(WON);
  assert.equal(
    checkReceipt(proofText({ ...proof, relayKey: '00'.repeat(32) })).failed?.step,
    'signature',
  );
});
