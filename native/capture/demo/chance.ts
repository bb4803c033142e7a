// Chance for the demo: every number is a pure function of a seed and a counter.
// It must never keep state between frames, or a frame would depend on the ones drawn before it.

/** Mixes three 32-bit integers into one (constants of MurmurHash3's finaliser). */
export function mix32(a: number, b: number, c: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15) ^ c, 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

/** A number in [0, 1) that belongs to (seed, a, b). */
export function chance(seed: number, a: number, b: number): number {
  return mix32(seed, a, b) / 4294967296;
}

export interface Stream {
  /** The next number in [0, 1). */
  unit(): number;
  /** The next number in [low, high). */
  between(low: number, high: number): number;
}

/** A sequence of numbers owned by (seed, name); two streams never influence each other. */
export function chanceStream(seed: number, name: number): Stream {
  let count = 0;
  const unit = (): number => {
    count += 1;
    return chance(seed, name, count);
  };
  return { unit, between: (low, high) => low + (high - low) * unit() };
}

/** Hermite step from 0 at `from` to 1 at `to`. */
export function smooth(from: number, to: number, at: number): number {
  const t = Math.min(1, Math.max(0, (at - from) / (to - from)));
  return t * t * (3 - 2 * t);
}
