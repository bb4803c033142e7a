// Entry of the viewer page: reads the channel from the address, builds the visit with the real
// clock, timers and storage, and hands it to React. Only here stand Date and crypto.

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import { realTimers } from '../../core/base/clock.ts';
import { isId } from '../../core/wire/signing.ts';
import '../ui/ui.css';
import { text } from '../ui/texts.ts';
import { App } from './App.tsx';
import { publishFigures } from './rootFigures.ts';
import { openTextStore } from './textStore.ts';
import { createViewerSession } from './viewerSession.ts';
import './viewer.css';

// The page's policy forbids code from text; zod then must not even try.
z.config({ jitless: true });

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root element');
const channel = /^\/s\/([^/]+)\/?$/.exec(location.pathname)?.[1] ?? '';

if (isId(channel)) {
  const session = createViewerSession({
    channel,
    origin: location.origin,
    timers: realTimers,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    textStore: openTextStore(() => localStorage),
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
      <App session={session} />
    </StrictMode>,
  );
} else {
  createRoot(root).render(<p className="badLink">{text('viewer.badLink')}</p>);
}
