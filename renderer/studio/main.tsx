// Entry of the studio page: words, styles, and the page into its root. Nothing else.

import './words.ts';
import { I18nProvider } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import '../ui/ui.css';
import './studio.css';
import './docks.css';
import './picture.css';
import './zones.css';
import './forms.css';
import './strips.css';
import { App } from './App.tsx';
import { listenForPlaces } from './docks/showDock.ts';
import { speakChosen, useLanguage } from './language.ts';

// The page's policy forbids code from text; zod then must not even try.
z.config({ jitless: true });

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
await speakChosen();
createRoot(root).render(<Root />);
// Without it, characters that the system lacks are boxes, and all else is as it is.
import('../ui/chineseFont.ts').catch(() => {});
listenForPlaces();

/** Another language draws everything anew. */
function Root() {
  const language = useLanguage((page) => page.language);
  return (
    <I18nProvider locale={language === 'zh' ? 'zh-CN' : 'en-GB'}>
      <App key={language} />
    </I18nProvider>
  );
}
