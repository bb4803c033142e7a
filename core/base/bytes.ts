// Bytes put together: parts one after the other, and numbers in network order. Every format that
// is written by hand stands on these two.

/** Whatever has bytes: an array of them, or numbers from 0 to 255. */
export type BytePart = Uint8Array | readonly number[];

/** Bytes one after the other, in memory of their own. */
export function joinBytes(parts: readonly BytePart[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * A number in big-endian order.
 *
 * @param value 0 to 2^53-1; what does not fit into the bytes is cut off above
 */
export function bigEndian(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, at) => (value / 2 ** (8 * (bytes - 1 - at))) & 255);
}
