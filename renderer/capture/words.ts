// The words of this page: English at once, Chinese fetched when it is spoken. Imported before
// anything that says one.

import { chosenLanguage } from '../ui/chosenLanguage.ts';
import { captureTexts } from '../ui/texts/capture.ts';
import { sharedTexts } from '../ui/texts/shared.ts';
import { chooseTexts } from '../ui/texts.ts';

chooseTexts(sharedTexts, captureTexts);

/** Fetches the words of the chosen language; the page is shown after that. */
export async function speakChosen(): Promise<void> {
  if (chosenLanguage() !== 'zh') return;
  try {
    chooseTexts((await import('./wordsChinese.ts')).CHINESE_WORDS);
    document.documentElement.lang = 'zh';
  } catch {
    // Without them the page speaks English.
  }
}
