// What a decision would do to the money, before it is taken: the sums in one line, and account by
// account for who wants to look. Asked of the ledger, which computes it by the rules that decide.

import { useEffect, useState } from 'react';
import type { DecisionEffect } from '../../../core/contract/moderation.ts';
import { Figure } from '../../ui/Figure.tsx';
import { pointsText } from '../../ui/figures.ts';
import { text } from '../../ui/texts.ts';
import { attempt, studio } from '../store.ts';

type Question = { marketId: string; outcome: number | null; tCapUs: number | null };
export type Told = { effect: DecisionEffect } | { refusal: string } | null;

/** `pools` makes it asked again when somebody bets meanwhile. */
export function useEffectOf({ marketId, outcome, tCapUs }: Question, pools: string): Told {
  const [told, setTold] = useState<Told>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed pool is the reason to ask.
  useEffect(() => {
    let isHere = true;
    const read = async () => {
      const asked = studio.moderation.effect({ marketId, outcome, tCapUs });
      const refusal = await attempt(asked);
      if (!isHere) return;
      if (refusal !== null) setTold({ refusal });
      else setTold({ effect: await asked });
    };
    read();
    return () => {
      isHere = false;
    };
  }, [marketId, outcome, tCapUs, pools]);
  return told;
}

export function EffectWords({ told }: { told: Told }) {
  if (told === null) return <>{text('studio.mod.effect.wait')}</>;
  if ('refusal' in told) return <>{told.refusal}</>;
  return <>{effectWords(told.effect)}</>;
}

function accountsWords(count: number): string {
  if (count === 1) return text('studio.mod.effect.account');
  return text('studio.mod.effect.accounts', { count: pointsText(count) });
}

function effectWords(effect: DecisionEffect): string {
  const { settlement, givenMinor, takenMinor, owedMinor, houseMinor, accountCount } = effect;
  if (accountCount === 0) return text('studio.mod.effect.nothing');
  const count = accountsWords(effect.givenCount);
  const key = settlement === 'paid' ? 'studio.mod.effect.given' : 'studio.mod.effect.refund';
  const points = (minor: number) => ({ points: pointsText(minor) });
  return [
    text(key, { ...points(givenMinor), count }),
    ...(takenMinor > 0 ? [text('studio.mod.effect.taken', points(takenMinor))] : []),
    ...(owedMinor > 0 ? [text('studio.mod.effect.owed', points(owedMinor))] : []),
    ...(houseMinor !== 0 ? [text('studio.mod.effect.house', { points: signed(houseMinor) })] : []),
  ].join(' · ');
}

function signed(minor: number): string {
  if (minor === 0) return '0';
  return `${minor > 0 ? '+' : '−'}${pointsText(Math.abs(minor))}`;
}

/** Account by account; nothing to see while nothing is known. */
export function EffectAccounts({ told }: { told: Told }) {
  if (told === null || 'refusal' in told || told.effect.accounts.length === 0) return null;
  const { accounts, accountCount } = told.effect;
  const more = accountCount - accounts.length;
  return (
    <details className="effectAccounts">
      <summary>{text('studio.mod.effect.show')}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{text('studio.mod.effect.who')}</th>
            <th scope="col">{text('studio.mod.effect.stake')}</th>
            <th scope="col">{text('studio.mod.effect.change')}</th>
          </tr>
        </thead>
        <tbody>
          {accounts.map(({ subject, stakedMinor, changeMinor, owedMinor }) => (
            <tr key={subject}>
              <td title={subject}>{subject.slice(0, 8)}</td>
              <td>
                <Figure>{pointsText(stakedMinor)}</Figure>
              </td>
              <td>
                <Figure>{signed(changeMinor)}</Figure>
                {owedMinor > 0 ? (
                  <small>
                    {' '}
                    {text('studio.mod.owes')} <Figure>{pointsText(owedMinor)}</Figure>
                  </small>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 ? <p>{text('studio.mod.effect.more', { count: more })}</p> : null}
    </details>
  );
}
