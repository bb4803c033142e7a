// The words of recordings, clips and evidence in Chinese, of the same keys.

import type { WordsLike } from '../texts.ts';
import type { recordingTexts } from './recording.ts';

export const recordingTextsChinese: WordsLike<typeof recordingTexts> = {
  'studio.recording': '录制',
  'studio.recording.state.off': '未录制',
  'studio.recording.state.recording': '{time} · {size} MB',
  'studio.recording.state.failed': '已自行停止',
  'studio.recording.start': '开始录制',
  'studio.recording.stop': '停止录制',
  'studio.recording.whileLive': '直播时录制',
  'studio.recording.whileLiveNamed': '每次直播时自动录制',
  'studio.recording.clip': '保存最近 30 秒',
  'studio.recording.clipTitle': '片段',
  'studio.recording.clipSaved': '已保存：{name}',
  'studio.evidence.open': '判定依据',
  'studio.evidence.openNamed': '“{title}”的判定依据',
  'studio.evidence.none': '没有保留画面：该时刻太久以前，或工作室在此之后重新启动过。',
  'studio.evidence.wait': '正在读取…',
  'studio.evidence.still': '判定所依据的一帧',
  'studio.evidence.clip': '前后片段',
  'studio.evidence.frame': '片段的第 {frame} 帧，采集时间 {captureUs} 微秒',
  'studio.evidence.said.event': '这一帧由判定该竞猜的事件给出。',
  'studio.evidence.said.person': '这是由人判定时所指的时刻。',
  'studio.evidence.said.clock': '问题到此结束，事件没有发生。',
  'studio.evidence.hash': '账本记下的密封文件：{hash}',
  'studio.evidence.facts': '当时视觉所知',
};
