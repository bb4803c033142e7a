// The models of this studio: what runs and where, what is on the shelf with whose licence, and a
// person's own file. Asked for while it is open; downloads run on when it is closed.

import { RotateCw } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { realTimers } from '../../../core/base/clock.ts';
import type { ModelShelf as Shelf } from '../../../core/contract/modelCards.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { translated } from '../../ui/sentences.ts';
import { text } from '../../ui/texts.ts';
import { Modal } from '../Modal.tsx';
import { ask, studio } from '../store.ts';
import { ModelImport } from './ModelImport.tsx';
import { ModelLine } from './ModelLine.tsx';
import { RunningModels } from './RunningModels.tsx';
import './models.css';

/** How often the shelf is asked for while it is open: a download's progress is read off it, ms. */
const LOOK_MS = 700;

export function ModelShelf({ onClose }: { onClose: () => void }) {
  const [shelf, setShelf] = useState<Shelf | null>(null);
  const look = useCallback(async () => {
    try {
      setShelf(await studio.models.list({}));
    } catch {
      // The connection's own sentence stands above; the next look may work.
    }
  }, []);
  useEffect(() => {
    look();
    return realTimers.every(LOOK_MS, look);
  }, [look]);
  return (
    <Modal title={text('studio.models.title')} onClose={onClose}>
      <p className="models-lead">{text('studio.models.lead')}</p>
      {shelf === null ? (
        <p aria-busy="true">{text('studio.models.loading')}</p>
      ) : (
        <Content shelf={shelf} look={look} />
      )}
    </Modal>
  );
}

function Content({ shelf, look }: { shelf: Shelf; look: () => Promise<void> }) {
  return (
    <>
      <section className="models-part" aria-labelledby="models-running">
        <div className="models-head">
          <h3 id="models-running">{text('studio.models.running')}</h3>
          <Button size="dense" onClick={() => ask(studio.models.retry({}))}>
            <RotateCw size={14} aria-hidden="true" />
            {text('studio.models.retry')}
          </Button>
        </div>
        <RunningModels running={shelf.running} decoder={shelf.decoder} />
        <Cuda cuda={shelf.cuda} look={look} />
      </section>
      <section className="models-part" aria-labelledby="models-shelf">
        <h3 id="models-shelf">{text('studio.models.shelf')}</h3>
        <ul className="models-list">
          {shelf.models.map((card) => (
            <ModelLine key={card.id} card={card} look={look} />
          ))}
          {shelf.notOurs.map(({ name, reason }) => (
            <li key={name} className="models-line models-notOurs">
              <strong>{text('studio.models.notOurs', { name })}</strong>
              <span>{translated(reason)}</span>
            </li>
          ))}
        </ul>
      </section>
      <ModelImport look={look} />
    </>
  );
}

function Cuda({ cuda, look }: { cuda: Shelf['cuda']; look: () => Promise<void> }) {
  if (cuda.state === 'no') return null;
  if (cuda.state === 'installing') return <p>{text('studio.models.cudaBusy')}</p>;
  if (cuda.state === 'done') {
    return <Notice severity="info">{cuda.reason || text('studio.models.cudaDone')}</Notice>;
  }
  return (
    <div className="models-cuda">
      <Button
        size="dense"
        onClick={async () => {
          if (await ask(studio.models.installCuda({}))) await look();
        }}
      >
        {text('studio.models.cuda')}
      </Button>
      <small>{cuda.reason || text('studio.models.cudaHint')}</small>
    </div>
  );
}
