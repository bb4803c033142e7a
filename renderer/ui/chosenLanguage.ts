// The language of a page that lets a person choose: what the address asks for (`?language=zh`, or
// `lang` as the viewer page has it), else what was chosen here before, else what the browser
// prefers. The choice belongs to the address's origin: studio and capture page share it.

import { type PageLanguage, pageLanguage } from './pageLanguage.ts';

const KEPT = 'morphine.language';

/** Pure but for what is given. `kept` may be anything that a store held. */
export function languageOf(
  search: string,
  kept: string | null,
  preferred: readonly string[],
): PageLanguage {
  const asked = new URLSearchParams(search).get('language');
  if (asked !== null) return pageLanguage('', [asked]);
  if (new URLSearchParams(search).has('lang')) return pageLanguage(search, preferred);
  return kept === 'en' || kept === 'zh' ? kept : pageLanguage('', preferred);
}

/** For this page, now. */
export function chosenLanguage(): PageLanguage {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // The browser keeps nothing here; its preference decides.
  }
  return languageOf(location.search, kept, navigator.languages);
}

export function keepLanguage(language: PageLanguage): void {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // It holds for this visit then.
  }
}
