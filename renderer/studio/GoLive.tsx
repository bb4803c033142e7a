// The one large control. Before the show goes live its link is tried from the relay's side; when
// that fails the sentence says what to open, and the person decides: it may go live all the same.

import { Radio } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Button } from '../ui/Button.tsx';
import { text } from '../ui/texts.ts';
import { goLiveNow, stayHere, testAndGoLive, useGoLive } from './goLive.ts';
import { Said } from './Secret.tsx';

export function GoLive() {
  const { doing, sentence } = useGoLive();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (sentence === null) dialog.current?.close();
    else dialog.current?.showModal();
  }, [sentence]);
  const isTesting = doing === 'testing';
  return (
    <>
      <Button
        look="primary"
        size="touch"
        disabled={doing !== 'nothing'}
        onClick={() => void testAndGoLive()}
      >
        <Radio size={18} aria-hidden="true" />
        {text(isTesting ? 'studio.header.testing' : 'studio.header.goLive')}
      </Button>
      <dialog
        ref={dialog}
        className="dialog"
        aria-labelledby="link-title"
        onClose={({ currentTarget }) => currentTarget.open || stayHere()}
      >
        <h2 id="link-title">{text('studio.link.title')}</h2>
        <p>
          <Said>{sentence ?? ''}</Said>
        </p>
        <p>{text('studio.link.inside')}</p>
        <div className="dialog-actions">
          <Button onClick={stayHere}>{text('studio.link.notYet')}</Button>
          <Button look="primary" onClick={() => void goLiveNow()}>
            {text('studio.link.anyway')}
          </Button>
        </div>
      </dialog>
    </>
  );
}
