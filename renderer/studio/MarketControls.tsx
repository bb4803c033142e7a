// The owner's hand on a running market. Resolving and voiding say their effect before they happen,
// because money moves and is only ever put right by another transfer.

import { Pause, Play, TimerReset } from 'lucide-react';
import { useState } from 'react';
import { unreachable } from '../../core/base/assert.ts';
import type { MarketView } from '../../core/contract/state.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { OutcomeMark, outcomeStyle } from '../ui/OutcomeMark.tsx';
import { text } from '../ui/texts.ts';
import { TextField } from './Field.tsx';
import { EffectAccounts, EffectWords, useEffectOf } from './moderation/EffectLine.tsx';
import { closeForm, type MarketAct, openForm, useMarketForm } from './opened.ts';
import { ReasonForm } from './ReasonForm.tsx';
import { ask, attempt, studio } from './store.ts';
import { type Fault, numberFault } from './templateDraft.ts';
import { useFirstFocus } from './useFirstFocus.ts';

export function MarketControls({ market, nowUs }: { market: MarketView; nowUs: number | null }) {
  const act = useMarketForm(market.id);
  const onDone = closeForm;
  switch (act) {
    case 'resolve':
      return <Resolve market={market} onDone={onDone} />;
    case 'void':
      return <Void market={market} onDone={onDone} />;
    case 'extend':
      return <Extend market={market} nowUs={nowUs} onDone={onDone} />;
    case 'suspend':
      return <Suspend market={market} onDone={onDone} />;
    case 'correct':
    case null:
      return <Buttons market={market} />;
    default:
      return unreachable(act);
  }
}

function Buttons({ market }: { market: MarketView }) {
  const { id: marketId, title, state, suspended = '' } = market;
  const onDoing = (act: MarketAct) => openForm({ name: 'market', marketId, act });
  return (
    <>
      {suspended === '' ? null : (
        <p className="marketCard-suspended">
          <Pause size={12} aria-hidden="true" />
          {text('studio.markets.suspendedHere', { reason: suspended })}
        </p>
      )}
      <div className="marketControls">
        {state === 'OPEN' ? (
          <Button size="dense" onClick={() => ask(studio.markets.lock({ marketId }))}>
            {text('studio.markets.lock')}
          </Button>
        ) : null}
        <Button size="dense" onClick={() => onDoing('resolve')}>
          {text('studio.markets.resolve')}
        </Button>
        <Button size="dense" look="quiet" onClick={() => onDoing('void')}>
          {text('studio.markets.void')}
        </Button>
        <span className="marketControls-gap" />
        <IconButton
          size="dense"
          name={text('studio.markets.extendNamed', { title })}
          onClick={() => onDoing('extend')}
        >
          <TimerReset size={14} aria-hidden="true" />
        </IconButton>
        {state !== 'OPEN' ? null : suspended === '' ? (
          <IconButton
            size="dense"
            name={text('studio.markets.suspendNamed', { title })}
            onClick={() => onDoing('suspend')}
          >
            <Pause size={14} aria-hidden="true" />
          </IconButton>
        ) : (
          <IconButton
            size="dense"
            name={text('studio.markets.resumeNamed', { title })}
            onClick={() => ask(studio.markets.resume({ marketId }))}
          >
            <Play size={14} aria-hidden="true" />
          </IconButton>
        )}
      </div>
    </>
  );
}

type PartProps = { market: MarketView; onDone: () => void };

const poolsOf = ({ state, outcomes }: MarketView) =>
  `${state} ${outcomes.map(({ poolMinor }) => poolMinor).join(' ')}`;

function Resolve({ market, onDone }: PartProps) {
  return (
    <fieldset className="decide" onKeyDown={(key) => key.key === 'Escape' && onDone()}>
      <legend>{text('studio.markets.whoWon')}</legend>
      {market.outcomes.map((outcome, index) => (
        <Winner key={outcome.label} market={market} index={index} onDone={onDone} />
      ))}
      <Button size="dense" look="quiet" onClick={onDone}>
        {text('common.cancel')}
      </Button>
    </fieldset>
  );
}

