// What becomes of the picture on its way out, by its owner's choice: how our encoders make it, by
// the first run's advice too, how it sounds, sealed for viewers' engines, and pushed to further
// places.

import type { Capture } from '../capture/capture.ts';
import { type DestinationDesk, openDestinations } from './destinationDesk.ts';
import { type Encryption, openShowEncryption } from './encryption.ts';
import type { FirstRunRoom } from './firstRun/firstRunRoom.ts';
import { openFirstRun } from './firstRun/openFirstRun.ts';
import { type MixerRoom, openMixerRoom } from './mixerRoom.ts';
import { openPictureRoom, type PictureRoom, type PictureRoomOptions } from './pictureRoom.ts';

type Joined = Omit<Parameters<typeof openFirstRun>[0], 'pictureRoom'> &
  Omit<PictureRoomOptions, 'onChange' | 'tryEncoder'> &
  Omit<Parameters<typeof openDestinations>[0], 'isLive'> &
  Parameters<typeof openShowEncryption>[0] & {
    capture: Pick<Capture, 'onUnit' | 'sound' | 'state'>;
  };

export type Outward = {
  encryption: Encryption;
  destinations: DestinationDesk;
  pictureRoom: PictureRoom;
  mixer: MixerRoom;
  firstRun: FirstRunRoom;
  /** Those that are closed with the engine and need nobody to wait for them. */
  rooms: readonly { close(): void }[];
};

/** Opens all, as they were left. */
export async function openOutward(joined: Joined): Promise<Outward> {
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
  const mixer = await openMixerRoom({
    ...joined,
    onChange: (state) => store.apply({ type: 'mixer.changed', mixer: state }),
  });
  const firstRun = await openFirstRun({ ...joined, pictureRoom });
  const rooms = [firstRun, pictureRoom, mixer];
  return { encryption, destinations, pictureRoom, mixer, firstRun, rooms };
}
