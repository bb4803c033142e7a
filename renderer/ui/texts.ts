// The one catalogue of words. Pages name a key; the language is chosen once at start. A second
// language is an object of the same keys: a missing or unknown key does not compile.

import { captureTexts } from './texts/capture.ts';
import { chatTexts } from './texts/chat.ts';
import { chatTextsChinese } from './texts/chatChinese.ts';
import { checkTexts } from './texts/check.ts';
import { managementTexts } from './texts/management.ts';
import { modelTexts } from './texts/models.ts';
import { sharedTexts } from './texts/shared.ts';
import { studioTexts } from './texts/studio.ts';
import { viewerTexts } from './texts/viewer.ts';

const english = {
  ...sharedTexts,
  ...studioTexts,
  ...managementTexts,
  ...modelTexts,
  ...viewerTexts,
  ...chatTexts,
  ...captureTexts,
  ...checkTexts,
} as const;

export type TextKey = keyof typeof english;
export type Catalogue = Readonly<Record<TextKey, string>>;

const languages = {
  en: english,
  // What has no Chinese words yet is said in English.
  zh: { ...english, ...chatTextsChinese },
} as const satisfies Record<string, Catalogue>;
export type Language = keyof typeof languages;

let chosen: Catalogue = english;

/** Chooses the language for all later calls of `text`; pages call it once, before rendering. */
export function setLanguage(language: Language): void {
  chosen = languages[language];
}

/** The words for a key, `{name}` replaced by `values.name`. */
export function text(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return chosen[key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}
