// Why something is not broken on purpose, in Chinese: what the engine and the supervisor say.

import type { Sentence } from './shapes.ts';

export const BREAK_CHINESE: readonly Sentence[] = [
  [
    'Only the demo match is broken on purpose. Choose the source “Demo match” first.',
    '只有演示比赛可以故意弄坏。请先选择演示来源。',
  ],
  ['Only the demo match is broken on purpose.', '只有演示比赛可以故意弄坏。'],
  [
    'Only a studio with its own relay is broken on purpose. Forget the paired relay first.',
    '只有使用自带中继的工作室可以故意弄坏。请先取消已配对的中继。',
  ],
  [
    'Only a studio with its own relay is broken on purpose.',
    '只有使用自带中继的工作室可以故意弄坏。',
  ],
  ['Packets are being lost already.', '已经在丢包。'],
  ['The {} is being started; wait a moment.', '{0} 正在启动；请稍候。'],
  ['The {} died {} times within a minute; wait a minute.', '{0} 一分钟内已死 {1} 次；请等一分钟。'],
];
