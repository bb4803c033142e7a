// Proves that the relay's native signature check and the shared pure one agree: on signatures of
// random keys, on every kind of damage, and on text that is no key at all.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSigned, keyPairOf, signText } from '../core/wire/signing.ts';
import { isSignedBy } from './signature.ts';

test('native and pure check agree', () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}`);
  const flip = (text: string, at: number) => {
    const place = at % text.length;
    const digit = (Number.parseInt(text.charAt(place), 16) ^ 1).toString(16);
    return text.slice(0, place) + digit + text.slice(place + 1);
  };
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.string(),
      fc.nat(),
      (secret, text, at) => {
        const { secretKey, publicKey } = keyPairOf(secret);
        const signature = signText(text, secretKey);
        assert.equal(isSignedBy(text, signature, publicKey), true);
        const wrong: [string, string, string][] = [
          [`${text}.`, signature, publicKey],
          [text, flip(signature, at), publicKey],
          [text, signature, flip(publicKey, at)],
          [text, signature.toUpperCase().replace(/[0-9]/g, 'A'), publicKey],
          [text, signature.slice(2), publicKey],
          [text, signature, 'f'.repeat(64)],
          [text, signature, ''],
        ];
        for (const parts of wrong) {
          assert.equal(isSignedBy(...parts), false);
          assert.equal(isSigned(...parts), false);
        }
      },
    ),
    { seed, numRuns: 25 },
  );
});
