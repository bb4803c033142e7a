// The frame that decided a market, for those who bet in it: fetched when asked for, and shown only
// when it is signed by the channel's own key. What fetches and checks is loaded with the first one.

import { useState } from 'react';
import { text } from '../ui/texts.ts';
import { channelOfPath } from './address.ts';
import type { BetRecord } from './betBook.ts';

type Known = { state: 'closed' | 'wait' | 'none' } | { state: 'shown'; url: string };

const ENDED = new Set(['won', 'lost', 'refunded']);

export function DecidingPicture({ bet }: { bet: BetRecord }) {
  const [known, setKnown] = useState<Known>({ state: 'closed' });
  const channel = channelOfPath(location.pathname);
  if (channel === null || !ENDED.has(bet.state)) return null;
  if (known.state === 'shown') {
    return <img className="decidingPicture" src={known.url} alt={text('viewer.decidedBy')} />;
  }
  if (known.state === 'none') return <p className="betLine-small">{text('viewer.noPicture')}</p>;
  async function open(of: string): Promise<void> {
    setKnown({ state: 'wait' });
    const url = await import('./signedPicture.ts')
      .then((code) => code.signedPicture(of, bet.marketId))
      .catch(() => null);
    setKnown(url === null ? { state: 'none' } : { state: 'shown', url });
  }
  return (
    <button
      type="button"
      className="button button-quiet button-dense"
      disabled={known.state === 'wait'}
      onClick={() => open(channel)}
    >
      {text('viewer.decidedBy')}
    </button>
  );
}
