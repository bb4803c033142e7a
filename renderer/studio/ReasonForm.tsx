// Asks for a reason and does it. A refusal stands at the field and the form stays, so that nothing
// typed is lost.

import { type ReactNode, useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { text } from '../ui/texts.ts';
import { TextField } from './Field.tsx';
import { attempt } from './store.ts';
import { useFirstFocus } from './useFirstFocus.ts';

type ReasonFormProps = {
  label: string;
  /** What happens then, in a sentence. */
  effect?: ReactNode;
  /** Under that sentence: its particulars. */
  below?: ReactNode;
  submit: string;
  look?: 'stop' | 'primary';
  /** Above the reason: what else is to be said. */
  children?: ReactNode;
  /** False while another field says what is wrong with it. */
  canSend?: boolean;
  act: (reason: string) => Promise<unknown>;
  onDone: () => void;
};

export function ReasonForm(props: ReasonFormProps) {
  const { label, effect, submit, look = 'stop', children, canSend = true } = props;
  const { below, act, onDone } = props;
  const [reason, setReason] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const first = useFirstFocus<HTMLInputElement>();
  async function send(): Promise<void> {
    if (reason.trim() === '') {
      setFault(text('studio.fault.empty'));
      return;
    }
    if (!canSend) return;
    const refusal = await attempt(act(reason.trim()));
    setFault(refusal);
    if (refusal === null) onDone();
  }
  return (
    <form
      className="decide"
      noValidate
      onKeyDown={(key) => {
        if (key.key !== 'Escape') return;
        key.preventDefault();
        key.stopPropagation();
        onDone();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {children}
      <TextField
        label={label}
        input={children === undefined ? first : null}
        maxLength={300}
        value={reason}
        onValue={setReason}
        fault={fault}
      />
      {effect === undefined ? null : <p className="marketCard-reason">{effect}</p>}
      {below}
      <div className="marketControls">
        <Button size="dense" look={look} type="submit">
          {submit}
        </Button>
        <Button size="dense" look="quiet" onClick={onDone}>
          {text('common.cancel')}
        </Button>
      </div>
    </form>
  );
}
