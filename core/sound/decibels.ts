// Amplitudes and decibels of full scale.

/** The factor of a gain: exactly 1 at 0 dB. */
export function amplitudeOf(decibels: number): number {
  return 10 ** (decibels / 20);
}

/** @param floorDb told for silence and everything below it */
export function decibelsOf(amplitude: number, floorDb: number): number {
  if (!(amplitude > 0)) return floorDb;
  return Math.max(floorDb, 20 * Math.log10(amplitude));
}
