// The viewer page itself: reads the channel from the address, builds the visit with the real clock,
// timers and storage, and hands it to React. Only here stand Date and crypto. Loaded after the
// first picture was asked for, and takes that over.

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { realTimers } from '../../core/base/clock.ts';
import { pageLanguage } from '../ui/pageLanguage.ts';
import { text } from '../ui/texts.ts';
import { App } from './App.tsx';
import { askedTransport, channelOfPath } from './address.ts';
import type { FirstPicture } from './firstPicture.ts';
import { publishFigures } from './rootFigures.ts';
import type { Seal } from './seal.ts';
import { openTextStore } from './textStore.ts';
import { createViewerSession } from './viewerSession.ts';
import { speak } from './words.ts';

/** Runs the page in `#root`. `first` is what plays in `video` already, if anything does. */
export async function startPage(begun: {
  video: HTMLVideoElement;
  first: FirstPicture | null;
  seal: Seal;
}): Promise<void> {
  const root = document.getElementById('root');
  if (!root) throw new Error('The page has no root element');
  const language = pageLanguage(location.search, navigator.languages);
  document.documentElement.lang = language;
  await speak(language);
  const channel = channelOfPath(location.pathname);
  if (channel === null) {
    createRoot(root).render(<p className="badLink">{text('viewer.badLink')}</p>);
    return;
  }
  const session = createViewerSession({
    channel,
    origin: location.origin,
    timers: realTimers,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    textStore: openTextStore(() => localStorage),
    first: begun.first,
    seal: begun.seal,
    askedTransport: askedTransport(location.search),
  });
  publishFigures(session.store, root);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') session.hurry();
  });
  window.addEventListener('online', () => session.hurry());
  window.addEventListener('pagehide', (event) => {
    if (!event.persisted) session.close();
  });
  createRoot(root).render(
    <StrictMode>
      <App session={session} video={begun.video} />
    </StrictMode>,
  );
}
