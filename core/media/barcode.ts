// A capture time drawn into the picture and read back at a viewer: the only honest way to measure
// delay from frame to screen. 40 blocks of one row carry the bits, the row below carries them
// inverted, so that a smeared or cropped picture reads as null and never as a wrong time.

/** Bits of the number: milliseconds modulo 2^40 (35 years), read back near a known time. */
export const BARCODE_BITS = 40;
/** Side of a block, pixels, in the drawn picture; 16 survives 500 kbit/s at 720p. */
export const BARCODE_BLOCK = 16;
const RANGE = 2 ** BARCODE_BITS;
/** Luma of a 0 and a 1: video range black and white. */
const DARK = 16;
const BRIGHT = 235;
/** Blocks nearer to grey than this are unreadable. */
const CONTRAST_MIN = 40;

/**
 * Draws a time into the luma plane of a yuv420p picture, top left, 640x32 pixels, and greys the
 * colour under it.
 *
 * @param captureUs microseconds on the media clock; drawn in whole milliseconds modulo 2^40
 */
export function drawBarcode(
  yuv: Uint8Array,
  width: number,
  height: number,
  captureUs: number,
): void {
  const value = Math.floor(captureUs / 1000) % RANGE;
  const block = BARCODE_BLOCK;
  for (let bit = 0; bit < BARCODE_BITS; bit++) {
    const isSet = Math.floor(value / 2 ** (BARCODE_BITS - 1 - bit)) % 2 === 1;
    for (let y = 0; y < block * 2; y++) {
      const bright = y < block ? isSet : !isSet;
      const at = y * width + bit * block;
      yuv.fill(bright ? BRIGHT : DARK, at, at + block);
    }
  }
  const chromaWidth = width / 2;
  const plane = width * height;
  for (const start of [plane, plane + plane / 4]) {
    for (let y = 0; y < block; y++) {
      const at = start + y * chromaWidth;
      yuv.fill(128, at, at + (BARCODE_BITS * block) / 2);
    }
  }
}

/** Where the picture's brightness lies in memory. */
export type LumaSource = {
  bytes: Uint8Array | Uint8ClampedArray;
  /** Bytes from one row to the next. */
  stride: number;
  /** Bytes from one pixel to the next: 1 in a luma plane, 4 in RGBA (whose green is read). */
  step: number;
};

/**
 * Reads a barcode. Works on a luma plane and on RGBA (pass a view that starts at green), also of a
 * picture that was scaled.
 *
 * @param blockPixels side of a block in this picture: 16 times its scale
 * @returns whole milliseconds modulo 2^40, or null when no barcode is readable
 */
export function readBarcode(source: LumaSource, blockPixels = BARCODE_BLOCK): number | null {
  let value = 0;
  for (let bit = 0; bit < BARCODE_BITS; bit++) {
    const x = (bit + 0.5) * blockPixels;
    const upper = meanAround(source, x, 0.5 * blockPixels, blockPixels / 4);
    const lower = meanAround(source, x, 1.5 * blockPixels, blockPixels / 4);
    if (Math.abs(upper - lower) < CONTRAST_MIN) return null;
    // Both must lie on their own side of grey, or this is a picture and no barcode.
    if ((upper - 126) * (lower - 126) >= 0) return null;
    value = value * 2 + (upper > lower ? 1 : 0);
  }
  return value;
}

/** The full milliseconds of a barcode, given a time within 17 years of it. */
export function barcodeTimeMs(value: number, nearMs: number): number {
  return value + Math.round((nearMs - value) / RANGE) * RANGE;
}

function meanAround(source: LumaSource, x: number, y: number, radius: number): number {
  const reach = Math.max(1, Math.floor(radius));
  let sum = 0;
  let count = 0;
  for (let row = Math.floor(y) - reach; row <= Math.floor(y) + reach; row++) {
    for (let column = Math.floor(x) - reach; column <= Math.floor(x) + reach; column++) {
      const value = source.bytes[row * source.stride + column * source.step];
      if (value === undefined) return 126;
      sum += value;
      count++;
    }
  }
  return sum / count;
}
