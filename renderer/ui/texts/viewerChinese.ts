import type { WordsLike } from '../texts.ts';
export const viewerTextsChinese: Partial<WordsLike<Record<string, string>>> = {};
