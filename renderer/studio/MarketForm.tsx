// The form of a market: opened at once, or kept as a template. What is wrong stands at its field;
// nothing is sent before all of it can be used.

import { Plus, X } from 'lucide-react';
import { type Dispatch, type SetStateAction, useEffect, useRef, useState } from 'react';
import { EVENT_CATALOGUE, type EventType } from '../../core/contract/events.ts';
import type { Template } from '../../core/contract/state.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { pointsText } from '../ui/figures.ts';
import { Notice } from '../ui/Notice.tsx';
import { OutcomeMark, outcomeStyle } from '../ui/OutcomeMark.tsx';
import { type TextKey, text } from '../ui/texts.ts';
import { ChoiceField, Field, focusFirstFault, TextField } from './Field.tsx';
import { FairnessScope } from './fairness/FairnessScope.tsx';
import { attempt, newStudioId, studio } from './store.ts';
import {
  allowedIn,
  draftOf,
  EMPTY_DRAFT,
  type Faults,
  faultsOf,
  faultsTyped,
  freeTemplateId,
  OUTCOMES_MAX,
  type TemplateDraft,
  templateOf,
} from './templateDraft.ts';

type MarketFormProps = {
  /** `market` opens it; `template` keeps it. */
  kind: 'market' | 'template';
  /** The known ones, for a free name. */
  templates: readonly Template[];
  /** The template that is changed; without it a new one is made. */
  edited?: Template;
  onDone: () => void;
};

/** Most questions have these two answers; they are in the page's language. */
function emptyDraft(): TemplateDraft {
  return { ...EMPTY_DRAFT, outcomes: [text('studio.form.yes'), text('studio.form.no')] };
}

export function MarketForm({ kind, templates, edited, onDone }: MarketFormProps) {
  const [draft, setDraft] = useState(() => (edited ? draftOf(edited) : emptyDraft()));
  const [before] = useState(draft);
  const [wasSent, setWasSent] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  const known = faultsOf(draft);
  const isWrong = Object.keys(known).length > 0;
  const faults = wasSent ? known : faultsTyped(draft, before);
  async function send(how: 'open' | 'keep'): Promise<void> {
    setWasSent(true);
    if (isWrong) {
      // After the faults stand at their fields.
      requestAnimationFrame(() => form.current && focusFirstFault(form.current));
      return;
    }
    const taken = templates.map(({ id }) => id);
    const template = templateOf(draft, edited?.id ?? freeTemplateId(draft.title, taken));
    const answer = await attempt(
      how === 'open'
        ? studio.markets.create({ marketId: newStudioId(), template })
        : studio.markets.saveTemplate({ template }),
    );
    setRefusal(answer);
    if (answer === null) onDone();
  }
  return (
    <form
      ref={form}
      className="marketForm"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send(kind === 'market' ? 'open' : 'keep');
      }}
    >
      <div className="marketForm-fields">
        <Question draft={draft} setDraft={setDraft} faults={faults} />
        <Times draft={draft} setDraft={setDraft} faults={faults} />
        <Bindings draft={draft} setDraft={setDraft} faults={faults} isKept={kind === 'template'} />
        <Pricing draft={draft} setDraft={setDraft} faults={faults} />
      </div>
      {refusal === null ? null : <Notice severity="stop">{refusal}</Notice>}
      {wasSent && isWrong ? <Notice severity="warn">{text('studio.form.look')}</Notice> : null}
      <div className="dialog-actions">
        <Button onClick={onDone}>{text('common.cancel')}</Button>
        {kind === 'market' ? (
          <Button onClick={() => send('keep')}>{text('studio.form.keep')}</Button>
        ) : null}
        <Button look="primary" type="submit">
          {text(kind === 'market' ? 'studio.form.openNow' : 'studio.form.save')}
        </Button>
      </div>
    </form>
  );
}

type PartProps = {
  draft: TemplateDraft;
  setDraft: Dispatch<SetStateAction<TemplateDraft>>;
  faults: Faults;
};

/** What it is for, and what it takes. */
function allowedWords(draft: TemplateDraft, field: string, hint?: TextKey): string {
  const allowed = allowedIn(draft, field);
  const words = allowed === null ? '' : text(allowed.key, allowed.values);
  return [hint ? text(hint) : '', words].filter((one) => one !== '').join(' ');
}

