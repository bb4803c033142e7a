// The words of the report of a show in Chinese, of the same keys.

import type { WordsLike } from '../texts.ts';
import type { reportTexts } from './report.ts';

export const reportTextsChinese: WordsLike<typeof reportTexts> = {
  'studio.report.title': '直播报告',
};
