// Tells a shadow, or light let in, from a thing: light scales everything under it by nearly the
// same ratio (Horprasert, Harwood and Davis 1999; Jacques, Jung and Musse 2005), a thing does not.
// It judges whole components, so that no thing gets holes; a thing with its shadow on it stays one
// component.

import type { Component } from './components.ts';
import { BACKGROUND_BITS } from './wasm/kernels.ts';
import type { Pixels } from './wasm/pixels.ts';

/** Ratios that light makes; deeper is a dark thing. */
const RATIO_MIN = 0.5;
const RATIO_MAX = 1.45;
/** Standard deviation of the ratio up to which it is light. */
const DEVIATION_MAX = 0.105;
/** Smaller ones may be a ball of one colour, pixels. */
const AREA_MIN = 400;
const SAMPLE_STEP = 2;

/** @param limit distance from the background at which a pixel counts, background units */
export function isLightOnly(pixels: Pixels, component: Component, limit: number): boolean {
  if (component.area < AREA_MIN) return false;
  const { background, width } = pixels;
  const newest = pixels.newest();
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let y = component.top; y < component.bottom; y += SAMPLE_STEP) {
    for (let x = component.left; x < component.right; x += SAMPLE_STEP) {
      const at = y * width + x;
      const luma = (newest[at] as number) << BACKGROUND_BITS;
      const usual = background[at] as number;
      if (Math.abs(luma - usual) <= limit) continue;
      const ratio = luma / Math.max(1 << BACKGROUND_BITS, usual);
      count++;
      sum += ratio;
      squares += ratio * ratio;
    }
  }
  if (count === 0) return false;
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
  return mean >= RATIO_MIN && mean <= RATIO_MAX && deviation <= DEVIATION_MAX;
}
