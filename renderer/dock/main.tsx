// Entry of the dock: the studio's markets as a panel inside OBS. It is let in as the studio is, by
// a link that works once, and asks the same operations.

import '../studio/words.ts';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import { overlayTexts } from '../ui/texts/overlay.ts';
import { chooseTexts } from '../ui/texts.ts';
import '../ui/ui.css';
import '../studio/studio.css';
import '../studio/docks.css';
import '../studio/zones.css';
import '../studio/forms.css';
import './dock.css';
import { speakChosen } from '../studio/language.ts';
import { chosenLanguage } from '../ui/chosenLanguage.ts';
import { App } from './App.tsx';

// The page's policy forbids code from text; zod then must not even try.
z.config({ jitless: true });

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
chooseTexts(overlayTexts);
await speakChosen();
if (chosenLanguage() === 'zh') {
  chooseTexts((await import('../ui/texts/overlayChinese.ts')).overlayTextsChinese);
}
createRoot(root).render(<App />);
// Without it, characters that the system lacks are boxes, and all else is as it is.
import('../ui/chineseFont.ts').catch(() => {});
