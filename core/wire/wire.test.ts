// Proves the hand-written part of the wire: keys and signatures against RFC 8032's own vector, the
// texts that are signed, the limit on messages, and what a viewer's message must look like.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { fromHex } from '../base/ids.ts';
import { BetSchema, FromViewerSchema, HelloSchema } from './gen/facts_pb.js';
import {
  channelIdOf,
  isSigned,
  keyPairOf,
  signText,
  studioSigningText,
  viewerSigningText,
} from './signing.ts';
import { TokenBucket } from './tokenBucket.ts';
import { viewerMessageFault } from './viewerChecks.ts';

// RFC 8032, section 7.1, test 1.
const SECRET = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const PUBLIC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const EMPTY_SIGNATURE =
  'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555' +
  'fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b';

test('keys and signatures are those of RFC 8032', () => {
  assert.deepEqual(keyPairOf(fromHex(SECRET)), { secretKey: SECRET, publicKey: PUBLIC });
  assert.equal(signText('', SECRET), EMPTY_SIGNATURE);
  assert.equal(isSigned('', EMPTY_SIGNATURE, PUBLIC), true);
  assert.equal(isSigned(' ', EMPTY_SIGNATURE, PUBLIC), false);
  for (const broken of ['', 'x', EMPTY_SIGNATURE.slice(2), '0'.repeat(128)]) {
    assert.equal(isSigned('', broken, PUBLIC), false);
    assert.equal(isSigned('', EMPTY_SIGNATURE, broken), false);
  }
});

test('the channel is the beginning of the hash of the key', () => {
  const hash = createHash('sha256').update(Buffer.from(PUBLIC, 'hex')).digest('hex');
  assert.equal(channelIdOf(PUBLIC), hash.slice(0, 32));
});

test('a signature is for one channel, one role and one nonce', () => {
  const texts = [
    studioSigningText('c1', 'n1'),
    studioSigningText('c2', 'n1'),
    studioSigningText('c1', 'n2'),
    viewerSigningText('c1', 's1', 'n1'),
    viewerSigningText('c1', 's2', 'n1'),
    viewerSigningText('c1', 's1', 'n2'),
  ];
  assert.equal(new Set(texts).size, texts.length);
  assert.equal(texts[0], 'morphine-studio-v1|c1|n1');
  assert.equal(texts[3], 'morphine-viewer-v1|c1|s1|n1');
});

test('a token bucket gives its burst, then its rate, and nothing for a clock that goes back', () => {
  const bucket = new TokenBucket({ perSecond: 5, burst: 20, nowUs: 1_000_000 });
  const takeAll = (nowUs: number) => {
    let taken = 0;
    while (bucket.take(nowUs)) taken++;
    return taken;
  };
  assert.equal(takeAll(1_000_000), 20);
  assert.equal(takeAll(1_199_999), 0);
  assert.equal(takeAll(1_400_000), 2);
  assert.equal(takeAll(0), 0);
  assert.equal(takeAll(100_000_000), 20);
});

test('a message of a viewer that makes no sense is named', () => {
  const bet = { betId: 'a'.repeat(32), marketId: 'goal-1', outcome: 1, amountMinor: 5n };
  const faultOf = (changes: Partial<typeof bet>) =>
    viewerMessageFault({ case: 'bet', value: create(BetSchema, { ...bet, ...changes }) });
  assert.equal(faultOf({}), null);
  assert.match(faultOf({ betId: 'A'.repeat(32) }) ?? '', /bet id/);
  assert.match(faultOf({ betId: '' }) ?? '', /bet id/);
  assert.match(faultOf({ marketId: 'a b' }) ?? '', /market id/);
  assert.match(faultOf({ marketId: 'x'.repeat(65) }) ?? '', /market id/);
  assert.match(faultOf({ outcome: 10 }) ?? '', /outcome/);
  assert.match(faultOf({ amountMinor: 0n }) ?? '', /whole number/);
  assert.match(faultOf({ amountMinor: 2n ** 63n }) ?? '', /whole number/);
  assert.match(viewerMessageFault(create(FromViewerSchema).message) ?? '', /empty/);
  const hello = create(HelloSchema, { subject: 'b'.repeat(32), publicKey: PUBLIC });
  assert.match(viewerMessageFault({ case: 'hello', value: hello }) ?? '', /signature/);
});
