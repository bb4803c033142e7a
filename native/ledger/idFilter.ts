// Says of most ids that they were never put away, without asking the disk (Bloom, 1970: two bits an
// id). It may say "perhaps" of an id that is not there, never "no" of one that is; until every id
// on the disk was read once, it says "perhaps" of all. Two megabytes; fair up to some millions.

/** Ids that are read at once. */
export const IDS_PAGE = 1_000;
const BITS = 2 ** 24;
const ID = /^[0-9a-f]{32}$/;

export class IdFilter {
  /** Whether every id on the disk was read. */
  isWhole = false;
  /** The last id that was read from the disk. */
  last: Buffer | null = null;
  readonly #bits = new Uint8Array(BITS / 8);

  mayHave(id: string): boolean {
    if (!this.isWhole || !ID.test(id)) return true;
    const both = Number.parseInt(id.slice(0, 12), 16);
    return this.#has(Math.floor(both / BITS)) && this.#has(both % BITS);
  }

  /** @param id the bytes of an id; only ids of 16 bytes are asked for */
  add(id: Buffer): void {
    if (id.length !== 16) return;
    this.#set(id.readUIntBE(0, 3));
    this.#set(id.readUIntBE(3, 3));
  }

  /** A page of ids from the disk, in their order; one that is not full was the last. */
  read(page: readonly Buffer[]): void {
    for (const id of page) this.add(id);
    this.last = page.at(-1) ?? this.last;
    this.isWhole = page.length < IDS_PAGE;
  }

  #has(bit: number): boolean {
    return ((this.#bits[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  #set(bit: number): void {
    this.#bits[bit >> 3] = (this.#bits[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
}
