// Identifiers. All are random and made by whoever starts an act, stored before they are sent, so
// that a retry is recognised. The random source is a parameter.

/** Fills a buffer with cryptographically strong random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

const HEX = '0123456789abcdef';

/** Bytes as lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  return text;
}

/** Lower- or upper-case hexadecimal as bytes. Throws RangeError when `text` is not hexadecimal. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new RangeError(`Expected hexadecimal text, got ${text.length} characters`);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16);
  }
  return bytes;
}

/** A new id: 16 random bytes as 32 hexadecimal characters. */
export function newId(random: RandomBytes): string {
  return toHex(random(16));
}
