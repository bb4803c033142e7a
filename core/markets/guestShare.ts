// How much of a pool guests may be: viewers to whom nothing has vested by watching yet, so that
// throwaway accounts cannot feed a pool. What is above the cap goes back at the lock, the newest
// bets first and each as a whole. Pure, in integers.

/** The part of a bet that counts here. */
export type GuestBet = { amountMinor: number; isGuest: boolean };

const WHOLE_BASIS_POINTS = 10_000n;

/**
 * Most that guests may hold, so that they are at most `shareBasisPoints` of the whole pool: with
 * others' stakes N and the share s it is floor(N s / (1 - s)).
 *
 * @param shareBasisPoints 0 to 9,999
 */
export function guestCapMinor(othersMinor: number, shareBasisPoints: number): number {
  const share = BigInt(shareBasisPoints);
  return Number((BigInt(othersMinor) * share) / (WHOLE_BASIS_POINTS - share));
}

/**
 * Places of the bets that go back: the newest first, until the rest is within the cap.
 *
 * @param bets the bets that stand, oldest first
 */
export function guestsReturned(
  bets: readonly GuestBet[],
  shareBasisPoints: number,
): ReadonlySet<number> {
  let othersMinor = 0;
  let guestsMinor = 0;
  for (const { amountMinor, isGuest } of bets) {
    if (isGuest) guestsMinor += amountMinor;
    else othersMinor += amountMinor;
  }
  const capMinor = guestCapMinor(othersMinor, shareBasisPoints);
  const returned = new Set<number>();
  for (let place = bets.length - 1; place >= 0 && guestsMinor > capMinor; place--) {
    const bet = bets[place];
    if (!bet?.isGuest) continue;
    guestsMinor -= bet.amountMinor;
    returned.add(place);
  }
  return returned;
}
