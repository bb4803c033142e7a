// Where decoded pictures lie: one block of WebAssembly memory that all threads share. The decoder's
// bytes are copied into it once as they arrive; motion's loops, a model's input and JavaScript all
// read them there. Places are used in turn, so who keeps a picture for long reads another one.

/** Loops read a little beyond a picture's last row. */
const SLACK_BYTES = 64;
const PAGE_BYTES = 65_536;

export class PictureMemory {
  /** What other threads and modules get; they only read. */
  readonly memory: WebAssembly.Memory;
  /** Bytes that were copied here by `copyIn`, and not by who filled what it took. */
  copiedBytes = 0;
  readonly #bytes: Uint8Array;
  readonly #bytesEach: number;
  readonly #stride: number;
  readonly #count: number;
  #next = 0;

  /** @param count pictures that are kept */
  constructor({ bytesEach, count }: { bytesEach: number; count: number }) {
    this.#bytesEach = bytesEach;
    this.#stride = (bytesEach + 15) & ~15;
    this.#count = count;
    const pages = Math.ceil((this.#stride * count + SLACK_BYTES) / PAGE_BYTES);
    // Pages that nobody has touched cost nothing.
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.#bytes = new Uint8Array(this.memory.buffer);
  }

  /** The place of the next picture; what lay there is gone. */
  take(): Uint8Array {
    const start = this.#next * this.#stride;
    this.#next = (this.#next + 1) % this.#count;
    return this.#bytes.subarray(start, start + this.#bytesEach);
  }

  /** Where these bytes lie in the memory; null when they lie elsewhere. */
  addressOf(bytes: Uint8Array): number | null {
    return bytes.buffer === this.#bytes.buffer ? bytes.byteOffset : null;
  }

  /** Copies what lies elsewhere to the next place. */
  copyIn(bytes: Uint8Array): number {
    const place = this.take();
    const part = bytes.subarray(0, this.#bytesEach);
    place.set(part);
    this.copiedBytes += part.length;
    return place.byteOffset;
  }

  /** What lies at an address; a view that changes with the pictures. */
  at(address: number, length: number): Uint8Array {
    return this.#bytes.subarray(address, address + length);
  }
}
