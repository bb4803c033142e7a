// What becomes of the picture on its way out, by its owner's choice: how our encoders make it,
// sealed for viewers' engines, and pushed to further places.

import type { Capture } from '../capture/capture.ts';
import { type DestinationDesk, openDestinations } from './destinationDesk.ts';
import { type Encryption, openShowEncryption } from './encryption.ts';
import { openPictureRoom, type PictureRoom, type PictureRoomOptions } from './pictureRoom.ts';

type Joined = Omit<PictureRoomOptions, 'onChange' | 'tryEncoder'> &
  Omit<Parameters<typeof openDestinations>[0], 'isLive'> &
  Parameters<typeof openShowEncryption>[0] & {
    capture: Pick<Capture, 'onUnit'>;
  };

/** Opens both, as they were left. */
export async function openOutward(
  joined: Joined,
): Promise<{ encryption: Encryption; destinations: DestinationDesk; pictureRoom: PictureRoom }> {
  const { show, store, capture } = joined;
  const encryption = await openShowEncryption(joined);
  const destinations = await openDestinations({ ...joined, isLive: () => show.isLive() });
  capture.onUnit((unit) => destinations.room.push(unit));
  store.onAction(({ type }) => {
    if (type === 'show.changed') destinations.room.steer();
  });
  const pictureRoom = await openPictureRoom({
    ...joined,
    onChange: (picture) => store.apply({ type: 'picture.changed', picture }),
  });
  return { encryption, destinations, pictureRoom };
}
