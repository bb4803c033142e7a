// The words of the overlay: English at once, Chinese fetched when it is spoken.

import { chosenLanguage } from '../ui/chosenLanguage.ts';
import { chooseSayer } from '../ui/sentences.ts';
import { overlayTexts } from '../ui/texts/overlay.ts';
import { sharedTexts } from '../ui/texts/shared.ts';
import { viewerTexts } from '../ui/texts/viewer.ts';
import { chooseTexts } from '../ui/texts.ts';

chooseTexts(sharedTexts, viewerTexts, overlayTexts);

/** Fetches the words of the chosen language; the page is shown after that. */
export async function speakChosen(): Promise<void> {
  if (chosenLanguage() !== 'zh') return;
  try {
    const chinese = await import('./wordsChinese.ts');
    chooseTexts(chinese.CHINESE_WORDS);
    chooseSayer(chinese.sayChinese);
    document.documentElement.lang = 'zh';
  } catch {
    // Without them the page speaks English.
  }
}
