// All that the crew knows of one person, and what it can do about them. Names and balances are
// asked for when the card opens and after each act; nothing is kept on this page.

import { Trash2 } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import type { PersonCard as Card } from '../../../core/contract/moderation.ts';
import type { Sanction } from '../../../core/contract/people.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Figure } from '../../ui/Figure.tsx';
import { pointsText } from '../../ui/figures.ts';
import { Notice } from '../../ui/Notice.tsx';
import { translated } from '../../ui/sentences.ts';
import { text } from '../../ui/texts.ts';
import { ChoiceField, TextField } from '../Field.tsx';
import { Modal } from '../Modal.tsx';
import { ReasonForm } from '../ReasonForm.tsx';
import { ask, attempt, newStudioId, studio } from '../store.ts';
import { Acts } from './AuditLog.tsx';
import { momentWords, roleWords, timeWords } from './actWords.ts';

type PersonCardProps = { subject: string; name: string; onClose: () => void };

export function PersonCard({ subject, name, onClose }: PersonCardProps) {
  const [card, setCard] = useState<Card | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const read = useCallback(async () => {
    const asked = studio.moderation.card({ subject });
    const refused = await attempt(asked);
    setRefusal(refused);
    if (refused === null) setCard(await asked);
  }, [subject]);
  useEffect(() => {
    read();
  }, [read]);
  return (
    <Modal title={text('studio.mod.cardNamed', { name: card?.name ?? name })} onClose={onClose}>
      {refusal === null ? null : <Notice severity="stop">{refusal}</Notice>}
      {card === null ? null : <Shown card={card} onChanged={read} />}
    </Modal>
  );
}

type PartProps = { card: Card; onChanged: () => void };

function Shown({ card, onChanged }: PartProps) {
  const { role, isHere, isSignedIn, availableMinor, stakedMinor, debtMinor } = card;
  return (
    <div className="personCard">
      <p className="personCard-facts">
        <span className="crewTag">{roleWords(role)}</span>
        <span>{text(isHere ? 'studio.mod.cardHere' : 'studio.mod.cardAway')}</span>
        <span>{text(isSignedIn ? 'studio.mod.cardSignedIn' : 'studio.mod.cardGuest')}</span>
        <Amount label={text('studio.mod.balance')} amountMinor={availableMinor} />
        <Amount label={text('studio.mod.staked')} amountMinor={stakedMinor} />
        {debtMinor > 0 ? <Amount label={text('studio.mod.owes')} amountMinor={debtMinor} /> : null}
      </p>
      {role === 'viewer' ? <Sanctioning card={card} onChanged={onChanged} /> : null}
      <div className="personCard-parts">
        <Notes card={card} onChanged={onChanged} />
        <Flags card={card} />
        <Bets card={card} />
        <Said card={card} />
        <Part title={text('studio.mod.acts')}>
          {card.acts.length === 0 ? <p>{text('studio.mod.logNone')}</p> : null}
          <Acts entries={card.acts} />
        </Part>
      </div>
    </div>
  );
}

function Amount({ label, amountMinor }: { label: string; amountMinor: number }) {
  return (
    <span>
      {label} <Figure>{pointsText(amountMinor)}</Figure>
    </span>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="personCard-part">
      <h3 className="dockSubtitle">{title}</h3>
      {children}
    </section>
  );
}

type Act = 'none' | 'warn' | 'timeOut' | 'ban';
const MINUTES = [1, 10, 60, 1440] as const;

function lengthWords(minutes: number): string {
  return minutes < 60
    ? text('studio.mod.minutes', { count: minutes })
    : text('studio.mod.hours', { count: minutes / 60 });
}

function Sanctioning({ card: { subject, sanctions }, onChanged }: PartProps) {
  const [act, setAct] = useState<Act>('none');
  const [minutes, setMinutes] = useState('10');
  const onDone = () => {
    setAct('none');
    onChanged();
  };
  const seconds = Number(minutes) * 60;
  const run = (reason: string): Promise<unknown> => {
    if (act === 'warn') return studio.people.warn({ subject, reason });
    if (act === 'timeOut') return studio.people.timeOut({ subject, seconds, reason });
    const until = minutes === '0' ? null : seconds;
    return studio.people.ban({ subject, withNetwork: false, seconds: until, reason });
  };
  const lengths = MINUTES.map((one) => [String(one), lengthWords(one)] as const);
  const choices =
    act === 'ban' ? [...lengths, ['0', text('studio.mod.untilLifted')] as const] : lengths;
  return (
    <>
      {act === 'none' ? (
        <div className="marketControls">
          {(['warn', 'timeOut', 'ban'] as const).map((one) => (
            <Button
              key={one}
              size="dense"
              look={one === 'ban' ? 'stop' : 'plain'}
              onClick={() => {
                setMinutes(one === 'ban' ? '0' : '10');
                setAct(one);
              }}
            >
              {text(`studio.mod.${one}`)}
            </Button>
          ))}
        </div>
      ) : (
        <ReasonForm
          label={text('studio.mod.reason')}
          effect={text(`studio.mod.${act}Effect`)}
          look={act === 'ban' ? 'stop' : 'primary'}
          submit={text(`studio.mod.${act}`)}
          act={run}
          onDone={onDone}
        >
          {act === 'warn' ? undefined : (
            <ChoiceField
              isFirst
              label={text('studio.mod.howLong')}
              value={minutes}
              choices={choices}
              onValue={setMinutes}
            />
          )}
        </ReasonForm>
      )}
      <ul className="sanctions">
        {sanctions.map((sanction) => (
          <Holding key={sanction.sanctionId} sanction={sanction} onChanged={onChanged} />
        ))}
      </ul>
    </>
  );
}

