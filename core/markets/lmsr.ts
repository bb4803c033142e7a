// Hanson's logarithmic market scoring rule: a price at any time, and a house that can lose at most
// what it put in (liquidity * ln n). Amounts are whole minor points, positions whole thousandths of
// a share; a share of the winner pays one point. Rounding never favours the trader, so the bound
// holds after rounding too. Journals carry what was charged and paid: nobody re-prices floats.

/** Thousandths in one share. */
export const MILLI = 1000;

/** Relative slack against the last bits of floating point; always to the trader's disadvantage. */
const SLACK = 1e-12;

/** Liquidity b for a budget that may be lost at most: F / ln n. */
export function liquidityOf(budgetMinor: number, outcomes: number): number {
  return budgetMinor / Math.log(outcomes);
}

/** C(q) = b ln sum e^(q_i/b), finite for any finite q. */
export function costOf(shares: readonly number[], liquidity: number): number {
  const top = Math.max(...shares);
  let sum = 0;
  for (const held of shares) sum += Math.exp((held - top) / liquidity);
  return top + liquidity * Math.log(sum);
}

/** Prices of all outcomes; they add up to 1. */
export function pricesOf(shares: readonly number[], liquidity: number): number[] {
  const cost = costOf(shares, liquidity);
  return shares.map((held) => Math.exp((held - cost) / liquidity));
}

/** C(q + bought) - C(q) without that subtraction's loss of digits; `bought` may be negative. */
export function tradeCost(
  shares: readonly number[],
  liquidity: number,
  outcome: number,
  bought: number,
): number {
  const before = shares[outcome] ?? 0;
  if (bought < 0) {
    // The price of having bought it back: stable where the price is close to 1.
    return -tradeCost(shares.with(outcome, before + bought), liquidity, outcome, -bought);
  }
  const price = Math.exp((before - costOf(shares, liquidity)) / liquidity);
  const steps = bought / liquidity;
  if (steps < 30) return liquidity * Math.log1p(price * Math.expm1(steps));
  const after = costOf(shares.with(outcome, before + bought), liquidity);
  return after - costOf(shares, liquidity);
}

/** Shares that `stake` buys: b log1p(expm1(stake/b) / p), written so that nothing overflows. */
export function sharesForStake(
  shares: readonly number[],
  liquidity: number,
  outcome: number,
  stake: number,
): number {
  const steps = stake / liquidity;
  const logGrowth = steps < 30 ? Math.log(Math.expm1(steps)) : steps;
  const logPrice = ((shares[outcome] ?? 0) - costOf(shares, liquidity)) / liquidity;
  const x = logGrowth - logPrice;
  return liquidity * (Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
}

/** What `milliShares` cost now, whole minor points, rounded up. */
export function chargeMinor(
  milli: readonly number[],
  liquidity: number,
  outcome: number,
  milliShares: number,
): number {
  const cost = tradeCost(milli.map(toShares), liquidity, outcome, milliShares / MILLI);
  return Math.ceil(cost * (1 + SLACK));
}

/** Most thousandths of a share that `stakeMinor` pays for. */
export function milliSharesFor(
  milli: readonly number[],
  liquidity: number,
  outcome: number,
  stakeMinor: number,
): number {
  const exact = sharesForStake(milli.map(toShares), liquidity, outcome, stakeMinor);
  let bought = Math.floor(exact * MILLI * (1 - SLACK));
  let step = 1;
  while (bought > 0 && chargeMinor(milli, liquidity, outcome, bought) > stakeMinor) {
    bought = Math.max(0, bought - step);
    step *= 2;
  }
  return bought;
}

/** What selling `milliShares` back pays now, whole minor points, rounded down. */
export function saleMinor(
  milli: readonly number[],
  liquidity: number,
  outcome: number,
  milliShares: number,
): number {
  const cost = tradeCost(milli.map(toShares), liquidity, outcome, -milliShares / MILLI);
  return Math.max(0, Math.floor(-cost * (1 - SLACK)));
}

/** What a position on the winner pays at the end, whole minor points. */
export function winMinor(milliShares: number): number {
  return Math.floor(milliShares / MILLI);
}

function toShares(milliShares: number): number {
  return milliShares / MILLI;
}
