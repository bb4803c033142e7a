// The words of the docks in Chinese, of the same keys.

import type { WordsLike } from '../texts.ts';
import type { dockTexts } from './docks.ts';

export const dockTextsChinese: WordsLike<typeof dockTexts> = {
  'studio.docks': '面板',
  'studio.docks.shown': '显示的面板',
  'studio.docks.reset': '恢复默认布局',
  'studio.docks.what': '拖动面板之间的线，或用方向键移动。',
  'studio.docks.isHidden': '“{title}”已隐藏，可从面板菜单或用撤销恢复。',
  'studio.docks.showNamed': '显示面板：{title}',
  'studio.docks.focusNamed': '转到面板：{title}',
  'studio.docks.hideNamed': '隐藏面板：{title}',
  'studio.docks.left': '左侧面板宽度',
  'studio.docks.right': '右侧面板宽度',
  'studio.docks.below': '下方面板高度',
  'studio.docks.heightOf': '面板高度：{title}',
  'studio.docks.widthOf': '面板宽度：{title}',
};
