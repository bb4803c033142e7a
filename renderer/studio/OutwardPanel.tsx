// What becomes of the picture on its way out: end-to-end encryption, and further places with their
// states. A key goes out once and is never read back, so its field is empty whenever this appears.

import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { DestinationView } from '../../core/contract/destinations.ts';
import type { StudioState } from '../../core/contract/state.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { StateDot, type StateTone } from '../ui/StateDot.tsx';
import { text } from '../ui/texts.ts';
import { TextField } from './Field.tsx';
import { Said, Secret, SecretPart } from './Secret.tsx';
import { ask, attempt, studio } from './store.ts';
import { TelevisionPart } from './TelevisionPart.tsx';

const TONES: Record<DestinationView['state'], StateTone> = {
  off: 'idle',
  connecting: 'warn',
  live: 'go',
  waiting: 'warn',
};

export function OutwardPanel({ state }: { state: StudioState }) {
  return (
    <div className="marketForm">
      <Encryption isOn={state.show.isEncrypted ?? false} />
      <h3>{text('studio.outward.places')}</h3>
      {state.destinations.length === 0 ? <p>{text('studio.outward.none')}</p> : null}
      <ul className="sourceList">
        {state.destinations.map((place) => (
          <Place key={place.id} place={place} />
        ))}
      </ul>
      <SecretPart>
        <AddPlace />
      </SecretPart>
      <TelevisionPart state={state} />
    </div>
  );
}

function Encryption({ isOn }: { isOn: boolean }) {
  const [refusal, setRefusal] = useState<string | null>(null);
  const run = async (asked: Promise<unknown>) => setRefusal(await attempt(asked));
  const changeKey = (withNewLink: boolean) =>
    void run(studio.encryption.changeKey({ withNewLink }));
  return (
    <>
      <div data-testid="encryption" data-on={isOn} role="status">
        <Notice severity="info">
          {text(isOn ? 'studio.outward.sealed' : 'studio.outward.sealHint')}
        </Notice>
      </div>
      {refusal === null ? null : <Notice severity="stop">{refusal}</Notice>}
      {isOn ? <p>{text('studio.outward.renewHint')}</p> : null}
      <div className="dialog-actions">
        {isOn ? (
          <>
            <Button onClick={() => changeKey(false)}>{text('studio.outward.change')}</Button>
            <Button onClick={() => changeKey(true)}>{text('studio.outward.renew')}</Button>
          </>
        ) : null}
        <Button onClick={() => void run(studio.encryption.set({ isOn: !isOn }))}>
          {text(isOn ? 'studio.outward.sealOff' : 'studio.outward.seal')}
        </Button>
      </div>
    </>
  );
}

function Place({ place }: { place: DestinationView }) {
  const { id, title, isOn } = place;
  return (
    <li className="source" data-testid="destination" data-state={place.state}>
      <span className="source-head">
        <label>
          <input
            type="checkbox"
            checked={isOn}
            aria-label={text('studio.outward.on', { title })}
            onChange={() => void ask(studio.destinations.setOn({ id, isOn: !isOn }))}
          />{' '}
          {title}
        </label>
        <span>
          <StateDot tone={TONES[place.state]}>
            {text(`studio.outward.state.${place.state}`)}
          </StateDot>
          <IconButton
            name={text('studio.outward.remove', { title })}
            onClick={() => void ask(studio.destinations.remove({ id }))}
          >
            <Trash2 size={16} aria-hidden="true" />
          </IconButton>
        </span>
      </span>
      <span className="source-facts">
        <Secret>{place.url}</Secret>
      </span>
      {place.reason === '' ? null : (
        <span className="source-reason">
          <Said>{place.reason}</Said>
        </span>
      )}
    </li>
  );
}

const EMPTY = { title: '', url: '', secret: '' };

/** While one types: another scheme than those, or a password in it. */
function addressFault(url: string): string | null {
  const typed = url.trim();
  const isWrong = /^[a-z]+:\/\//i.test(typed) && !/^(rtmps?|https?):\/\/[^@]*$/i.test(typed);
  return isWrong ? text('studio.outward.urlHint') : null;
}

function AddPlace() {
  const [draft, setDraft] = useState(EMPTY);
  const [fault, setFault] = useState<string | null>(null);
  const change = (part: Partial<typeof EMPTY>) => setDraft((before) => ({ ...before, ...part }));
  async function add(): Promise<void> {
    const refusal = await attempt(studio.destinations.add({ ...draft, url: draft.url.trim() }));
    setFault(refusal);
    if (refusal === null) setDraft(EMPTY);
  }
  const plain = { autoComplete: 'off', spellCheck: false } as const;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <TextField
        label={text('studio.outward.title')}
        value={draft.title}
        onValue={(title) => change({ title })}
        maxLength={60}
        {...plain}
      />
      <TextField
        label={text('studio.outward.url')}
        hint={text('studio.outward.urlHint')}
        fault={fault ?? addressFault(draft.url)}
        value={draft.url}
        onValue={(url) => change({ url })}
        maxLength={2000}
        {...plain}
      />
      <TextField
        label={text('studio.outward.secret')}
        hint={text('studio.outward.secretHint')}
        type="password"
        value={draft.secret}
        onValue={(secret) => change({ secret })}
        maxLength={4096}
        {...plain}
      />
      <div className="dialog-actions">
        <Button look="primary" type="submit">
          {text('studio.outward.add')}
        </Button>
      </div>
    </form>
  );
}
