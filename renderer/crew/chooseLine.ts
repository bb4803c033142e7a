// Joins the studio's panels to the relay: runs before the store makes its first connection. The
// channel stands in the address, the invitation behind its #, which leaves the address bar at once
// so that nobody reads it over a shoulder or from a shared screen.

import { readFragment } from '../../core/people/invite.ts';
import { chooseConnection } from '../studio/connect.ts';
import { crewDevice } from './crewDevice.ts';
import { openCrewLine } from './crewLine.ts';

const INVITATION = 'morphine.invitation';
const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

/** The channel whose crew this page is for. */
export const channelId = location.pathname.split('/')[2] ?? '';

/** Kept for this tab until it was taken: a reload in between must not lose it. */
function keptInvitation() {
  if (location.hash !== '') {
    sessionStorage.setItem(INVITATION, location.hash);
    history.replaceState(null, '', location.pathname);
  }
  return readFragment(sessionStorage.getItem(INVITATION) ?? '');
}

let invitation = keptInvitation();
const device = crewDevice(localStorage, random);

chooseConnection(() =>
  openCrewLine({
    url: `${location.origin.replace(/^http/, 'ws')}/facts/${channelId}`,
    ...{ channelId, device, invitation, random },
    onTaken() {
      // The role is the device's from now on.
      invitation = null;
      sessionStorage.removeItem(INVITATION);
    },
  }),
);
