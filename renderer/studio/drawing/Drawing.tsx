// The dock of what is drawn on the picture: zones, lines and the court, each to be changed or taken
// away; and the form of the one that is being drawn, which says what it still lacks.

import { Minus, Pencil, Scan, Square, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { StudioState } from '../../../core/contract/state.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { text } from '../../ui/texts.ts';
import { TextField } from '../Field.tsx';
import { Said } from '../Secret.tsx';
import { DRAWN_KINDS, type Draft, draftsOf, NAME_LENGTH_MAX } from './draft.ts';
import {
  beginDraft,
  changeDraft,
  faultNow,
  findCourt,
  leaveDraft,
  placesNow,
  removeDrawn,
  saveDraft,
  stepBack,
  useDrawing,
} from './drawingStore.ts';
import { useLights } from './lights.ts';
import './drawing.css';

const ICONS = { zone: Square, line: Minus, court: Scan };

export function Drawing({ state }: { state: StudioState }) {
  const { known, draft, refusal } = useDrawing();
  if (known === null) return <p className="drawing-hint">{text('studio.drawing.none')}</p>;
  const drawn = draftsOf(placesNow(known));
  const title = known.packs.find(({ id }) => id === known.pack)?.title ?? known.pack;
  return (
    <div className="drawing">
      {refusal === null ? null : (
        <Notice severity="stop">
          <Said>{refusal}</Said>
        </Notice>
      )}
      {draft ? (
        <DraftForm draft={draft} field={known.field ?? null} />
      ) : (
        <>
          <div className="drawing-tools">
            {DRAWN_KINDS.map((kind) => {
              const Icon = ICONS[kind];
              return (
                <Button key={kind} size="dense" onClick={() => beginDraft(kind)}>
                  <Icon size={14} aria-hidden="true" />
                  {text(`studio.drawing.draw.${kind}`)}
                </Button>
              );
            })}
          </div>
          {drawn.length === 0 ? (
            <p className="drawing-hint">{text('studio.drawing.empty')}</p>
          ) : (
            <ul className="drawing-list" aria-label={text('studio.drawing')}>
              {drawn.map((one) => (
                <Drawn key={`${one.kind} ${one.subject}`} drawn={one} />
              ))}
            </ul>
          )}
        </>
      )}
      <p className="drawing-hint">
        {text('studio.drawing.pack', { title })}
        {known.tellsZones === false ? ` ${text('studio.drawing.noZones')}` : ''}
        {state.vision.places.state === 'carried' ? ` ${text('studio.drawing.carried')}` : ''}
      </p>
    </div>
  );
}

function Drawn({ drawn }: { drawn: Draft }) {
  const { kind, subject } = drawn;
  const isLit = useLights(({ lit }) => kind === 'zone' && lit.includes(subject));
  const Icon = ICONS[kind];
  const name = kind === 'court' ? text('studio.drawing.court') : subject;
  return (
    <li data-lit={isLit}>
      <Icon size={14} aria-hidden="true" />
      <span className="drawing-name">{name}</span>
      {isLit ? <small>{text('studio.drawing.lit')}</small> : null}
      <IconButton
        size="dense"
        name={text('studio.drawing.change', { name })}
        onClick={() => beginDraft(kind, drawn)}
      >
        <Pencil size={14} aria-hidden="true" />
      </IconButton>
      <IconButton
        size="dense"
        name={text('studio.drawing.remove', { name })}
        onClick={() => void removeDrawn(drawn)}
      >
        <Trash2 size={14} aria-hidden="true" />
      </IconButton>
    </li>
  );
}

type Measures = { lengthMetres: number; widthMetres: number };

/** Metres as typed; null: cannot be used. */
function metresOf(typed: string): number | null {
  const metres = Number(typed.replace(',', '.'));
  return typed.trim() !== '' && metres > 0 && metres <= 2000 ? metres : null;
}

function DraftForm({ draft, field }: { draft: Draft; field: Measures | null }) {
  const [lengthTyped, setLength] = useState(String(field?.lengthMetres ?? 28));
  const [widthTyped, setWidth] = useState(String(field?.widthMetres ?? 15));
  const [lengthMetres, widthMetres] = [metresOf(lengthTyped), metresOf(widthTyped)];
  const fault = faultNow(draft);
  const isCourt = draft.kind === 'court';
  const isNameFault = fault === 'studio.drawing.noName' || fault === 'studio.drawing.nameTaken';
  const canSave = fault === null && (!isCourt || (lengthMetres !== null && widthMetres !== null));
  const metresFault = (metres: number | null) =>
    metres === null ? text('studio.drawing.metres') : null;
  return (
    <form
      className="drawing-form"
      onSubmit={(submit) => {
        submit.preventDefault();
        if (canSave) {
          void saveDraft({ lengthMetres: lengthMetres ?? 1, widthMetres: widthMetres ?? 1 });
        }
      }}
    >
      <p className="drawing-hint">{text(`studio.drawing.how.${draft.kind}`)}</p>
      {isCourt ? (
        <div className="drawing-measures">
          <TextField
            label={text('studio.drawing.length')}
            inputMode="decimal"
            value={lengthTyped}
            fault={metresFault(lengthMetres)}
            onValue={setLength}
          />
          <TextField
            label={text('studio.drawing.width')}
            inputMode="decimal"
            value={widthTyped}
            fault={metresFault(widthMetres)}
            onValue={setWidth}
          />
        </div>
      ) : (
        <TextField
          label={text('studio.drawing.name')}
          value={draft.subject}
          maxLength={NAME_LENGTH_MAX}
          fault={isNameFault ? text(fault) : null}
          onValue={(subject) => changeDraft({ ...draft, subject })}
        />
      )}
      <p role="status" className="drawing-fault">
        {fault !== null && !isNameFault ? text(fault, { count: draft.points.length }) : ''}
      </p>
      <div className="drawing-tools">
        <Button size="dense" look="primary" type="submit" disabled={!canSave}>
          {text('studio.drawing.save')}
        </Button>
        <Button size="dense" onClick={stepBack}>
          {text('studio.drawing.back')}
        </Button>
        {isCourt ? (
          <Button size="dense" onClick={() => void findCourt()}>
            {text('studio.drawing.find')}
          </Button>
        ) : null}
        <Button size="dense" onClick={leaveDraft}>
          {text('common.cancel')}
        </Button>
      </div>
    </form>
  );
}
