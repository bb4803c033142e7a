// Which language a page speaks. Pure, and the same for every page.

export type PageLanguage = 'en' | 'zh';

/** What the address asks for (`?lang=zh`), else what the browser prefers. */
export function pageLanguage(search: string, preferred: readonly string[]): PageLanguage {
  const asked = new URLSearchParams(search).get('lang');
  const first = asked ?? preferred.find((language) => /^(en|zh)\b/i.test(language)) ?? 'en';
  return /^zh\b/i.test(first) ? 'zh' : 'en';
}
