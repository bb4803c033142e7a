// The rules for everybody: what is given, what may be staked, how long a decision may be corrected.
// They hold from the moment the ledger booked them, for bets that come after.

import { useRef, useState } from 'react';
import type { Policy } from '../../core/ledger/policy.ts';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { type TextKey, text } from '../ui/texts.ts';
import { focusFirstFault, TextField } from './Field.tsx';
import {
  type PolicyDraft,
  type PolicyField,
  policyDraftOf,
  policyFaults,
  policyFaultsTyped,
  policyOf,
} from './policyDraft.ts';
import { attempt, studio } from './store.ts';

const PARTS: readonly { legend: TextKey; fields: readonly PolicyField[] }[] = [
  {
    legend: 'studio.policy.grants',
    fields: ['grantMinor', 'vestMinorPerMinute', 'vestBelowMinor', 'vestMinorPerDay'],
  },
  {
    legend: 'studio.policy.limits',
    fields: ['stakeMinorPerBet', 'stakeMinorPerMarket', 'stakeMinorPerDay', 'betsPerSecond'],
  },
  { legend: 'studio.policy.disputes', fields: ['disputeSeconds'] },
];

export function Policies({ policy }: { policy: Policy | null }) {
  if (policy === null) return <Notice severity="warn">{text('studio.policy.wait')}</Notice>;
  return <PolicyForm policy={policy} />;
}

function PolicyForm({ policy }: { policy: Policy }) {
  const [draft, setDraft] = useState<PolicyDraft>(() => policyDraftOf(policy));
  const [reason, setReason] = useState('');
  const [before] = useState(draft);
  const [wasSent, setWasSent] = useState(false);
  const [told, setTold] = useState<{ words: string; isRefusal: boolean } | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const known = policyFaults(draft);
  const isWrong = Object.keys(known).length > 0 || reason.trim() === '';
  const faults = wasSent ? known : policyFaultsTyped(draft, before);
  async function send(): Promise<void> {
    setWasSent(true);
    setTold(null);
    if (isWrong) {
      requestAnimationFrame(() => form.current && focusFirstFault(form.current));
      return;
    }
    const refusal = await attempt(
      studio.policy.set({ policy: policyOf(draft), reason: reason.trim() }),
    );
    setTold({ words: refusal ?? text('studio.policy.saved'), isRefusal: refusal !== null });
    if (refusal !== null) return;
    setReason('');
    setWasSent(false);
  }
  return (
    <form
      ref={form}
      className="marketForm"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {PARTS.map(({ legend, fields }) => (
        <fieldset key={legend} className="formPart formPart-grid">
          <legend>{text(legend)}</legend>
          {fields.map((name) => (
            <TextField
              key={name}
              label={text(`studio.policy.${name}`)}
              hint={allowedWords(draft, name)}
              fault={faults[name]}
              inputMode="numeric"
              autoComplete="off"
              value={draft[name]}
              onValue={(value) => setDraft((one) => ({ ...one, [name]: value }))}
            />
          ))}
        </fieldset>
      ))}
      <TextField
        label={text('studio.policy.why')}
        maxLength={300}
        fault={wasSent && reason.trim() === '' ? { key: 'studio.fault.empty' } : null}
        value={reason}
        onValue={setReason}
      />
      {told === null ? null : (
        <Notice severity={told.isRefusal ? 'stop' : 'info'}>{told.words}</Notice>
      )}
      <div className="dialog-actions">
        <Button look="primary" type="submit">
          {text('studio.policy.save')}
        </Button>
      </div>
    </form>
  );
}

function allowedWords(draft: PolicyDraft, name: PolicyField): string {
  const allowed = policyFaults({ ...draft, [name]: 'x' })[name];
  return allowed === undefined ? '' : text(allowed.key, allowed.values);
}