/** A text field bound to a field of the draft. */
function DraftField(
  props: PartProps & {
    name:
      | 'title'
      | 'betWindow'
      | 'horizon'
      | 'deadline'
      | 'guard'
      | 'budget'
      | 'guests'
      | NarrowField;
    label: TextKey;
    hint?: TextKey;
    isNumber?: boolean;
  },
) {
  const { draft, setDraft, faults, name, label, hint, isNumber = true } = props;
  return (
    <TextField
      label={text(label)}
      hint={allowedWords(draft, name, hint)}
      fault={faults[name]}
      inputMode={isNumber ? 'decimal' : 'text'}
      autoComplete="off"
      value={draft[name]}
      onValue={(value) => setDraft((one) => ({ ...one, [name]: value }))}
    />
  );
}

type NarrowField = 'lockSubject' | 'lockConfidence' | 'decideSubject' | 'decideConfidence';

function Question({ draft, setDraft, faults }: PartProps) {
  const { outcomes } = draft;
  const setOutcomes = (next: readonly string[]) =>
    setDraft((one) => ({
      ...one,
      outcomes: next,
      outcomeThen: Math.min(one.outcomeThen, next.length - 1),
      otherwise: Math.min(one.otherwise, next.length - 1),
    }));
  return (
    <fieldset className="formPart">
      <legend>{text('studio.form.question')}</legend>
      <DraftField
        {...{ draft, setDraft, faults }}
        name="title"
        label="studio.form.title"
        isNumber={false}
      />
      <div className="formPart-legend">{text('studio.form.outcomes')}</div>
      {outcomes.map((label, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an outcome is its place; its words change.
        <div key={index} className="outcomeField" style={outcomeStyle(index)}>
          <OutcomeMark index={index} />
          <TextField
            label={text('studio.form.outcome', { number: index + 1 })}
            hint={allowedWords(draft, `outcome${index}`)}
            fault={faults[`outcome${index}`]}
            autoComplete="off"
            value={label}
            onValue={(value) => setOutcomes(outcomes.with(index, value))}
          />
          <IconButton
            size="dense"
            name={text('studio.form.removeOutcome', { number: index + 1 })}
            disabled={outcomes.length <= 2}
            onClick={() => setOutcomes(outcomes.toSpliced(index, 1))}
          >
            <X size={14} aria-hidden="true" />
          </IconButton>
        </div>
      ))}
      {outcomes.length >= OUTCOMES_MAX ? null : (
        <Button size="dense" look="quiet" onClick={() => setOutcomes([...outcomes, ''])}>
          <Plus size={14} aria-hidden="true" />
          {text('studio.form.addOutcome')}
        </Button>
      )}
    </fieldset>
  );
}

function Times(part: PartProps) {
  return (
    <fieldset className="formPart formPart-grid">
      <legend>{text('studio.form.times')}</legend>
      <DraftField {...part} name="betWindow" label="studio.form.betWindow" />
      <DraftField {...part} name="horizon" label="studio.form.horizon" />
      <DraftField {...part} name="deadline" label="studio.form.deadline" />
      <DraftField {...part} name="guard" label="studio.form.guard" hint="studio.form.guardHint" />
      <FairnessOfDraft draft={part.draft} />
    </fieldset>
  );
}

/** Only of times that can be: what is typed halfway means nothing. */
function FairnessOfDraft({ draft }: Pick<PartProps, 'draft'>) {
  const { betWindow, guard } = faultsOf(draft);
  if (betWindow !== undefined || guard !== undefined) {
    return <p className="fairness-axis">{text('studio.fair.times')}</p>;
  }
  return <FairnessScope betWindowSeconds={Number(draft.betWindow)} guardMs={Number(draft.guard)} />;
}

const EVENT_TYPES = Object.keys(EVENT_CATALOGUE) as EventType[];

function eventChoices(none: TextKey): (readonly [EventType | '', string])[] {
  return [
    ['', text(none)],
    ...EVENT_TYPES.map((type) => [type, text(`studio.event.${type}`)] as const),
  ];
}

