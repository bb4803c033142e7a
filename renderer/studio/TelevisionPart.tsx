// The show on televisions: one switch, what it means, and the address for them. Never of a sealed
// show, whose pictures nobody could open there.

import { useState } from 'react';
import type { StudioState } from '../../core/contract/state.ts';
import { Notice } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import { SecretPart } from './Secret.tsx';
import { attempt, studio } from './store.ts';

export function TelevisionPart({ state }: { state: StudioState }) {
  const [refusal, setRefusal] = useState<string | null>(null);
  const { settings } = state.recording;
  const { television } = settings;
  const { viewerUrl, isEncrypted = false } = state.show;
  const address = viewerUrl.replace(/#.*$/, '').replace('/s/', '/tv/');
  async function turn(): Promise<void> {
    const changed = { ...settings, television: !television };
    setRefusal(await attempt(studio.recording.configure({ settings: changed })));
  }
  return (
    <>
      <h3>{text('studio.television')}</h3>
      <button
        type="button"
        role="switch"
        className="switch"
        aria-checked={television}
        aria-label={text('studio.television.named')}
        onClick={() => void turn()}
      >
        <span className="switch-track" aria-hidden="true" />
        {text('studio.television.switch')}
      </button>
      <p className="formField-hint">{text('studio.television.hint')}</p>
      {refusal === null ? null : <Notice severity="stop">{refusal}</Notice>}
      {television && isEncrypted ? (
        <Notice severity="warn">{text('studio.television.sealed')}</Notice>
      ) : null}
      {television && !isEncrypted && address !== '' ? (
        <SecretPart>
          <input
            className="field"
            readOnly
            value={address}
            aria-label={text('studio.television.address')}
            onFocus={(focus) => focus.target.select()}
          />
        </SecretPart>
      ) : null}
    </>
  );
}
