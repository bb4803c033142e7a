// Numbers as people read them. Pure; used by all pages, so that the same amount never looks
// different in two places.

const THIN_SPACE = '\u202f';

/** 1240 as "1 240" (thin no-break space). Play points are integers. */
export function pointsText(amountMinor: number): string {
  return String(Math.round(amountMinor)).replace(/\B(?=(\d{3})+(?!\d))/g, THIN_SPACE);
}

/** Time left as "00:14", "1:02:03"; never below zero; seconds rounded up so 0 means closed. */
export function countdownText(leftUs: number): string {
  return clockText(Math.max(0, Math.ceil(leftUs / 1_000_000)));
}

/** Time passed as "00:12:41". */
export function elapsedText(passedUs: number): string {
  const seconds = Math.max(0, Math.floor(passedUs / 1_000_000));
  const rest = clockText(seconds % 3600);
  return `${twoDigits(Math.floor(seconds / 3600))}:${rest}`;
}

function clockText(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const rest = `${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/**
 * What one point on an outcome would pay now in a pool market, or null while nobody has bet on it.
 * The whole pool goes to the winners in proportion; there is no house share.
 */
export function poolOdds(poolsMinor: readonly number[], index: number): number | null {
  const own = poolsMinor[index] ?? 0;
  if (own <= 0) return null;
  return poolsMinor.reduce((sum, pool) => sum + pool, 0) / own;
}

/** 1.6129 as "1.61×"; null as "–". */
export function oddsText(odds: number | null): string {
  if (odds === null) return '–';
  return `${odds >= 100 ? Math.round(odds) : odds.toFixed(2)}×`;
}

/** Share of the pool, 0..1; 0 while the pool is empty. */
export function poolShare(poolsMinor: readonly number[], index: number): number {
  const total = poolsMinor.reduce((sum, pool) => sum + pool, 0);
  return total <= 0 ? 0 : (poolsMinor[index] ?? 0) / total;
}

/** What one point would pay at a price of so many thousandths; null for a price of nothing. */
export function priceOdds(permille: number): number | null {
  return permille <= 0 ? null : 1000 / permille;
}

/** 617 thousandths as "62 %". */
export function percentText(permille: number): string {
  return `${Math.round(permille / 10)}${THIN_SPACE}%`;
}