function Bindings(part: PartProps & { isKept: boolean }) {
  const { draft, setDraft, isKept } = part;
  const set = (change: Partial<TemplateDraft>) => setDraft((one) => ({ ...one, ...change }));
  const outcomes = draft.outcomes.map((label, index) => [String(index), label] as const);
  return (
    <fieldset className="formPart formPart-grid">
      <legend>{text('studio.form.events')}</legend>
      {isKept ? (
        <ChoiceField
          label={text('studio.form.suggestOn')}
          value={draft.suggestOn}
          choices={eventChoices('studio.form.never')}
          onValue={(suggestOn) => set({ suggestOn })}
        />
      ) : null}
      {isKept && draft.suggestOn ? (
        <ChoiceField
          label={text('studio.form.opening')}
          value={draft.opening}
          choices={[
            ['ask', text('studio.form.opening.ask')],
            ['auto', text('studio.form.opening.auto')],
          ]}
          onValue={(opening) => set({ opening })}
        />
      ) : null}
      <div className="formRow">
        <ChoiceField
          label={text('studio.form.lockOn')}
          value={draft.lockOn}
          choices={eventChoices('studio.form.byClock')}
          onValue={(lockOn) => set({ lockOn })}
        />
        {draft.lockOn ? (
          <Narrow {...part} subject="lockSubject" confidence="lockConfidence" />
        ) : null}
      </div>
      <div className="formRow">
        <ChoiceField
          label={text('studio.form.decideOn')}
          value={draft.decideOn}
          choices={eventChoices('studio.form.byHand')}
          onValue={(decideOn) => set({ decideOn })}
        />
        {draft.decideOn ? (
          <Narrow {...part} subject="decideSubject" confidence="decideConfidence" />
        ) : null}
      </div>
      {draft.decideOn ? (
        <>
          <ChoiceField
            label={text('studio.form.outcomeThen')}
            value={String(draft.outcomeThen)}
            choices={outcomes}
            onValue={(value) => set({ outcomeThen: Number(value) })}
          />
          <ChoiceField
            label={text('studio.form.otherwise')}
            value={String(draft.otherwise)}
            choices={outcomes}
            onValue={(value) => set({ otherwise: Number(value) })}
          />
        </>
      ) : null}
    </fieldset>
  );
}

function Narrow(part: PartProps & { subject: NarrowField; confidence: NarrowField }) {
  const { subject, confidence, draft, setDraft, faults } = part;
  return (
    <>
      <DraftField
        {...{ draft, setDraft, faults }}
        name={subject}
        label="studio.form.subject"
        hint="studio.form.subjectHint"
        isNumber={false}
      />
      <DraftField
        {...{ draft, setDraft, faults }}
        name={confidence}
        label="studio.form.confidence"
      />
    </>
  );
}

function Pricing({ draft, setDraft, faults }: PartProps) {
  const count = draft.outcomes.length;
  const budget = Number(draft.budget);
  return (
    <fieldset className="formPart formPart-grid">
      <legend>{text('studio.form.points')}</legend>
      <div className="formRow">
        {' '}
        <Field
          label={text('studio.form.pricing')}
          control={(ids) => (
            <select
              {...ids}
              className="field"
              value={draft.pricing}
              onChange={(change) => {
                const pricing = change.target.value === 'lmsr' ? 'lmsr' : 'parimutuel';
                setDraft((one) => ({ ...one, pricing }));
              }}
            >
              <option value="parimutuel">{text('studio.form.pricing.parimutuel')}</option>
              <option value="lmsr">{text('studio.form.pricing.lmsr')}</option>
            </select>
          )}
        />
      </div>{' '}
      {draft.pricing === 'lmsr' ? (
        <>
          <DraftField {...{ draft, setDraft, faults }} name="budget" label="studio.form.budget" />
          {Number.isFinite(budget) && budget > 0 ? (
            <p className="formPart-words">
              {text('studio.form.bounded', {
                points: pointsText(budget),
                count,
                permille: Math.round(1000 / count),
              })}
            </p>
          ) : null}
        </>
      ) : (
        <div className="formRow">
          <DraftField
            {...{ draft, setDraft, faults }}
            name="guests"
            label="studio.form.guests"
            hint="studio.form.guestsHint"
          />
        </div>
      )}
    </fieldset>
  );
}
