// What pages may ask of the system. Electron grants everything by default, so both handlers deny
// everything but camera and microphone, and those only to our own pages.

import type { Session } from 'electron';
import { isOurs } from './windows.ts';

const ALLOWED = new Set(['media', 'speaker-selection']);

/** Installs the policy on the session that all our windows share. */
export function installPermissionPolicy(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, answer) => {
    answer(ALLOWED.has(permission) && isOurs(contents.getURL()));
  });
  session.setPermissionCheckHandler(
    (_contents, permission, origin) => ALLOWED.has(permission) && isOurs(origin),
  );
  session.setDevicePermissionHandler(() => false);
}
