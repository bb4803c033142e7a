// The words of the hand-over panel in Chinese, of the same keys.

import type { WordsLike } from '../texts.ts';
import type { handoverTexts } from './handover.ts';

export const handoverTextsChinese: WordsLike<typeof handoverTexts> = {
  'studio.handover.tab': '其他引擎',
  'studio.handover.what':
    '当观众多到此中继承载不了时，把画面交给另一个 WHIP 引擎。聊天、竞猜和积分仍在这里；' +
    '若该引擎不再送出画面，所有人会自动回来。',
  'studio.handover.whip': 'WHIP 地址（推流）',
  'studio.handover.token': '令牌',
  'studio.handover.tokenHint': '由工作室保存，不再显示；留空表示无需令牌',
  'studio.handover.tokenAgain': '请重新输入：它从不显示；留空表示无需令牌',
  'studio.handover.whep': 'WHEP 地址（观看）',
  'studio.handover.address': '请输入以 http:// 或 https:// 开头的地址。',
  'studio.handover.do': '试用并移交',
  'studio.handover.back': '收回画面',
  'studio.handover.state.off': '画面来自此中继。',
  'studio.handover.state.waiting': '已设置：节目直播后立即试用。',
  'studio.handover.state.probing': '正在试用：须先由我们自己的读取端看到画面。',
  'studio.handover.state.moved': '观众正从另一个引擎取得画面。',
  'studio.handover.state.failed': '观众在这里；稍后会再试。{reason}',
};
