// What viewers read above the picture.

import { useState } from 'react';
import { text } from '../../ui/texts.ts';
import { TextField } from '../Field.tsx';
import { attempt, studio } from '../store.ts';
import { StepFrame, type StepProps } from './FirstRun.tsx';
import { stepBy } from './firstRunStore.ts';

const TITLE_CHARACTERS_MAX = 80;

export function NameStep({ state }: StepProps) {
  const [title, setTitle] = useState(state.show.title);
  const [refusal, setRefusal] = useState<string | null>(null);
  const wanted = title.trim();
  const fault = wanted === '' ? text('studio.firstRun.name.empty') : refusal;
  async function use(): Promise<void> {
    if (wanted === '') return;
    const isNew = wanted !== state.show.title;
    const refused = isNew ? await attempt(studio.show.rename({ title: wanted })) : null;
    setRefusal(refused);
    if (refused === null) stepBy(1);
  }
  return (
    <StepFrame
      step="name"
      next={text('studio.firstRun.next')}
      isBusy={wanted === ''}
      onNext={() => void use()}
    >
      <TextField
        label={text('studio.firstRun.name.label')}
        hint={text('studio.firstRun.name.hint', { left: TITLE_CHARACTERS_MAX - title.length })}
        fault={fault}
        value={title}
        maxLength={TITLE_CHARACTERS_MAX}
        spellCheck={false}
        data-begin
        onValue={setTitle}
      />
    </StepFrame>
  );
}
