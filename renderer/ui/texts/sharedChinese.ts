// Words that more than one page says, in Chinese (simplified), of the same keys.

import type { WordsLike } from '../texts.ts';
import type { sharedTexts } from './shared.ts';

export const sharedTextsChinese: WordsLike<typeof sharedTexts> = {
  'market.state.DRAFT': '草稿',
  'market.state.OPEN': '开放',
  'market.state.LOCKED': '已锁定',
  'market.state.RESOLVED': '已结算',
  'market.state.VOID': '作废，已退还',
  'market.timeLeft': '剩余下注时间',
  'market.corrected': '团队已更正',
  'market.won': '获胜',
  'market.points': '{points} 分',
  'player.connecting': '正在连接画面……',
  'player.live': '直播',
  'player.stalled': '画面中断，正在重连……',
  'player.notLive': '节目尚未开始。',
  'player.noVideoCodec': '此浏览器无法播放 H.264 视频。请用 Chrome、Edge、Safari 或 Firefox。',
  'common.close': '关闭',
  'common.cancel': '取消',
  'common.playPoints': '仅为游戏积分，没有现金价值',
};
