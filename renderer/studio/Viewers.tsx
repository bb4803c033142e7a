// Who bet here, and who may not. The studio knows viewers by number only; the list is asked for
// when it is opened and after each act, because balances change with every bet.

import { useCallback, useEffect, useState } from 'react';
import type { Bettor } from '../../core/contract/operations.ts';
import { Button } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import { pointsText } from '../ui/figures.ts';
import { Notice } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import { TextField } from './Field.tsx';
import { ReasonForm } from './ReasonForm.tsx';
import { Secret } from './Secret.tsx';
import { attempt, studio } from './store.ts';

/** Most viewers in the list. */
const LIMIT = 100;
/** What is shown of a number; the whole stands in the tooltip. */
const SHOWN_DIGITS = 8;

export function Viewers() {
  const [bettors, setBettors] = useState<readonly Bettor[] | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const read = useCallback(async () => {
    const answer = studio.viewers.list({ limit: LIMIT });
    const refused = await attempt(answer);
    setRefusal(refused);
    if (refused === null) setBettors(await answer);
  }, []);
  useEffect(() => {
    read();
  }, [read]);
  return (
    <>
      <p className="managePart-words">{text('studio.viewers.text')}</p>
      {refusal === null ? null : <Notice severity="stop">{refusal}</Notice>}
      {bettors?.length === 0 ? <p>{text('studio.viewers.none')}</p> : null}
      <ul className="manageList">
        {(bettors ?? []).map((bettor) => (
          <Line key={bettor.subject} bettor={bettor} onChanged={read} />
        ))}
      </ul>
      <ByNumber onChanged={read} />
    </>
  );
}

type LineProps = { bettor: Bettor; onChanged: () => void };

function Line({ bettor, onChanged }: LineProps) {
  const [acting, setActing] = useState<'no' | 'ban' | 'staff'>('no');
  const { subject, isBanned, isStaff } = bettor;
  const name = subject.slice(0, SHOWN_DIGITS);
  const onDone = () => {
    setActing('no');
    onChanged();
  };
  return (
    <li className="manageLine">
      <span className="manageLine-title" title={subject}>
        <Figure>{name}</Figure>
        {isBanned ? <small className="banned">{text('studio.viewers.banned')}</small> : null}
        {isStaff ? <small className="crew">{text('studio.viewers.staff')}</small> : null}
      </span>
      <small className="manageLine-facts">
        {text('studio.viewers.bets')} <Figure>{pointsText(bettor.bets)}</Figure> ·{' '}
        {text('studio.viewers.balance')}{' '}
        <Secret>
          <Figure>{pointsText(bettor.availableMinor)}</Figure>
        </Secret>
      </small>
      {acting === 'ban' ? (
        <BanForm subject={subject} isBanned={!isBanned} onDone={onDone} />
      ) : acting === 'staff' ? (
        <StaffForm subject={subject} isStaff={!isStaff} onDone={onDone} />
      ) : (
        <>
          <Button
            size="dense"
            look="quiet"
            aria-label={text(
              isStaff ? 'studio.viewers.unmarkStaffNamed' : 'studio.viewers.markStaffNamed',
              { name },
            )}
            onClick={() => setActing('staff')}
          >
            {text(isStaff ? 'studio.viewers.unmarkStaff' : 'studio.viewers.markStaff')}
          </Button>
          <Button
            size="dense"
            aria-label={text(isBanned ? 'studio.viewers.unbanNamed' : 'studio.viewers.banNamed', {
              name,
            })}
            onClick={() => setActing('ban')}
          >
            {text(isBanned ? 'studio.viewers.unban' : 'studio.viewers.ban')}
          </Button>
        </>
      )}
    </li>
  );
}

type StaffFormProps = { subject: string; isStaff: boolean; onDone: () => void };

function StaffForm({ subject, isStaff, onDone }: StaffFormProps) {
  return (
    <ReasonForm
      label={text('studio.viewers.why')}
      effect={text('studio.viewers.staffEffect')}
      look="primary"
      submit={text(isStaff ? 'studio.viewers.markStaff' : 'studio.viewers.unmarkStaff')}
      act={(reason) => studio.viewers.setStaff({ subject, isStaff, reason })}
      onDone={onDone}
    />
  );
}

type BanFormProps = { subject: string; isBanned: boolean; onDone: () => void };

function BanForm({ subject, isBanned, onDone }: BanFormProps) {
  return (
    <ReasonForm
      label={text('studio.viewers.why')}
      submit={text(isBanned ? 'studio.viewers.ban' : 'studio.viewers.unban')}
      act={(reason) => studio.viewers.setBan({ subject, isBanned, reason })}
      onDone={onDone}
    />
  );
}

function ByNumber({ onChanged }: { onChanged: () => void }) {
  const [subject, setSubject] = useState('');
  const [wasSent, setWasSent] = useState(false);
  const [isActing, setIsActing] = useState(false);
  const isNumber = /^[0-9a-f]{32}$/.test(subject.trim());
  if (isActing) {
    return (
      <BanForm
        subject={subject.trim()}
        isBanned
        onDone={() => {
          setIsActing(false);
          setSubject('');
          onChanged();
        }}
      />
    );
  }
  return (
    <form
      className="manageActions"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setWasSent(true);
        if (isNumber) setIsActing(true);
      }}
    >
      <TextField
        label={text('studio.viewers.other')}
        value={subject}
        autoComplete="off"
        spellCheck={false}
        hint={text('studio.viewers.otherHint')}
        fault={
          (wasSent && !isNumber) || /[^0-9a-f\s]/.test(subject)
            ? text('studio.viewers.otherFault')
            : null
        }
        onValue={(value) => {
          setWasSent(false);
          setSubject(value);
        }}
      />
      <Button size="dense" type="submit">
        {text('studio.viewers.ban')}
      </Button>
    </form>
  );
}
