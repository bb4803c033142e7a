// A picture of one bit per pixel and the morphology on it: 32 pixels per step. Bit 0 of a word is
// its leftmost pixel. Outside the picture counts as set when eroding and as unset when dilating,
// as in OpenCV, so that things at the border keep their size.

/** Pixels in one word. */
const WORD_BITS = 32;

export type BitMask = { width: number; height: number; rowWords: number; words: Uint32Array };

/** An empty mask. `width` must be a multiple of 32. */
export function makeMask(width: number, height: number): BitMask {
  if (width % WORD_BITS !== 0) throw new RangeError(`Mask width ${width} is no multiple of 32`);
  const rowWords = width / WORD_BITS;
  return { width, height, rowWords, words: new Uint32Array(rowWords * height) };
}

/** Sets the bits of pixels that differ by more than `threshold`. */
export function differenceMask(
  current: Uint8Array,
  previous: Uint8Array,
  threshold: number,
  out: BitMask,
): void {
  const { words } = out;
  const limit = 2 * threshold + 1;
  let at = 0;
  for (let word = 0; word < words.length; word++) {
    let bits = 0;
    for (let bit = 0; bit < WORD_BITS; bit++, at++) {
      const difference = (current[at] as number) - (previous[at] as number) + threshold;
      // One unsigned comparison tests both signs.
      if (difference >>> 0 >= limit) bits |= 1 << bit;
    }
    words[word] = bits;
  }
}

/** 3x3 box dilation of `from` into `to`; `scratch` is overwritten. The three must differ. */
export function dilate(from: BitMask, to: BitMask, scratch: BitMask): void {
  const { rowWords, height } = from;
  const source = from.words;
  const rows = scratch.words;
  for (let y = 0; y < height; y++) {
    const start = y * rowWords;
    for (let index = 0; index < rowWords; index++) {
      const word = source[start + index] as number;
      const before = index > 0 ? (source[start + index - 1] as number) : 0;
      const after = index < rowWords - 1 ? (source[start + index + 1] as number) : 0;
      rows[start + index] = word | (word << 1) | (before >>> 31) | (word >>> 1) | (after << 31);
    }
  }
  const out = to.words;
  for (let at = 0; at < out.length; at++) {
    const above = at >= rowWords ? (rows[at - rowWords] as number) : 0;
    const below = at + rowWords < out.length ? (rows[at + rowWords] as number) : 0;
    out[at] = (rows[at] as number) | above | below;
  }
}

/** 3x3 box erosion of `from` into `to`; `scratch` is overwritten. The three must differ. */
export function erode(from: BitMask, to: BitMask, scratch: BitMask): void {
  const { rowWords, height } = from;
  const source = from.words;
  const rows = scratch.words;
  for (let y = 0; y < height; y++) {
    const start = y * rowWords;
    for (let index = 0; index < rowWords; index++) {
      const word = source[start + index] as number;
      const before = index > 0 ? (source[start + index - 1] as number) : 0xffff_ffff;
      const after = index < rowWords - 1 ? (source[start + index + 1] as number) : 0xffff_ffff;
      rows[start + index] = word & ((word << 1) | (before >>> 31)) & ((word >>> 1) | (after << 31));
    }
  }
  const out = to.words;
  for (let at = 0; at < out.length; at++) {
    const above = at >= rowWords ? (rows[at - rowWords] as number) : 0xffff_ffff;
    const below = at + rowWords < out.length ? (rows[at + rowWords] as number) : 0xffff_ffff;
    out[at] = (rows[at] as number) & above & below;
  }
}
