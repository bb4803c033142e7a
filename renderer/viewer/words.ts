// The words of the viewer page. Imported before anything that says one.

import { chatTexts } from '../ui/texts/chat.ts';
import { sharedTexts } from '../ui/texts/shared.ts';
import { viewerTexts } from '../ui/texts/viewer.ts';
import { chooseTexts } from '../ui/texts.ts';

chooseTexts(sharedTexts, viewerTexts, chatTexts);

export type PageLanguage = 'en' | 'zh';

/** What the address asks for (`?lang=zh`), else what the browser prefers. */
export function pageLanguage(search: string, preferred: readonly string[]): PageLanguage {
  const asked = new URLSearchParams(search).get('lang');
  const first = asked ?? preferred.find((language) => /^(en|zh)\b/i.test(language)) ?? 'en';
  return /^zh\b/i.test(first) ? 'zh' : 'en';
}

/** Fetches the words of another language; the page is shown after that. */
export async function speak(language: PageLanguage): Promise<void> {
  if (language !== 'zh') return;
  try {
    const [{ viewerTextsChinese }, { chatTextsChinese }] = await Promise.all([
      import('../ui/texts/viewerChinese.ts'),
      import('../ui/texts/chatChinese.ts'),
    ]);
    chooseTexts(viewerTextsChinese, chatTextsChinese);
  } catch {
    // Without them the page speaks English.
  }
}
