// The words of the overlay in Chinese and the typeface, fetched only where they are spoken.

import { overlayTextsChinese } from '../ui/texts/overlayChinese.ts';
import { viewerTextsChinese } from '../ui/texts/viewerChinese.ts';
import '../ui/chineseFont.css';

export { EVIDENCE_CHINESE } from '../ui/sentences/evidenceChinese.ts';

export const CHINESE_WORDS = { ...viewerTextsChinese, ...overlayTextsChinese };
