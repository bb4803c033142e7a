// What decided a market: the frame, the clip around it and what vision knew, fetched in parts over
// the studio's own contract, so that whoever helps from elsewhere sees it, too.

import { useEffect, useState } from 'react';
import type { EvidenceView } from '../../core/contract/recording.ts';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import { addressOfBytes, readParts } from './fetchParts.ts';
import { Modal } from './Modal.tsx';
import { studio } from './store.ts';

export function EvidenceButton({ marketId, title }: { marketId: string; title: string }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        size="dense"
        look="quiet"
        aria-label={text('studio.evidence.openNamed', { title })}
        onClick={() => setIsOpen(true)}
      >
        {text('studio.evidence.open')}
      </Button>
      {isOpen ? (
        <Modal title={title} onClose={() => setIsOpen(false)}>
          <Evidence marketId={marketId} />
        </Modal>
      ) : null}
    </>
  );
}

type Fetched = { view: EvidenceView; still: string; clip: string };

function Evidence({ marketId }: { marketId: string }) {
  const [fetched, setFetched] = useState<Fetched | 'wait' | 'none'>('wait');
  useEffect(() => {
    let isHere = true;
    const urls: string[] = [];
    const url = (bytes: Uint8Array<ArrayBuffer>, type: string) => {
      const made = addressOfBytes(bytes, type);
      if (made !== '') urls.push(made);
      return made;
    };
    const readPart = (part: 'still' | 'clip', length: number) =>
      readParts(length, (offset) => studio.evidence.read({ marketId, part, offset }));
    async function fetchAll(): Promise<void> {
      const { evidence: view } = await studio.evidence.show({ marketId });
      if (!view) return setFetched('none');
      const still = await readPart('still', view.stillBytes);
      const clip = await readPart('clip', view.clipBytes);
      if (!isHere) return;
      setFetched({ view, still: url(still, 'image/jpeg'), clip: url(clip, 'video/mp4') });
    }
    fetchAll().catch(() => isHere && setFetched('none'));
    return () => {
      isHere = false;
      for (const made of urls) URL.revokeObjectURL(made);
    };
  }, [marketId]);
  if (fetched === 'wait') return <p aria-busy="true">{text('studio.evidence.wait')}</p>;
  if (fetched === 'none') return <Notice severity="info">{text('studio.evidence.none')}</Notice>;
  return <Shown {...fetched} />;
}

function Shown({ view, still, clip }: Fetched) {
  const { said, frame, captureUs, fromUs, hash, facts } = view;
  const momentSeconds = (captureUs - fromUs) / 1_000_000;
  return (
    <div className="evidence">
      <p>{text(`studio.evidence.said.${said}`)}</p>
      <div className="evidence-pictures">
        {still === '' ? null : (
          <figure>
            <img src={still} alt={text('studio.evidence.still')} />
            <figcaption>{text('studio.evidence.frame', { frame, captureUs })}</figcaption>
          </figure>
        )}
        <figure>
          <video
            src={clip}
            controls
            muted
            onLoadedMetadata={(loaded) => {
              loaded.currentTarget.currentTime = momentSeconds;
            }}
          />
          <figcaption>{text('studio.evidence.clip')}</figcaption>
        </figure>
      </div>
      <details>
        <summary>{text('studio.evidence.facts')}</summary>
        <pre className="evidence-facts">{facts.join('\n')}</pre>
      </details>
      <p className="evidence-hash">{text('studio.evidence.hash', { hash })}</p>
    </div>
  );
}
