// The words of the OBS panel in Chinese, of the same keys.

import type { WordsLike } from '../texts.ts';
import type { obsTexts } from './obs.ts';

export const obsTextsChinese: WordsLike<typeof obsTexts> = {
  'studio.obs.tab': 'OBS',
  'studio.obs.what':
    '只需连接 OBS 一次：之后可在此页设置其推流、开始和停止，每次重启后也会自动重新连接。',
  'studio.obs.address': 'OBS 地址',
  'studio.obs.addressHint': '本机：127.0.0.1 加上 OBS 显示的端口',
  'studio.obs.password': 'OBS 密码',
  'studio.obs.passwordHint': '在 OBS 中：工具 → WebSocket 服务器设置 → 显示连接信息',
  'studio.obs.connect': '连接',
  'studio.obs.disconnect': '断开',
  'studio.obs.found': '本机已安装 OBS，其服务器已开启。',
  'studio.obs.foundOff': '本机已安装 OBS，但其服务器未开启：工具 → WebSocket 服务器设置。',
  'studio.obs.notFound': '本机未找到 OBS。',
  'studio.obs.state.off': '未连接。',
  'studio.obs.state.connecting': '正在连接……',
  'studio.obs.state.connected': '已连接 OBS {version}。',
  'studio.obs.state.absent': '未能连接到 OBS：{reason}',
  'studio.obs.state.wrongPassword': 'OBS 不接受此密码，请在 OBS 的 WebSocket 服务器设置中查看。',
  'studio.obs.state.tooOld': '此 OBS 版本过旧，请更新到 OBS 28 或更高版本。',
  'studio.obs.setUp': '设置 OBS',
  'studio.obs.setUpAgain': '重新设置 OBS',
  'studio.obs.setUpEffect':
    '将其推流指向此工作室，关闭 B 帧，并把竞猜加入其场景。原有设置会被保存。',
  'studio.obs.isSetUp.rtmp': 'OBS 已设置为通过 RTMP 推流到此处。',
  'studio.obs.isSetUp.whip': 'OBS 已设置为通过 WHIP 推流到此处。',
  'studio.obs.undo': '恢复原有设置',
  'studio.obs.start': '开始推流',
  'studio.obs.stop': '停止推流',
  'studio.obs.scene': '场景',
  'studio.obs.dropped': '丢帧',
  'studio.obs.rate': '码率',
  'studio.obs.kilobits': '{count} kbit/s',
  'studio.obs.of': '{count} / {total}',
  'studio.obs.dock': 'OBS 停靠窗口链接',
  'studio.obs.dockHint':
    '在 OBS 中：停靠窗口 → 自定义浏览器停靠窗口。链接一分钟内可用一次，之后 OBS 保持登录。',
  'studio.obs.byHand': '手动设置',
  'studio.obs.byHandHint': 'OBS 30 或更高版本：设置 → 推流 → 服务“WHIP”',
  'studio.obs.srtHint': 'SRT：服务“自定义”，以此地址为服务器，密钥留空；然后选择 srt: 作为来源',
  'studio.obs.rtmpHint': '任何版本的 OBS：设置 → 推流 → 服务“自定义”',
  'studio.obs.streamKey': '推流码',
  'studio.obs.server': '服务器',
  'studio.obs.token': 'Bearer 令牌',
  'studio.obs.tokenHint': '持有者可将画面送上直播，请勿显示在屏幕上。',
  'studio.obs.renew': '更换令牌',
  'studio.obs.copy': '复制',
  'studio.obs.copied': '已复制',
};
