// This page in Chinese, and the typeface. Fetched only by who speaks it.

import { captureTextsChinese } from '../ui/texts/captureChinese.ts';
import { sharedTextsChinese } from '../ui/texts/sharedChinese.ts';
import '../ui/chineseFont.css';

export const CHINESE_WORDS = { ...sharedTextsChinese, ...captureTextsChinese };
