// What can be done with a decided market: look at what decided it, and keep it as a case for its
// sport pack, by what stands decided now (right after a correction: what a person said). It says
// which file it became; nothing is sent anywhere.

import { useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { text } from '../ui/texts.ts';
import { EvidenceButton } from './Evidence.tsx';
import { attempt, studio } from './store.ts';

export function DecidedActs({ marketId, title }: { marketId: string; title: string }) {
  const [said, setSaid] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  async function keep(): Promise<void> {
    setIsBusy(true);
    let file = '';
    const keeping = studio.evidence.keepCase({ marketId }).then((kept) => {
      file = kept.file;
    });
    const refusal = await attempt(keeping);
    setSaid(refusal ?? text('studio.case.kept', { file }));
    setIsBusy(false);
  }
  return (
    <>
      <div className="pastMarket-line">
        <EvidenceButton marketId={marketId} title={title} />
        <Button
          size="dense"
          look="quiet"
          aria-label={text('studio.case.keepNamed', { title })}
          disabled={isBusy}
          onClick={keep}
        >
          {text('studio.case.keep')}
        </Button>
      </div>
      <output className="pastMarket-said">{said}</output>
    </>
  );
}
