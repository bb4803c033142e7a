// The words of the overlay in Chinese and the typeface, fetched only where they are spoken.

import { overlayTextsChinese } from '../ui/texts/overlayChinese.ts';
import { sharedTextsChinese } from '../ui/texts/sharedChinese.ts';
import { viewerTextsChinese } from '../ui/texts/viewerChinese.ts';
import '../ui/chineseFont.css';

export { sayChinese } from '../ui/sentences/sentencesChinese.ts';

export const CHINESE_WORDS = {
  ...sharedTextsChinese,
  ...viewerTextsChinese,
  ...overlayTextsChinese,
};
