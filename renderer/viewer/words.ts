// The words of the viewer page. Imported before anything that says one.

import type { PageLanguage } from '../ui/pageLanguage.ts';
import { chooseSayer } from '../ui/sentences.ts';
import { chatTexts } from '../ui/texts/chat.ts';
import { sharedTexts } from '../ui/texts/shared.ts';
import { viewerTexts } from '../ui/texts/viewer.ts';
import { chooseTexts } from '../ui/texts.ts';

chooseTexts(sharedTexts, viewerTexts, chatTexts);

/** Fetches the words of another language; the page is shown after that. */
export async function speak(language: PageLanguage): Promise<void> {
  if (language !== 'zh') return;
  try {
    const chinese = await import('./wordsChinese.ts');
    chooseTexts(chinese.CHINESE_WORDS);
    chooseSayer(chinese.sayChinese);
  } catch {
    // Without them the page speaks English.
  }
}
