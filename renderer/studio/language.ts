// The language of the studio page, changed without a reload: words first, then everything is drawn
// anew. What the engine says in whole sentences (notices, reasons, refusals) comes in English.

import { create } from 'zustand';
import { chosenLanguage, keepLanguage } from '../ui/chosenLanguage.ts';
import type { PageLanguage } from '../ui/pageLanguage.ts';
import { speak } from './words.ts';

export const useLanguage = create<{ language: PageLanguage }>(() => ({ language: 'en' }));

/** Before the first drawing. */
export async function speakChosen(): Promise<void> {
  const language = chosenLanguage();
  if (language !== 'en' && (await speak(language))) useLanguage.setState({ language });
}

/** Speaks and keeps it. */
export async function changeLanguage(language: PageLanguage): Promise<void> {
  if (!(await speak(language))) return;
  keepLanguage(language);
  useLanguage.setState({ language });
}
