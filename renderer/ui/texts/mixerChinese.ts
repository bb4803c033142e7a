// The words of the mixer dock in Chinese, of the same keys.

import type { WordsLike } from '../texts.ts';
import type { mixerTexts } from './mixer.ts';

export const mixerTextsChinese: WordsLike<typeof mixerTexts> = {
  'studio.mixer': '混音器',
  'studio.mixer.system': '本机声音',
  'studio.mixer.none': '还没有声音',
  'studio.mixer.noneWhat': '当前来源没有声音。有声音的来源会自动出现在这里。',
  'studio.mixer.mute': '静音：{title}',
  'studio.mixer.muted': '已静音',
  'studio.mixer.replaced': '观众听不到：已由本机声音代替。',
  'studio.mixer.level': '{title} 的电平',
  'studio.mixer.levelValue': '峰值 {peak} dB，均值 {mean} dB',
  'studio.mixer.silent': '无声',
  'studio.mixer.clipped': '过响：{title} 已削波。按下可清除标记。',
  'studio.mixer.gain': '{title} 的增益',
  'studio.mixer.gainExact': '{title} 的增益，dB',
  'studio.mixer.gainValue': '{gain} dB',
  'studio.mixer.gainFault': '{least} 到 {most} dB。',
  'studio.mixer.more': '延迟与限幅',
  'studio.mixer.moreNamed': '{title} 的延迟与限幅',
  'studio.mixer.delay': '延迟，毫秒',
  'studio.mixer.delayFault': '0 到 {most} 的整数。',
  'studio.mixer.limiter': '限幅器',
  'studio.mixer.ceiling': '上限，dB',
  'studio.mixer.ceilingFault': '{least} 到 {most} dB。',
  'studio.mixer.reset': '恢复原样',
  'studio.mixer.packetsOnly': '只能静音和延迟：增益和限幅需要 ffmpeg。',
  'studio.mixer.trouble': '暂时无声；混音器正在重新启动：',
  'studio.mixer.muteNamed': '静音：{title}',
  'studio.mixer.unmuteNamed': '取消静音：{title}',
  'studio.mixer.muteShow': '静音或恢复观众听到的声音',
  'studio.mixer.undo': '{title} 的声音',
};
