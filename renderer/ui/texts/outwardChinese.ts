// The words of the panel for what leaves the studio in Chinese, of the same keys.

import type { WordsLike } from '../texts.ts';
import type { outwardTexts } from './outward.ts';

export const outwardTextsChinese: WordsLike<typeof outwardTexts> = {
  'studio.outward.tab': '输出',
  'studio.outward.seal': '启用端到端加密',
  'studio.outward.sealHint':
    '启用后中继看不到画面。链接中含有密钥，请完整分享。需要 HTTPS 或在本机使用。',
  'studio.outward.sealed': '画面和声音已端到端加密。',
  'studio.outward.sealOff': '停止加密',
  'studio.outward.change': '更换密钥',
  'studio.outward.renew': '新链接',
  'studio.outward.renewHint': '更换链接后，未收到新链接的人将无法观看。',
  'studio.outward.places': '其他推流目标',
  'studio.outward.none': '直播时可同时推送到其他平台。',
  'studio.outward.state.off': '关闭',
  'studio.outward.state.connecting': '连接中',
  'studio.outward.state.live': '直播中',
  'studio.outward.state.waiting': '等待重试',
  'studio.outward.remove': '移除 {title}',
  'studio.outward.on': '推送到 {title}',
  'studio.outward.title': '名称',
  'studio.outward.urlHint': '以 rtmp://、rtmps:// 或 https:// 开头，不含密码。',
  'studio.outward.url': '地址（rtmp://、rtmps:// 或 WHIP 的 https://）',
  'studio.outward.secret': '推流密钥或 Bearer 令牌',
  'studio.outward.secretHint': '由工作室保存，不再显示',
  'studio.outward.add': '添加',
};
