// Hands the picture to another WHIP engine, and takes it back. The state is the studio's; the token
// goes out once and is never read back, so the field is empty whenever the panel appears.

import { useState } from 'react';
import type { HandoverView } from '../../core/contract/state.ts';
import { Button } from '../ui/Button.tsx';
import { Notice, type Severity } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import { TextField } from './Field.tsx';
import { SecretPart } from './Secret.tsx';
import { ask, attempt, studio } from './store.ts';
import { useVeil } from './streamerMode.ts';

const SEVERITIES: Record<HandoverView['state'], Severity> = {
  off: 'info',
  waiting: 'info',
  probing: 'info',
  moved: 'info',
  failed: 'warn',
};

type Faults = { whip: string | null; whep: string | null };
const NO_FAULTS: Faults = { whip: null, whep: null };

export function HandoverPanel({ handover }: { handover: HandoverView }) {
  const { state, reason } = handover;
  const veil = useVeil();
  const [whipUrl, setWhipUrl] = useState(handover.whipUrl);
  const [whepUrl, setWhepUrl] = useState(handover.whepUrl);
  const [token, setToken] = useState('');
  const [faults, setFaults] = useState(NO_FAULTS);
  const [isAsking, setIsAsking] = useState(false);
  async function handOver(): Promise<void> {
    const found = { whip: faultOf(whipUrl), whep: faultOf(whepUrl) };
    setFaults(found);
    if (found.whip !== null || found.whep !== null) return;
    setIsAsking(true);
    const target = { whipUrl: whipUrl.trim(), whepUrl: whepUrl.trim(), token };
    const refusal = await attempt(studio.handover.set(target));
    setIsAsking(false);
    setFaults({ whip: refusal, whep: null });
    if (refusal === null) setToken('');
  }
  return (
    <form
      className="marketForm"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void handOver();
      }}
    >
      <p>{text('studio.handover.what')}</p>
      <div data-testid="handover-state" data-state={state} role="status">
        <Notice severity={SEVERITIES[state]}>
          {text(`studio.handover.state.${state}`, { reason: veil(reason) })}
        </Notice>
      </div>
      <SecretPart>
        <Address
          label={text('studio.handover.whip')}
          fault={faults.whip}
          {...{ value: whipUrl }}
          onValue={setWhipUrl}
        />
        <TextField
          label={text('studio.handover.token')}
          hint={text(
            handover.whipUrl === '' ? 'studio.handover.tokenHint' : 'studio.handover.tokenAgain',
          )}
          type="password"
          value={token}
          onValue={setToken}
          maxLength={4096}
          autoComplete="off"
          spellCheck={false}
        />
        <Address
          label={text('studio.handover.whep')}
          fault={faults.whep}
          value={whepUrl}
          onValue={setWhepUrl}
        />
      </SecretPart>
      <div className="dialog-actions">
        {state === 'off' ? null : (
          <Button onClick={() => void ask(studio.handover.clear({}))}>
            {text('studio.handover.back')}
          </Button>
        )}
        <Button look="primary" type="submit" disabled={isAsking}>
          {text('studio.handover.do')}
        </Button>
      </div>
    </form>
  );
}

type AddressProps = {
  label: string;
  fault: string | null;
  value: string;
  onValue(value: string): void;
};

function Address(props: AddressProps) {
  const { fault, value } = props;
  // While one types, once it is clear that it will not become one.
  const typed = /^[^:]*:\/\/./.test(value.trim()) ? faultOf(value) : null;
  const plain = { autoComplete: 'off', spellCheck: false, maxLength: 2000 } as const;
  const hint = text('studio.handover.address');
  return <TextField {...props} {...plain} type="url" hint={hint} fault={fault ?? typed} />;
}

function faultOf(url: string): string | null {
  const isAddress = /^https?:\/\//.test(url.trim()) && URL.canParse(url.trim());
  return isAddress ? null : text('studio.handover.address');
}
