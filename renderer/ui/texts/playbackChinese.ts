// The words of what plays in Chinese, of the same keys.

import type { WordsLike } from '../texts.ts';
import type { playbackTexts } from './playback.ts';

export const playbackTextsChinese: WordsLike<typeof playbackTexts> = {
  'studio.playback': '正在播放 {title}',
  'studio.playback.play': '播放',
  'studio.playback.pause': '暂停：观众看到最后一帧，期间不能下注',
  'studio.playback.previous': '上一个文件',
  'studio.playback.next': '下一个文件',
  'studio.playback.begin': '从头播放',
  'studio.playback.position': '{title} 的播放位置',
  'studio.playback.time': '{position} / {length}',
  'studio.playback.entry': '第 {entry}/{entries} 个 · {title}',
  'studio.playback.paused': '已暂停',
  'studio.playback.held': '观众看到最后一帧；下注已暂停。',
  'studio.sound.system': '改用本机声音',
  'studio.header.noPicture': '直播中，无画面',
  'studio.header.paused': '直播中，已暂停',
};
