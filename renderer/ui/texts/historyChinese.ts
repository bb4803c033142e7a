// The words of the history dock in Chinese, of the same keys.

import type { WordsLike } from '../texts.ts';
import type { historyTexts } from './history.ts';

export const historyTextsChinese: WordsLike<typeof historyTexts> = {
  'studio.history': '历史',
  'studio.history.what': '查看内容',
  'studio.history.bets': '下注',
  'studio.history.markets': '竞猜',
  'studio.history.searchBets': '搜索问题、选项或名字',
  'studio.history.searchMarkets': '搜索问题、选项或原因',
  'studio.history.again': '重新读取，新的在最上面',
  'studio.history.whole': '全部下注和竞猜',
  'studio.history.inMarket': '“{name}”中的下注',
  'studio.history.ofPerson': '{name} 的下注',
  'studio.history.card': '{name} 的资料卡',
  'studio.history.all': '重新显示全部下注',
  'studio.history.hidden': '已隐藏',
  'studio.history.corrected': '已更正',
  'studio.history.locked': '等待判定',
  'studio.history.won': '赢得',
  'studio.history.noBets': '还没有人下注。每一笔下注都会留在这里。',
  'studio.history.noMarkets': '还没有锁定的竞猜。锁定后会一直留在这里。',
  'studio.history.nothingFound': '没有找到。',
  'studio.history.reading': '正在查找…',
  'studio.history.count': '共 {count} 条',
  'studio.history.countSoFar': '已读取 {count} 条，继续滚动查看更早的',
  'studio.history.full': '只显示最新的 {count} 条；更早的请搜索。',
  'studio.history.goOn': '继续往前找',
  'studio.figure.starting': '{value}，启动中',
  'studio.figure.starting.do': '无需处理：刚开始不到 15 秒，之后才作判断。',
};
