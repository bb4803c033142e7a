// The words of the fairness scope in Chinese, of the same keys.

import type { WordsLike } from '../texts.ts';
import type { fairnessTexts } from './fairness.ts';

export const fairnessTextsChinese: WordsLike<typeof fairnessTexts> = {
  'studio.fair.title': '对当前观众是否公平',
  'studio.fair.show': '观众的延迟',
  'studio.fair.nobody': '还没有人观看；有人观看后会显示延迟。',
  'studio.fair.unmeasured': '还没有观众页面上报延迟。',
  'studio.fair.times': '填好下注时长和保护时间后，会说明谁来得及下注。',
  'studio.fair.all': '已测量的 {count} 位观众都能及时看到开盘，下注有效。',
  'studio.fair.one': '已测量的 1 位观众能及时看到开盘，下注有效。',
  'studio.fair.some': '已测量的 {all} 位观众中，{count} 位在保护时间开始前看到开盘。',
  'studio.fair.guarded': '{count} 位会在保护时间内下注：先受理，若关键时刻恰在此时则退回。',
  'studio.fair.refused': '{count} 位看到时已停止下注：会被拒绝。',
  'studio.fair.hurried': '{count} 位的选择时间不足 {seconds} 秒。',
  'studio.fair.fits': '下注时长设为 {seconds} 秒，100 位中有 95 位时间充足。',
  'studio.fair.slowest': '半数观众在 {median} 内看到画面，最慢的要 {slowest}。',
  'studio.fair.unknown': '{count} 位尚未上报延迟。',
  'studio.fair.guard': '保护',
  'studio.fair.lock': '停止下注',
  'studio.fair.axis': '从一帧产生到观众看到的时间。',
  'studio.fair.arrivals': '到达时间',
  'studio.fair.arrivalsNamed': '到达时间：{title}',
  'studio.fair.noBets': '没有人在此下注。',
  'studio.fair.stand': '{all} 注中 {count} 注有效。',
  'studio.fair.late': '{count} 注晚于截止点，已退回。',
  'studio.fair.back': '{count} 注因其他原因退回：{why}。',
  'studio.fair.why.withdrawn': '{count} 注及时撤回',
  'studio.fair.why.guestShare': '{count} 注超出访客份额',
  'studio.fair.why.returned': '{count} 注因竞猜未派奖',
  'studio.fair.waiting': '{count} 注尚未裁定。',
  'studio.fair.cut': '截止于关键时刻前 {guard}，即开盘后 {open}。',
  'studio.fair.uncut': '没有画面提前截止：停止下注前的每一注都有效。',
  'studio.fair.opened': '开盘',
  'studio.fair.cutoff': '截止点',
  'studio.fair.moment': '关键时刻',
};
