// This page in Chinese, and the typeface. Fetched only by who speaks it.

import { checkTextsChinese } from '../ui/texts/checkChinese.ts';
import { sharedTextsChinese } from '../ui/texts/sharedChinese.ts';
import '../ui/chineseFont.css';

export const CHINESE_WORDS = { ...sharedTextsChinese, ...checkTextsChinese };
