// Words of the two pages for OBS in Chinese (simplified), of the same keys.

import type { WordsLike } from '../texts.ts';
import type { overlayTexts } from './overlay.ts';

export const overlayTextsChinese: WordsLike<typeof overlayTexts> = {
  'overlay.badLink': '这不是频道的叠加层地址。请从工作室复制地址。',
  'overlay.result': '结果',
  'overlay.void': '已退还',
  'overlay.suspended': '下注暂停',
  'dock.title': 'Morphine 竞猜',
  'dock.live': '直播中',
  'dock.ready': '未直播',
  'dock.watching': '{count} 人在看',
};
