// Whether the picture reaches the relay, as the relay says at once when it came, stood or went. The
// studio's own picture may run while the way to the relay is dead: viewers then see a picture that
// stands, and nobody may bet on it.

import type { Show } from './show.ts';
import type { SteadyPicture } from './steadyPicture.ts';

/**
 * What to do with the relay's stats. Before the picture of a show first reached the relay nobody
 * has seen it, so nothing is lost; after that a relay without it suspends betting until it is back.
 */
export function relayPictureWatch(
  show: Pick<Show, 'isLive'> & Pick<SteadyPicture, 'suspend'>,
): (stats: { mediaLive: boolean }) => void {
  let hasReached = false;
  return ({ mediaLive }) => {
    if (mediaLive) hasReached = true;
    else if (!show.isLive()) hasReached = false;
    show.suspend('pictureLost', hasReached && !mediaLive);
  };
}
