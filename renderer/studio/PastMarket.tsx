// A market that ended, in one line; while its decision can still be corrected, with the time that
// is left for it and the form that does it.

import { useState } from 'react';
import type { MarketView, StudioState } from '../../core/contract/state.ts';
import { Button } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import { countdownText, pointsText } from '../ui/figures.ts';
import { OutcomeMark } from '../ui/OutcomeMark.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { DecidedActs } from './DecidedActs.tsx';
import { ChoiceField, TextField } from './Field.tsx';
import { ArrivalsPart } from './fairness/ArrivalsPart.tsx';
import { EffectAccounts, EffectWords, useEffectOf } from './moderation/EffectLine.tsx';
import { closeForm, openForm, useMarketForm } from './opened.ts';
import { ReasonForm } from './ReasonForm.tsx';
import { studio } from './store.ts';

type PastMarketProps = {
  market: MarketView;
  policy: StudioState['policy'];
  nowUs: number | null;
};

export function PastMarket({ market, policy, nowUs }: PastMarketProps) {
  const isCorrecting = useMarketForm(market.id) === 'correct';
  const won = market.winner === null ? undefined : market.outcomes[market.winner];
  const leftUs = disputeLeftUs(market, policy, nowUs);
  const { title } = market;
  return (
    <li className="pastMarket" data-market={market.id}>
      <div className="pastMarket-line" title={translated(market.reason)}>
        <span className="pastMarket-title">{title}</span>
        <span className="pastMarket-result">
          {won === undefined || market.winner === null ? (
            text('market.state.VOID')
          ) : (
            <>
              <OutcomeMark index={market.winner} size={10} /> {won.label} ·{' '}
              <Figure>
                {text('studio.markets.paid', { points: pointsText(market.paidMinor) })}
              </Figure>
            </>
          )}
        </span>
      </div>
      {market.revision === undefined ? null : (
        <div className="pastMarket-line">
          <span className="overridden">{text('studio.mod.overridden')}</span>
        </div>
      )}
      {market.state === 'RESOLVED' ? <DecidedActs marketId={market.id} title={title} /> : null}
      <ArrivalsPart market={market} />
      {leftUs <= 0 || isCorrecting ? null : (
        <div className="pastMarket-line">
          <span className="pastMarket-left">
            <Figure>{text('studio.markets.correctLeft', { time: countdownText(leftUs) })}</Figure>
          </span>
          <Button
            size="dense"
            look="quiet"
            aria-label={text('studio.markets.correctNamed', { title })}
            onClick={() => openForm({ name: 'market', marketId: market.id, act: 'correct' })}
          >
            {text('studio.markets.correct')}
          </Button>
        </div>
      )}
      {isCorrecting ? <Correct market={market} onDone={closeForm} /> : null}
    </li>
  );
}

/** Time in which the decision may still be corrected; none while the clock is not known. */
function disputeLeftUs(
  { state, resolvedAtUs }: MarketView,
  policy: StudioState['policy'],
  nowUs: number | null,
): number {
  const isKnown = state === 'RESOLVED' && resolvedAtUs !== undefined;
  if (!isKnown || policy === null || nowUs === null) return 0;
  return resolvedAtUs + policy.disputeSeconds * 1_000_000 - nowUs;
}

const VOID = 'void';

function Correct({ market, onDone }: { market: MarketView; onDone: () => void }) {
  const { winner, outcomes } = market;
  const other = outcomes.findIndex((_, index) => index !== winner);
  const [outcome, setOutcome] = useState(String(other));
  const [moment, setMoment] = useState('');
  const choices = outcomes.map(({ label }, index) => {
    const same = text('studio.markets.correctSame', { label });
    return [String(index), index === winner ? same : label] as const;
  });
  const seconds = Number(moment);
  const isMoment = Number.isFinite(seconds) && Math.abs(seconds) <= 86_400;
  const min = -86_400;
  const baseUs = market.decidedCaptureUs || market.resolvedAtUs || 0;
  const tCapUs =
    moment.trim() === '' || !isMoment
      ? null
      : Math.max(0, baseUs + Math.round(seconds * 1_000_000));
  const chosen = outcome === VOID ? null : Number(outcome);
  const told = useEffectOf({ marketId: market.id, outcome: chosen, tCapUs }, market.state);
  return (
    <ReasonForm
      label={text('studio.markets.correctWhy')}
      effect={<EffectWords told={told} />}
      below={<EffectAccounts told={told} />}
      submit={text('studio.markets.correctNow')}
      act={(reason) =>
        studio.markets.correct({
          marketId: market.id,
          outcome: chosen,
          tCapUs,
          reason,
        })
      }
      canSend={isMoment}
      onDone={onDone}
    >
      <ChoiceField
        isFirst
        label={text('studio.markets.correctWhat')}
        value={outcome}
        choices={[...choices, [VOID, text('studio.markets.correctVoid')] as const]}
        onValue={setOutcome}
      />
      <TextField
        label={text('studio.markets.correctMoment')}
        hint={text('studio.markets.correctMomentHint')}
        fault={isMoment ? null : { key: 'studio.fault.number', values: { min, max: -min } }}
        inputMode="decimal"
        value={moment}
        onValue={setMoment}
      />
    </ReasonForm>
  );
}
