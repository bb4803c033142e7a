// What a bet's line says, from its record alone. Refusals are whole sentences; where the ledger
// speaks of "this viewer", the page says "you".

import { pointsText } from '../ui/figures.ts';
import { translated } from '../ui/sentences.ts';
import { type TextKey, text } from '../ui/texts.ts';
import type { BetMove, BetRecord } from './betRecord.ts';

const OWN_WORDS: Readonly<Record<string, TextKey>> = {
  STALE_QUOTE: 'viewer.refusal.STALE_QUOTE',
  TIME_OUT: 'viewer.refusal.TIME_OUT',
  SELF_EXCLUDED: 'viewer.refusal.SELF_EXCLUDED',
  BANNED: 'viewer.refusal.BANNED',
  SUBJECT_BOUND: 'viewer.refusal.SUBJECT_BOUND',
  UNKNOWN_BET: 'viewer.refusal.UNKNOWN_BET',
  BET_DECIDED: 'viewer.refusal.BET_DECIDED',
};

/** A refusal as a sentence for whoever was refused; its code small behind. */
export function refusalText({ code, message }: { code: string; message: string }): string {
  const key = OWN_WORDS[code];
  return `${key ? text(key) : translated(message)} ${code}`.trim();
}

/** The bold word: where the bet stands. */
export function stateText(bet: BetRecord): string {
  const { state, move } = bet;
  const sold = move?.kind === 'sale' && move.state === 'confirmed' ? move : null;
  if (state === 'confirmed' && sold) {
    return text('viewer.soldFor', { points: pointsText(sold.amountMinor) });
  }
  if (state === 'confirmed' && move?.kind === 'withdraw' && move.state === 'confirmed') {
    return text('viewer.takenBack');
  }
  const points = pointsText(bet.paidMinor);
  // What was sold before the end is no luck of the outcome.
  if (state === 'won' && sold) return text('viewer.soldPaid', { points });
  return text(`viewer.betState.${state}`, { points });
}

/** The small line: why, and what waits; the receipt stands behind it. */
export function smallPrint(bet: BetRecord): string {
  switch (bet.state) {
    case 'sent':
      return waiting(bet.code, 'viewer.waitingAnswer');
    case 'refused':
      return refusalText(bet);
    case 'won':
    case 'lost':
      // The market above says why already.
      return isTooLate(bet) ? text('viewer.moveTooLate') : '';
    case 'confirmed':
      return moveText(bet.move);
    case 'refunded':
      return translated(bet.reason);
  }
}

/** The picture was faster than the wish to take the stake back. */
function isTooLate({ move }: BetRecord): boolean {
  return move?.kind === 'withdraw' && move.state === 'confirmed';
}

function moveText(move: BetMove | null): string {
  if (!move) return '';
  if (move.state === 'refused') return refusalText(move);
  const isWithdrawal = move.kind === 'withdraw';
  if (move.state === 'confirmed') {
    return text(isWithdrawal ? 'viewer.takenBackWhen' : 'viewer.soldWhen');
  }
  const points = pointsText(move.amountMinor);
  const words = isWithdrawal ? text('viewer.takingBack') : text('viewer.selling', { points });
  return move.code === '' ? words : waiting(move.code, 'viewer.takingBack');
}

/** Whether a mark that the relay signed covers the receipt's row. */
export function witnessText(bet: BetRecord): string {
  if (bet.isContested) return text('viewer.contested');
  return text(bet.isWitnessed ? 'viewer.witnessed' : 'viewer.notWitnessed');
}

function waiting(code: string, otherwise: TextKey): string {
  switch (code) {
    case 'STUDIO_AWAY':
    case 'LEDGER_UNAVAILABLE':
    case 'RATE_LIMITED':
      return text(`viewer.waiting.${code}`);
    default:
      return text(otherwise);
  }
}

/** What settled bets came to: paid back minus staked, over those that the page knows. */
export function resultOf(bets: readonly BetRecord[]): { count: number; netMinor: number } {
  const settled = bets.filter(({ state }) => ['won', 'lost', 'refunded'].includes(state));
  const netMinor = settled.reduce((sum, bet) => sum + bet.paidMinor - bet.amountMinor, 0);
  return { count: settled.length, netMinor };
}
