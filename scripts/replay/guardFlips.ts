// What another guard would have changed: the same commands once more, with that guard in the rules
// of every market that opened, and each bet beside what it was. Moves nothing of the studio's.

import { requestArgs } from '../../native/ledger/protocol.ts';
import type { Command } from './readShow.ts';
import type { FreshLedger } from './replayLedger.ts';

/** What became of a bet. */
type Fate = 'PENDING' | 'WON' | 'LOST' | 'REFUNDED';

export type Flip = {
  marketId: string;
  title: string;
  betId: string;
  subject: string;
  outcomeLabel: string;
  amountMinor: number;
  /** How long before the deciding picture it arrived, ms; negative: after it. */
  beforeMs: number;
  was: Fate;
  is: Fate;
  /** What the viewer has more (or less) than then, minor points. */
  effectMinor: number;
};

const PAGE = 500;

/** The commands with another guard; a betting window that would reach into it ends sooner. */
export function withGuard(commands: readonly Command[], guardMs: number): Command[] {
  return commands.map((command) => {
    if (command.name !== 'openMarket') return command;
    const { rules, ...args } = requestArgs.openMarket.parse(command.args);
    const latestUs = Math.max(rules.opensAtUs + 1, rules.horizonAtUs - guardMs * 1000);
    const lockAtUs = Math.min(rules.lockAtUs, latestUs);
    return { name: command.name, args: { ...args, rules: { ...rules, guardMs, lockAtUs } } };
  });
}

/**
 * Bets that another guard decides otherwise, and those that it makes worth more or less, in the
 * order of their arrival.
 *
 * @param then a ledger that took the commands, @param now one that took them with the other guard
 */
export function guardFlips(
  then: FreshLedger,
  now: FreshLedger,
  commands: readonly Command[],
): Flip[] {
  const opened = commands.flatMap(({ name, args }) =>
    name === 'openMarket' ? [String(args.marketId)] : [],
  );
  return [...new Set(opened)].flatMap((marketId) => {
    const { market } = then.ask('market', { marketId });
    const after = new Map(betsOf(now, marketId).map((bet) => [bet.betId, bet]));
    return betsOf(then, marketId).flatMap((bet): Flip[] => {
      const again = after.get(bet.betId);
      const is = again?.result ?? 'REFUNDED';
      // A bet that is not taken at all costs nothing, as one that comes back.
      const effectMinor = (again ? netOf(again) : 0) - netOf(bet);
      if (is === bet.result && effectMinor === 0) return [];
      const tCapUs = market?.decidedCaptureUs || market?.resolvedAtUs || bet.atUs;
      const { betId, subject, outcomeLabel, amountMinor } = bet;
      return [
        {
          ...{ marketId, title: bet.marketTitle, betId, subject, outcomeLabel, amountMinor },
          ...{ beforeMs: (tCapUs - bet.atUs) / 1000, was: bet.result, is, effectMinor },
        },
      ];
    });
  });
}

function betsOf(ledger: FreshLedger, marketId: string) {
  const bets: ReturnType<typeof page> = [];
  const page = (afterSeq: number) =>
    ledger.ask('betsOf', { marketId, afterSeq, limit: PAGE }).entries;
  for (let afterSeq = 0; ; ) {
    const more = page(afterSeq);
    bets.push(...more);
    const last = more.at(-1);
    if (!last || more.length < PAGE) return bets;
    afterSeq = last.seq;
  }
}

/** What a bet brought beyond its stake. */
function netOf({
  result,
  paidMinor,
  amountMinor,
}: {
  result: Fate;
  paidMinor: number;
  amountMinor: number;
}) {
  if (result === 'WON') return paidMinor - amountMinor;
  return result === 'LOST' ? -amountMinor : 0;
}

/** One line of it, in words. */
export function flipWords(flip: Flip): string {
  const { title, betId, amountMinor, outcomeLabel, beforeMs, was, is, effectMinor } = flip;
  const when =
    beforeMs >= 0 ? `${beforeMs.toFixed(0)} ms before` : `${(-beforeMs).toFixed(0)} ms after`;
  const sign = effectMinor > 0 ? '+' : '';
  const fate = was === is ? WORDS[is] : `${WORDS[was]}, now ${WORDS[is]}`;
  return `${title}: bet ${betId} of ${amountMinor} on "${outcomeLabel}", ${when}: ${fate} (${sign}${effectMinor}).`;
}

const WORDS: Record<Fate, string> = {
  PENDING: 'undecided',
  WON: 'won',
  LOST: 'lost',
  REFUNDED: 'given back',
};
