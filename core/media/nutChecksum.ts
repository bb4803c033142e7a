// The checksum of NUT packets: CRC-32 with polynomial 04C11DB7, highest bit first, starting at 0
// and not inverted (nut.txt, "checksum").

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c1_1db7 : value << 1;
  return value >>> 0;
});

/** Checksum of `bytes` from `start` up to `end`, unsigned 32 bit. */
export function crc32Msb(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    value = (value << 8) ^ (TABLE[((value >>> 24) ^ (bytes[i] ?? 0)) & 255] ?? 0);
  }
  return value >>> 0;
}
