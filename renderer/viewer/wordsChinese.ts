// The viewer page in Chinese, and the typeface. Fetched only by who speaks it.

import { chatTextsChinese } from '../ui/texts/chatChinese.ts';
import { viewerTextsChinese } from '../ui/texts/viewerChinese.ts';
import '../ui/chineseFont.css';

export const CHINESE_WORDS = { ...viewerTextsChinese, ...chatTextsChinese };
