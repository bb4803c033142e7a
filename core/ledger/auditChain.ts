// The auditor's own chain: whether each row's hash follows from the row before. Shares no code with
// the chain that the ledger writes, but for SHA-256 itself.

/** SHA-256 of some bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

const HASH_BYTES = 32;

export class AuditedChain {
  readonly #hashOf: Sha256;
  #hash: Uint8Array = new Uint8Array(HASH_BYTES);
  /** What is hashed: the hash before, then the row. Kept, because there are millions of rows. */
  #both = new Uint8Array(4_096);

  constructor(hashOf: Sha256) {
    this.#hashOf = hashOf;
  }

  /** Whether `hash` is the one of the next row. The chain goes on with the right one. */
  follows(body: Uint8Array, hash: Uint8Array): boolean {
    const bytes = HASH_BYTES + body.length;
    if (this.#both.length < bytes) this.#both = new Uint8Array(2 * bytes);
    this.#both.set(this.#hash, 0);
    this.#both.set(body, HASH_BYTES);
    this.#hash = this.#hashOf(this.#both.subarray(0, bytes));
    return hash.length === HASH_BYTES && this.#hash.every((byte, at) => byte === hash[at]);
  }
}
