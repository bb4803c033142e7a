// The page that checks a bet: from its link, or from a saved proof. It asks the relay for bytes and
// believes none of its words; what is on the screen was worked out here. While the row has not been
// copied to the relay it says so and looks again.

import { useEffect, useRef, useState } from 'react';
import type { Timers } from '../../core/base/clock.ts';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import { type CheckState, checkFile, checkLink } from './check.ts';
import type { DeviceMemory } from './deviceMemory.ts';
import { Finding } from './Finding.tsx';
import type { ReceiptLink } from './receiptLink.ts';

/** Wait before the relay is asked again, ms. */
const AGAIN_MS = 3_000;
const HASH_SHOWN = 8;

type AppProps = { link: ReceiptLink | null; memory: DeviceMemory; timers: Timers };

export function App({ link, memory, timers }: AppProps) {
  const [shown, setShown] = useState<CheckState>({ state: 'asking' });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!link) return;
    let isGone = false;
    let cancel = () => {};
    // A new round asks at once: after a key was trusted, or after a wait.
    void checkLink(link, memory).then((next) => {
      if (isGone) return;
      setShown(next);
      const isOpen = next.state === 'away' || next.state === 'notYet';
      if (isOpen) cancel = timers.after(AGAIN_MS, () => setRound(round + 1));
    });
    return () => {
      isGone = true;
      cancel();
    };
  }, [link, memory, timers, round]);
  const take = (file: File) => void checkFile(file, memory).then(setShown);
  const trust = (key: string) => {
    memory.keepRelayKey(key);
    setRound(round + 1);
  };
  return (
    <main className="check" data-state={stateOf(shown)} data-testid="check">
      <header className="check-head">
        <h1>{text('check.title')}</h1>
        {link ? (
          <p className="figure check-row" title={link.hash}>
            {text('check.row', { seq: link.seq, hash: link.hash.slice(0, HASH_SHOWN) })}
          </p>
        ) : null}
      </header>
      <Shown shown={shown} link={link} memory={memory} onTrust={trust} />
      <Actions shown={shown} link={link} onFile={take} />
      <p className="check-foot">{text('check.playPoints')}</p>
    </main>
  );
}

function stateOf(shown: CheckState): string {
  if (shown.state !== 'found') return shown.state;
  return shown.finding.isProved ? 'proved' : 'failed';
}

type ShownProps = {
  shown: CheckState;
  link: ReceiptLink | null;
  memory: DeviceMemory;
  onTrust(key: string): void;
};

function Shown({ shown, link, memory, onTrust }: ShownProps) {
  switch (shown.state) {
    case 'asking':
      if (!link) return <Notice severity="warn">{text('check.badLink')}</Notice>;
      return <Notice severity="info">{text('check.asking')}</Notice>;
    case 'away':
      return <Notice severity="warn">{text('check.relayAway')}</Notice>;
    case 'notYet':
      return (
        <Notice severity="warn">
          {text('check.notYet')} {text('check.notYetFix')}
        </Notice>
      );
    case 'refused':
      return (
        <Notice severity="stop">
          <strong>{text('check.failed')}</strong> {shown.sentence} {text('check.refusedFix')}
        </Notice>
      );
    case 'found': {
      const { story, proof } = shown.finding;
      return (
        <Finding
          finding={shown.finding}
          keyState={shown.key}
          isFile={shown.isFile}
          words={story && proof ? memory.wordsOf(proof.channel, story.betId) : null}
          onTrustKey={() => proof && onTrust(proof.relayKey)}
        />
      );
    }
  }
}

type ActionsProps = { shown: CheckState; link: ReceiptLink | null; onFile(file: File): void };

function Actions({ shown, link, onFile }: ActionsProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="check-actions">
      {shown.state === 'found' && !shown.isFile ? (
        <Button look="primary" onClick={() => save(shown.text, link?.seq ?? 0)}>
          {text('check.save')}
        </Button>
      ) : null}
      <Button onClick={() => input.current?.click()}>{text('check.open')}</Button>
      <input
        ref={input}
        type="file"
        accept=".morphinebet,application/json"
        hidden
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          if (file) onFile(file);
          target.value = '';
        }}
      />
      {link ? (
        <a className="button button-quiet button-normal" href={`/s/${link.channel}`}>
          {text('check.back')}
        </a>
      ) : null}
    </div>
  );
}

function save(proof: string, seq: number): void {
  const address = URL.createObjectURL(new Blob([proof], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `bet-${seq}.morphinebet`;
  link.click();
  URL.revokeObjectURL(address);
}
