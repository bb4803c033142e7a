// What pages may ask of the system. Electron grants everything by default, so all handlers deny
// everything but the few things that our own pages do. The question is who asks, not which page is
// on top: a frame is judged by its own address.

import type { Session } from 'electron';
import { isCapturePage, isOurs, PAGE_ORIGIN } from './addresses.ts';

/** Camera and microphone. */
const DEVICES = 'media';
/** Screens and windows; what is shared is chosen in the picker, each time. */
const SCREENS = 'display-capture';
/** Copying a link by a press. Reading the clipboard stays denied. */
const COPY = 'clipboard-sanitized-write';

/** Addresses that no page of ours may fetch from: all it needs comes by its port or its scheme. */
const ELSEWHERE = ['http', 'https', 'ws', 'wss', 'ftp', 'file'].map((one) => `${one}://*/*`);

/** Installs the policy on the session that all our windows share. */
export function installPermissionPolicy(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, answer, details) => {
    const isAskedByUs = isOurs(details.requestingUrl) && isOurs(contents.getURL());
    if (permission === SCREENS) answer(isAskedByUs && isCapturePage(details.requestingUrl));
    else answer(isAskedByUs && (permission === DEVICES || permission === COPY));
  });
  session.setPermissionCheckHandler((_contents, permission, origin, details) => {
    if (!isOurs(origin)) return false;
    if (permission === SCREENS) return isCapturePage(details?.requestingUrl ?? '');
    return permission === DEVICES || permission === COPY;
  });
  session.setDevicePermissionHandler(() => false);
  // Dictionaries would be fetched from a server of Google's.
  session.setSpellCheckerEnabled(false);
  session.webRequest.onBeforeRequest({ urls: ELSEWHERE }, (_request, answer) =>
    answer({ cancel: true }),
  );
  session.on('will-download', (signal, item) => {
    const isMadeHere = item.getURL().startsWith(`blob:${PAGE_ORIGIN}/`) || isOurs(item.getURL());
    if (!isMadeHere) signal.preventDefault();
  });
}
