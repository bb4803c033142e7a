// Words of breakIt.ts in simplified Chinese.

import type { WordsLike } from '../texts.ts';
import type { breakItTexts } from './breakIt.ts';

export const breakItTextsChinese: WordsLike<typeof breakItTexts> = {
  'studio.break': '弄坏试试',
  'studio.break.lead': '弄坏这个工作室，再看画面如何。仅限演示比赛；已确认的投注绝不会丢失。',
  'studio.break.engine': '杀掉引擎',
  'studio.break.engine.what': '结束制作画面的进程。本页会断开一两秒；观众仍留在中继。',
  'studio.break.vision': '杀掉视觉',
  'studio.break.vision.what': '结束判断画面的进程。画面继续；漏看的部分随后补判。',
  'studio.break.relay': '杀掉中继',
  'studio.break.relay.what': '断开所有观众。他们的页面保留最后的画面，并自动重连。',
  'studio.break.ledger': '杀掉账本',
  'studio.break.ledger.what': '结束保管积分的进程。下一个进程读完日志之前，投注暂停。',
  'studio.break.tearLog': '撕裂日志',
  'studio.break.tearLog.what':
    '杀掉账本，并在日志末尾留下半条记录，如同突然断电。下一个账本会舍弃这半条。',
  'studio.break.losePackets': '丢包',
  'studio.break.losePackets.what':
    '在 {seconds} 秒内丢弃发往中继的 {percent}% 数据包。缺失的会重新请求。',
  'studio.break.state.begun': '正在恢复',
  'studio.break.state.over': '全部恢复',
  'studio.break.state.late': '未全部恢复',
  'studio.break.state.refused': '没有弄坏',
  'studio.break.gone': '进程 {pid} 已死',
  'studio.break.torn': '日志已撕裂：半条记录，{bytes} 字节',
  'studio.break.pageLost': '本页与工作室断开',
  'studio.break.back': '进程 {pid} 已接替',
  'studio.break.leftOut': '发现 {bytes} 字节未写完，已舍弃',
  'studio.break.pageBack': '本页已恢复连接',
  'studio.break.paused': '投注暂停',
  'studio.break.open': '投注开放',
  'studio.break.lost': '{sent} 个数据包丢了 {lost} 个；中继缺失的已重发 {again} 个',
  'studio.break.neverStood': '这里的画面从未停顿。',
  'studio.break.stood': '这里的画面停顿了 {seconds} 秒。',
  'studio.break.stands': '这里的画面停着，目前最长 {seconds} 秒。',
  'studio.break.stayed': '观众：之前 {before} 人，现在 {now} 人；没有人离开。',
  'studio.break.cameBack': '观众：之前 {before} 人，最少时 {fewest} 人，现在 {now} 人。',
  'studio.break.books': '观众积分：之前 {before} = 之后 {after}。',
  'studio.break.booksNot': '观众积分：之前 {before}，之后 {after}。',
  'studio.break.granted': '其间发放 {points}。',
  'studio.break.moved': '其间市场裁定带来 {points}。',
  'studio.break.row': '日志第 {row} 行未变。',
  'studio.break.rowNot': '日志第 {row} 行缺失或已变。',

  'studio.wayOut.tryNow': '立即重试',
  'studio.wayOut.startAgain': '若一直没有回应，请重新启动 Morphine Studio。',
  'studio.wayOut.reload': '重新加载此页',
  'studio.wayOut.relay': '中继设置……',
  'studio.wayOut.demo': '先播放演示比赛',
};
