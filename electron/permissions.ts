// What pages may ask of the system. Electron grants everything by default, so all three handlers
// deny everything but camera and microphone, and those only to our own pages. The question is who
// asks, not which page is on top: a frame is judged by its own address.

import type { Session } from 'electron';
import { isOurs } from './windows.ts';

/** Camera and microphone; the screen would be `display-capture`. */
const DEVICES = 'media';

/** Installs the policy on the session that all our windows share. */
export function installPermissionPolicy(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, answer, details) => {
    const isAskedByUs = isOurs(details.requestingUrl) && isOurs(contents.getURL());
    answer(permission === DEVICES && isAskedByUs);
  });
  session.setPermissionCheckHandler(
    (_contents, permission, origin) => permission === DEVICES && isOurs(origin),
  );
  session.setDevicePermissionHandler(() => false);
}
