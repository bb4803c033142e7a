// Proves that the browser's own signatures and ours are the same to the bit, for any key and text, and
// that without the browser's the other is taken.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../core/base/ids.ts';
import { isSigned } from '../../core/wire/signing.ts';
import { openSigner, signerOfBrowser } from './deviceSigner.ts';
import { signerOfCode } from './deviceSignerCode.ts';

const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => toHex(bytes));

test('both ways sign the same', async () => {
  await fc.assert(
    fc.asyncProperty(secrets, fc.string(), async (secret, text) => {
      const [browser, code] = [await signerOfBrowser(secret), signerOfCode(secret)];
      assert.equal(browser.publicKey, code.publicKey);
      const signature = await browser.sign(text);
      assert.equal(signature, await code.sign(text));
      assert.ok(isSigned(text, signature, browser.publicKey));
    }),
    { numRuns: 30 },
  );
});

test('a browser without it gets ours', async (context) => {
  const broken = { importKey: () => Promise.reject(new Error('NotSupportedError')) };
  context.mock.getter(globalThis.crypto, 'subtle', () => broken);
  const secret = '07'.repeat(32);
  await assert.rejects(signerOfBrowser(secret));
  const signer = await openSigner(secret);
  assert.equal(signer.publicKey, signerOfCode(secret).publicKey);
  assert.equal(await signer.sign('x'), await signerOfCode(secret).sign('x'));
});
