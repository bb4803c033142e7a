// Signs with this device's key (Ed25519, RFC 8032): by the browser itself where it can, or by code
// that is fetched only then. Browsers can on https and localhost, and the newer ones only; a link
// from a local network has neither. Both give the same signature, for Ed25519 leaves no choice.

import { fromHex, toHex } from '../../core/base/ids.ts';

export type DeviceSigner = {
  /** 64 hexadecimal characters. */
  publicKey: string;
  /** 128 hexadecimal characters. */
  sign(text: string): Promise<string>;
};

/** What stands before a 32-byte seed in PKCS #8 (RFC 8410 section 7). */
const PKCS8_PREFIX = '302e020100300506032b657004220420';

/** @param secret 32-byte seed as hexadecimal */
export async function openSigner(secret: string): Promise<DeviceSigner> {
  try {
    return await signerOfBrowser(secret);
  } catch {
    const { signerOfCode } = await import('./deviceSignerCode.ts');
    return signerOfCode(secret);
  }
}

/** Rejects where the browser cannot. */
export async function signerOfBrowser(secret: string): Promise<DeviceSigner> {
  const { subtle } = globalThis.crypto;
  const pkcs8 = new Uint8Array(fromHex(PKCS8_PREFIX + secret));
  const key = await subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign']);
  const { x } = await subtle.exportKey('jwk', key);
  if (x === undefined) throw new Error('The browser tells no public key');
  return {
    publicKey: toHex(bytesOfBase64Url(x)),
    async sign(text) {
      const bytes = new TextEncoder().encode(text);
      return toHex(new Uint8Array(await subtle.sign('Ed25519', key, bytes)));
    },
  };
}

function bytesOfBase64Url(text: string): Uint8Array {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}