function Holding({ sanction, onChanged }: { sanction: Sanction; onChanged: () => void }) {
  const [isLifting, setIsLifting] = useState(false);
  const { sanctionId, kind, untilMs, reason } = sanction;
  const what = text(`studio.mod.sanction.${kind}`);
  return (
    <li className="sanction">
      <strong>{what}</strong>
      <span>{translated(reason)}</span>
      <small>
        {untilMs === 0
          ? text('studio.mod.untilLifted')
          : text('studio.mod.until', { time: momentWords(untilMs) })}
      </small>
      {isLifting ? (
        <ReasonForm
          label={text('studio.mod.whyRestore')}
          look="primary"
          submit={text('studio.mod.restore')}
          act={(why) => studio.people.lift({ sanctionId, reason: why })}
          onDone={() => {
            setIsLifting(false);
            onChanged();
          }}
        />
      ) : (
        <Button
          size="dense"
          aria-label={text('studio.mod.restoreNamed', { what })}
          onClick={() => setIsLifting(true)}
        >
          {text('studio.mod.restore')}
        </Button>
      )}
    </li>
  );
}

function Notes({ card: { subject, notes }, onChanged }: PartProps) {
  const [words, setWords] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const [noteId, setNoteId] = useState(newStudioId);
  async function add(): Promise<void> {
    const said = words.trim();
    if (said === '') return setFault(text('studio.fault.empty'));
    const refusal = await attempt(studio.moderation.note({ noteId, subject, text: said }));
    setFault(refusal);
    if (refusal !== null) return;
    setWords('');
    setNoteId(newStudioId());
    onChanged();
  }
  return (
    <Part title={text('studio.mod.notes')}>
      <form
        className="noteForm"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <TextField
          label={text('studio.mod.noteLabel')}
          value={words}
          maxLength={500}
          fault={fault}
          onValue={setWords}
        />
        <Button size="dense" type="submit">
          {text('studio.mod.noteAdd')}
        </Button>
      </form>
      <ul className="notes">
        {notes.map((note) => (
          <li key={note.noteId} className="note">
            <p>{note.text}</p>
            <small>
              {note.author} · {momentWords(note.atMs)}
            </small>
            <IconButton
              size="dense"
              name={text('studio.mod.noteRemove')}
              onClick={async () => {
                await ask(studio.moderation.removeNote({ noteId: note.noteId }));
                onChanged();
              }}
            >
              <Trash2 size={14} aria-hidden="true" />
            </IconButton>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Flags({ card: { signals } }: { card: Card }) {
  if (signals.length === 0) return null;
  return (
    <Part title={text('studio.mod.flags')}>
      <p className="personCard-hint">{text('studio.mod.flagsHint')}</p>
      <ul className="flags">
        {signals.map(({ kind, sentence, strength, evidence }) => (
          <li key={`${kind} ${sentence}`}>
            <p>
              {sentence} <Figure>{`${Math.round(strength * 100)} %`}</Figure>
            </p>
            {evidence.length === 0 ? null : <small>{evidence.join(' · ')}</small>}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Bets({ card: { bets } }: { card: Card }) {
  return (
    <Part title={text('studio.mod.bets')}>
      {bets.length === 0 ? <p>{text('studio.mod.noBets')}</p> : null}
      <ul className="cardBets">
        {bets.map(({ betId, marketTitle, outcomeLabel, amountMinor, result, paidMinor }) => (
          <li key={betId} data-result={result}>
            <span>
              {marketTitle} · {outcomeLabel}
            </span>
            <Figure>{pointsText(amountMinor)}</Figure>
            <span>{text(`studio.mod.bet.${result}`, { points: pointsText(paidMinor) })}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Said({ card: { lines } }: { card: Card }) {
  return (
    <Part title={text('studio.mod.said')}>
      {lines.length === 0 ? <p>{text('studio.mod.saidNothing')}</p> : null}
      <ul className="cardLines">
        {lines.toReversed().map(({ number, atMs, text: words, state }) => (
          <li key={number}>
            <time>{timeWords(atMs)}</time>{' '}
            {state === 'removed' ? <em>{text('studio.mod.removed')}</em> : words}
          </li>
        ))}
      </ul>
    </Part>
  );
}