/** One outcome, with what choosing it does to the money. */
function Winner({ market, index, onDone }: PartProps & { index: number }) {
  const first = useFirstFocus<HTMLButtonElement>();
  const question = { marketId: market.id, outcome: index, tCapUs: null };
  const told = useEffectOf(question, poolsOf(market));
  return (
    <>
      <button
        type="button"
        className="button button-plain decide-outcome"
        style={outcomeStyle(index)}
        ref={index === 0 ? first : null}
        onClick={() => {
          const reason = text('studio.markets.decidedByHand');
          ask(studio.markets.resolve({ marketId: market.id, outcome: index, reason }));
          onDone();
        }}
      >
        <OutcomeMark index={index} />
        <span className="outcomeRow-label">{market.outcomes[index]?.label}</span>
        <small>
          <EffectWords told={told} />
        </small>
      </button>
      <EffectAccounts told={told} />
    </>
  );
}

function Void({ market, onDone }: PartProps) {
  const question = { marketId: market.id, outcome: null, tCapUs: null };
  const told = useEffectOf(question, poolsOf(market));
  return (
    <ReasonForm
      label={text('studio.markets.whyVoid')}
      effect={<EffectWords told={told} />}
      below={<EffectAccounts told={told} />}
      submit={text('studio.markets.voidNow')}
      act={(reason) => studio.markets.void({ marketId: market.id, reason })}
      onDone={onDone}
    />
  );
}

function Suspend({ market, onDone }: PartProps) {
  return (
    <ReasonForm
      label={text('studio.markets.suspendWhy')}
      effect={text('studio.markets.suspendEffect')}
      submit={text('studio.markets.suspendNow')}
      act={(reason) => studio.markets.suspend({ marketId: market.id, reason })}
      onDone={onDone}
    />
  );
}

/** Seconds that a press of Extend adds, unless another number is typed. */
const EXTEND_SECONDS = 10;

function Extend({ market, nowUs, onDone }: PartProps & { nowUs: number | null }) {
  const [seconds, setSeconds] = useState(String(EXTEND_SECONDS));
  const [fault, setFault] = useState<Fault | string | null>(null);
  const first = useFirstFocus<HTMLInputElement>();
  const { state, lockAtUs, horizonAtUs, guardMs } = market;
  const isOpen = state === 'OPEN' && (nowUs === null || nowUs < lockAtUs);
  const roomSeconds = Math.floor((horizonAtUs - guardMs * 1000 - lockAtUs) / 1_000_000);
  const isFull = isOpen && roomSeconds < 1;
  async function send(): Promise<void> {
    const wrong = numberFault(seconds, 1, isOpen ? Math.max(1, roomSeconds) : 86_400, true);
    setFault(wrong);
    if (wrong !== null) return;
    const args = { marketId: market.id, seconds: Number(seconds) };
    const refusal = await attempt(studio.markets.extend(args));
    setFault(refusal);
    if (refusal === null) onDone();
  }
  const hint = isFull
    ? text('studio.markets.extendFull')
    : isOpen
      ? text('studio.markets.extendOpenHint', { seconds: roomSeconds })
      : text('studio.markets.extendLockedHint');
  return (
    <form
      className="decide"
      noValidate
      onKeyDown={(key) => key.key === 'Escape' && onDone()}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <TextField
        label={text(isOpen ? 'studio.markets.extendOpen' : 'studio.markets.extendLocked')}
        hint={hint}
        fault={fault}
        input={first}
        inputMode="numeric"
        value={seconds}
        onValue={setSeconds}
      />
      <div className="marketControls">
        <Button size="dense" look="primary" type="submit" disabled={isFull}>
          {text('studio.markets.extendNow')}
        </Button>
        <Button size="dense" look="quiet" onClick={onDone}>
          {text('common.cancel')}
        </Button>
      </div>
    </form>
  );
}
