// The one large control. Before the show goes live its link is tried from the relay's side; when
// that fails the sentence says what to open, and the person decides: it may go live all the same.

import { Radio } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { text } from '../ui/texts.ts';
import { ask, studio } from './store.ts';

export function GoLive() {
  const [doing, setDoing] = useState<'nothing' | 'testing' | 'asking'>('nothing');
  const [sentence, setSentence] = useState('');
  const dialog = useRef<HTMLDialogElement>(null);
  async function goLive(): Promise<void> {
    setDoing('asking');
    await ask(studio.show.goLive({}));
    setDoing('nothing');
  }
  async function test(): Promise<void> {
    setDoing('testing');
    // A test that cannot be made says nothing against the link.
    const link = await studio.relay.checkLink({}).catch(() => null);
    if (link === null || link.isReachable) return goLive();
    setDoing('nothing');
    setSentence(link.sentence);
    dialog.current?.showModal();
  }
  const isTesting = doing === 'testing';
  return (
    <>
      <Button look="primary" size="touch" disabled={doing !== 'nothing'} onClick={test}>
        <Radio size={18} aria-hidden="true" />
        {text(isTesting ? 'studio.header.testing' : 'studio.header.goLive')}
      </Button>
      <dialog ref={dialog} className="dialog" aria-labelledby="link-title">
        <h2 id="link-title">{text('studio.link.title')}</h2>
        <p>{sentence}</p>
        <p>{text('studio.link.inside')}</p>
        <div className="dialog-actions">
          <Button onClick={() => dialog.current?.close()}>{text('studio.link.notYet')}</Button>
          <Button
            look="primary"
            onClick={() => {
              dialog.current?.close();
              goLive();
            }}
          >
            {text('studio.link.anyway')}
          </Button>
        </div>
      </dialog>
    </>
  );
}
