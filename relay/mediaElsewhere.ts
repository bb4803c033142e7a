// Where the picture of a channel is carried by another engine (any that speaks WHEP), as the studio
// said in its show. The relay never calls that address: it only sends viewers there, so a studio
// cannot make it reach into its own network.

import type { Show } from '../core/wire/gen/facts_pb.js';

export type MediaElsewhere = {
  whepUrl: string;
  /** Pages may have to connect there; part of their content security policy. */
  origin: string;
  isMoved: boolean;
};

const URL_LENGTH_MAX = 2000;

/** Null when the studio named no engine, or none that a page could reach. */
export function mediaElsewhereOf(show: Show | null): MediaElsewhere | null {
  const whepUrl = show?.mediaUrl ?? '';
  if (whepUrl === '' || whepUrl.length > URL_LENGTH_MAX || !URL.canParse(whepUrl)) return null;
  const { protocol, origin, username, password } = new URL(whepUrl);
  if (protocol !== 'http:' && protocol !== 'https:') return null;
  // An address with a password would be told to everybody who watches.
  if (username !== '' || password !== '') return null;
  return { whepUrl, origin, isMoved: show?.mediaMoved ?? false };
}
