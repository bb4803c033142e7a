// What becomes of the picture on its way out, by its owner's choice: sealed for viewers' engines,
// and pushed to further places.

import type { Unit } from '../../core/media/feed.ts';
import { type DestinationDesk, openDestinations } from './destinationDesk.ts';
import { type Encryption, openShowEncryption } from './encryption.ts';

type Joined = Omit<Parameters<typeof openDestinations>[0], 'isLive'> &
  Parameters<typeof openShowEncryption>[0] & {
    capture: { onUnit(run: (unit: Unit) => void): void };
  };

/** Opens both, as they were left. */
export async function openOutward(
  joined: Joined,
): Promise<{ encryption: Encryption; destinations: DestinationDesk }> {
  const { show, store, capture } = joined;
  const encryption = await openShowEncryption(joined);
  const destinations = await openDestinations({ ...joined, isLive: () => show.isLive() });
  capture.onUnit((unit) => destinations.room.push(unit));
  store.onAction(({ type }) => {
    if (type === 'show.changed') destinations.room.steer();
  });
  return { encryption, destinations };
}
