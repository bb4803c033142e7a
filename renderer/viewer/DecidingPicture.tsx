// The frame that decided a market, for those who bet in it: fetched when asked for, and shown only
// when it is signed by the channel's own key. What checks that is loaded with the first picture.

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
    const url = await signedPicture(of, bet.marketId).catch(() => null);
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

/** Null when there is none, or when it is not the channel's. */
async function signedPicture(channelId: string, marketId: string): Promise<string | null> {
  const answer = await fetch(`/still/${channelId}/${marketId}.jpg`);
  if (!answer.ok) return null;
  const jpeg = new Uint8Array(await answer.arrayBuffer());
  const { isStillSigned } = await import('../../core/wire/signing.ts');
  const header = (name: string) => answer.headers.get(name) ?? '';
  const captureUs = Number(header('x-captured-us'));
  const proof = { signature: header('x-signature'), publicKey: header('x-public-key') };
  if (!isStillSigned(channelId, { marketId, captureUs, jpeg, ...proof })) return null;
  return URL.createObjectURL(new Blob([jpeg], { type: 'image/jpeg' }));
}
