// A stake as a person types it: `50`, `1k`, `2.5k`, `25%`, `all`. Whole points only; a share of the
// balance is rounded down, so that nobody stakes more than was meant. What cannot be meant for sure
// (`1,5`, `50 %%`, `-3`) is no stake rather than a guess.

/** More than any balance of ours; it also keeps every sum exact. */
export const STAKE_MAX = 999_999_999;

export type TypedStake =
  | { kind: 'points'; points: number }
  /** Of the balance at the moment of betting, 0 < share <= 1. */
  | { kind: 'share'; share: number };

const SCALES: Readonly<Record<string, number>> = { '': 1, k: 1_000, m: 1_000_000 };

/** What was typed, or null when it is no stake. */
export function parseStake(typed: string): TypedStake | null {
  const words = typed.trim().toLowerCase();
  if (words === 'all' || words === 'max') return { kind: 'share', share: 1 };
  const percent = /^(\d{1,3}(?:[.,]\d{1,2})?)\s?%$/.exec(words)?.[1];
  if (percent !== undefined) {
    const share = Number(percent.replace(',', '.')) / 100;
    return share > 0 && share <= 1 ? { kind: 'share', share } : null;
  }
  // Points in groups of three are whole points: 1,000 and 1 000 are a thousand.
  const grouped = /^\d{1,3}(?:[ ,.'\u00a0\u202f]\d{3})+$/.test(words);
  const plain = grouped ? words.replace(/\D/g, '') : words;
  const [, digits, decimals = '', scale = ''] =
    /^(\d{1,9})(?:[.,](\d{1,6}))?\s?([km]?)$/.exec(plain) ?? [];
  if (digits === undefined) return null;
  const points = scaled(digits, decimals, SCALES[scale] ?? 1);
  return points !== null && points > 0 && points <= STAKE_MAX ? { kind: 'points', points } : null;
}

/** Exact: digits are moved, never multiplied. Null when a part of a point would be left. */
function scaled(digits: string, decimals: string, scale: number): number | null {
  const places = String(scale).length - 1;
  const kept = decimals.replace(/0+$/, '');
  // Without a scale decimals are parts of a point, or groups gone wrong: nobody knows which.
  if (kept.length > places || (places === 0 && decimals !== '')) return null;
  return Number(digits + kept.padEnd(places, '0'));
}

/** The points that a stake is of a balance; 0 when it is nothing or more than there is none of. */
export function stakePoints(stake: TypedStake, availableMinor: number): number {
  if (stake.kind === 'points') return stake.points;
  if (availableMinor <= 0) return 0;
  // Hundredths of a percent are whole numbers, so that 29 % of 100 is 29 and not 28.
  const hundredths = Math.round(stake.share * 10_000);
  return Math.max(1, Math.floor((availableMinor * hundredths) / 10_000));
}
