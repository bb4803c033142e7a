// Entry of the crew's page, which a relay serves to whoever helps to run the show from elsewhere.
// It is the studio's own panels over another line: the line is chosen before anything connects.

import './chooseLine.ts';
import '../studio/words.ts';
import { I18nProvider } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import '../ui/ui.css';
import '../studio/studio.css';
import '../studio/docks.css';
import '../studio/zones.css';
import '../studio/forms.css';
import '../studio/strips.css';
import './crew.css';
import { speakChosen, useLanguage } from '../studio/language.ts';
import { CrewPage } from './CrewPage.tsx';

// The page's policy forbids code from text; zod then must not even try.
z.config({ jitless: true });

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
await speakChosen();
createRoot(root).render(<Root />);
// Without it, characters that the system lacks are boxes, and all else is as it is.
import('../ui/chineseFont.ts').catch(() => {});

/** Another language draws everything anew. */
function Root() {
  const language = useLanguage((page) => page.language);
  return (
    <I18nProvider locale={language === 'zh' ? 'zh-CN' : 'en-GB'}>
      <CrewPage key={language} />
    </I18nProvider>
  );
}
