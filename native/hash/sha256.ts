// The platform's SHA-256, for the processes that hash every row of a journal: core's own, which
// runs in a browser too, takes several times as long. Both give the same bytes; a test compares.

import { hash } from 'node:crypto';

/** As text: making a Buffer inside of the hash costs more than the hash. */
export function sha256HexOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

export function sha256Of(bytes: Uint8Array): Uint8Array {
  return Buffer.from(sha256HexOf(bytes), 'hex');
}

/** The chain over a journal's rows: core's chainHash. */
export function chainHashOf(previousHash: Uint8Array, body: Uint8Array): Uint8Array {
  return sha256Of(Buffer.concat([previousHash, body]));
}
