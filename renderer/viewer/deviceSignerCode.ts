// Ed25519 in JavaScript, for browsers that cannot sign by themselves. Fetched only by those.

import { fromHex } from '../../core/base/ids.ts';
import { keyPairOf, signText } from '../../core/wire/signing.ts';
import type { DeviceSigner } from './deviceSigner.ts';

export function signerOfCode(secret: string): DeviceSigner {
  const { publicKey, secretKey } = keyPairOf(fromHex(secret));
  return { publicKey, sign: async (text) => signText(text, secretKey) };
}
