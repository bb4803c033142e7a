// Entry of the page that checks a bet. Only here stand the address, the browser's store and timers.

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import { realTimers } from '../../core/base/clock.ts';
import { text } from '../ui/texts.ts';
import { App } from './App.tsx';
import { openDeviceMemory } from './deviceMemory.ts';
import { receiptOfAddress } from './receiptLink.ts';
import { speakChosen } from './words.ts';

// The page's policy forbids code from text; zod then must not even try.
z.config({ jitless: true });

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root element');
await speakChosen();
document.title = text('check.title');
window.addEventListener('hashchange', () => location.reload());
createRoot(root).render(
  <StrictMode>
    <App
      link={receiptOfAddress(location.pathname, location.hash)}
      memory={openDeviceMemory(() => localStorage)}
      timers={realTimers}
    />
  </StrictMode>,
);
