// The receipt of a bet: row and hash, as a link to the page that checks it and trusts nobody.
// The hash stands behind the #, so that it reaches no server by the link.

import { text } from '../ui/texts.ts';
import { channelOfPath } from './address.ts';
import type { BetRecord } from './betBook.ts';

/** Characters of the receipt's hash on the page; the whole hash is in the link. */
const HASH_SHOWN = 8;

export function ReceiptLink({ bet }: { bet: BetRecord }) {
  const channel = channelOfPath(location.pathname);
  if (bet.seq <= 0 || channel === null) return null;
  return (
    <a
      className="receiptLink"
      href={`/check/${channel}#${bet.seq}.${bet.hash}`}
      target="_blank"
      rel="noopener"
      title={text('viewer.receiptCheck')}
    >
      {text('viewer.receipt', { seq: bet.seq, hash: bet.hash.slice(0, HASH_SHOWN) })}
    </a>
  );
}
