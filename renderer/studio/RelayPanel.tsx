// Which relay carries the show, and pairing with another: its address and the six words that it
// shows. A refusal stands at the field that was wrong, and what was typed stays.

import { useEffect, useState } from 'react';
import { readPairingCode } from '../../core/wire/pairingWords.ts';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import { TextField } from './Field.tsx';
import { SecretPart } from './Secret.tsx';
import { attempt, studio } from './store.ts';
import { useVeil } from './streamerMode.ts';

type Known = { url: string; isPaired: boolean; mayPair: boolean };

export function RelayPanel() {
  const [known, setKnown] = useState<Known | null>(null);
  const veil = useVeil();
  const [told, setTold] = useState<{ words: string; isRefusal: boolean } | null>(null);
  useEffect(() => {
    studio.relay.show({}).then(setKnown, () => {
      // The page says by itself when the studio is away.
    });
  }, []);
  if (known === null) return null;
  async function forget(): Promise<void> {
    const refusal = await attempt(studio.relay.forget({}));
    setTold({ words: refusal ?? text('studio.relay.again'), isRefusal: refusal !== null });
  }
  return (
    <div className="marketForm">
      <p>
        {text(known.isPaired ? 'studio.relay.paired' : 'studio.relay.used', {
          url: veil(known.url),
        })}
      </p>
      {known.mayPair ? (
        <SecretPart>
          <PairForm onPaired={(words) => setTold({ words, isRefusal: false })} />
        </SecretPart>
      ) : (
        <Notice severity="info">{text('studio.relay.named')}</Notice>
      )}
      {known.isPaired ? (
        <div className="dialog-actions">
          <Button onClick={forget}>{text('studio.relay.forget')}</Button>
        </div>
      ) : null}
      {told === null ? null : (
        <Notice severity={told.isRefusal ? 'stop' : 'info'}>{told.words}</Notice>
      )}
    </div>
  );
}

function PairForm({ onPaired }: { onPaired: (words: string) => void }) {
  const [address, setAddress] = useState('');
  const [code, setCode] = useState('');
  const [isAsking, setIsAsking] = useState(false);
  const [faults, setFaults] = useState<{ address: string | null; code: string | null }>({
    address: null,
    code: null,
  });
  async function pair(): Promise<void> {
    const read = readPairingCode(code);
    const empty = address.trim() === '' ? text('studio.fault.empty') : null;
    setFaults({ address: empty, code: read.ok ? null : read.reason });
    if (empty !== null || !read.ok) return;
    setIsAsking(true);
    const refusal = await attempt(studio.relay.pair({ address, code }));
    setIsAsking(false);
    setFaults({ address: null, code: refusal });
    if (refusal === null) onPaired(text('studio.relay.done'));
  }
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        pair();
      }}
    >
      <fieldset className="formPart">
        <legend>{text('studio.relay.pair')}</legend>
        <TextField
          label={text('studio.relay.address')}
          hint={text('studio.relay.addressHint')}
          fault={faults.address}
          value={address}
          onValue={setAddress}
          maxLength={300}
          autoComplete="off"
          spellCheck={false}
        />
        <TextField
          label={text('studio.relay.code')}
          hint={text('studio.relay.codeHint')}
          fault={faults.code}
          value={code}
          onValue={setCode}
          maxLength={200}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
      </fieldset>
      <div className="dialog-actions">
        <Button look="primary" type="submit" disabled={isAsking}>
          {text('studio.relay.doPair')}
        </Button>
      </div>
    </form>
  );
}
