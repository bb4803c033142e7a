// The viewer page in Chinese, and the typeface. Fetched only by who speaks it.

import { chatTextsChinese } from '../ui/texts/chatChinese.ts';
import { sharedTextsChinese } from '../ui/texts/sharedChinese.ts';
import { viewerTextsChinese } from '../ui/texts/viewerChinese.ts';
import '../ui/chineseFont.css';

export { sayChinese } from '../ui/sentences/sentencesChinese.ts';

export const CHINESE_WORDS = { ...sharedTextsChinese, ...viewerTextsChinese, ...chatTextsChinese };
