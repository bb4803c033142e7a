// Why a source, OBS, a destination or an encoder stands as it stands, in Chinese.

import type { Sentence } from './shapes.ts';

export const SOURCE_CHINESE: readonly Sentence[] = [
  ['Another capture page was opened.', '已打开另一个采集页面。'],
  ['This capture page is of another version; reload it.', '此采集页面版本不同；请刷新。'],
  ['This page sends messages that are not understood.', '此页面发送的消息无法理解。'],
  ['{} is no address; one looks like {}', '{0} 不是地址；地址形如 {1}'],
  ['There is no source "{}"; use {}', '没有来源“{0}”；可用 {1}'],
  ['{} takes no options; {}', '{0} 不接受选项；{1}'],
  ['The demo stopped: {}', '演示已停止：{0}'],
  ['Encoded anew, because {}', '已重新编码，因为 {0}'],
  ['Encoded anew here, because {}', '已在此重新编码，因为 {0}'],
  [
    'Waits for OBS or another encoder to call by SRT on port {}',
    '等待 OBS 或其他编码器通过 SRT 连接端口 {0}',
  ],
  ['The sound of this computer stopped: {}', '本机声音已停止：{0}'],
  ['No port for SRT is free on {} ({}).', '{0} 上没有空闲的 SRT 端口（{1}）。'],
  ['An encoder was refused: {}', '已拒绝一个编码器：{0}'],
  ['OBS’s picture goes out, but {}', 'OBS 的画面已发送，但 {0}'],
  ['There is no such session.', '没有此会话。'],
  ['The studio could not make a session.', '工作室无法建立会话。'],
  ['Copy the bearer token from the studio, under Sources.', '请从工作室的“来源”中复制令牌。'],
  [
    '{} publishes here already. Stop it first, or wait until it has gone.',
    '{0} 已在此推流。请先停止它，或等它离开。',
  ],
  ['Publish a picture (H.264), with or without sound.', '请推送画面（H.264），声音可有可无。'],
  [
    'OBS was not set up from here; there is nothing to undo.',
    'OBS 不是由此设置的；没有可撤销的内容。',
  ],
  ['OBS is not connected. Connect it first.', 'OBS 未连接。请先连接。'],
  [
    'OBS was not found on this computer: start it, or give its address.',
    '本机未找到 OBS：请启动它，或填写其地址。',
  ],
  [
    'Start OBS and switch on its server: Tools → WebSocket Server Settings.',
    '请启动 OBS 并开启其服务器：工具 → WebSocket 服务器设置。',
  ],
  ['Start OBS; its own port is {}.', '请启动 OBS；其端口为 {0}。'],
  [
    'OBS went away. It is connected again as soon as it is back.',
    'OBS 已离开。它恢复后会立即重新连接。',
  ],
  ['OBS at {} no longer answers.', '位于 {0} 的 OBS 不再应答。'],
  ['Nothing answers at {}.', '{0} 没有应答。'],
  [
    'OBS shows it under Tools → WebSocket Server Settings → Show Connect Info.',
    '见 OBS 的：工具 → WebSocket 服务器设置 → 显示连接信息。',
  ],
  ['OBS asks for its password.', 'OBS 要求输入密码。'],
  ['OBS does not take this password.', 'OBS 不接受此密码。'],
  [
    'This OBS is too old to be driven from here; OBS 28 or later has what it takes built in.',
    '此 OBS 版本太旧；OBS 28 及以上自带所需功能。',
  ],
  [
    'What answers at {} is no OBS 28 or later. Update OBS, or check the port.',
    '{0} 的应答者不是 OBS 28 或以上。请更新 OBS，或检查端口。',
  ],
  ['OBS is streaming. Stop it first.', 'OBS 正在推流。请先停止。'],
  [
    'OBS {} cannot stream by WHIP. Update it to OBS 30 or later.',
    'OBS {0} 不能用 WHIP 推流。请更新到 OBS 30 或以上。',
  ],
  [
    'This OBS has no browser source, so the markets are not shown in its picture.',
    '此 OBS 没有浏览器来源，因此画面中不显示竞猜。',
  ],
  [
    'In OBS set B-frames to 0, tune to zerolatency and the key-frame interval to 2 s yourself.',
    '请在 OBS 中自行将 B 帧设为 0、调优设为 zerolatency、关键帧间隔设为 2 秒。',
  ],
  ["OBS's output is set to Advanced. {}", 'OBS 的输出设为“高级”。{0}'],
  [
    'OBS encodes with {}: set its B-frames to 0, its tuning to low latency.',
    'OBS 使用 {0} 编码：请将 B 帧设为 0，调优设为低延迟。',
  ],
  ['There is no such place.', '没有这个去处。'],
  ['At most {} places; remove one first.', '最多 {0} 个去处；请先删除一个。'],
  ['The key cannot be handed over: the disk takes no file.', '无法交付密钥：磁盘不能写入文件。'],
  ['It took no more packets.', '对方不再接收数据包。'],
  ['The place refused or left: {}', '去处拒绝或离开：{0}'],
  [
    'End the show first: pages that are open would see nothing.',
    '请先结束节目：已打开的页面会看不到画面。',
  ],
  ['The show is not sealed; there is no key to change.', '节目未加密；没有可更换的密钥。'],
  ['No relay answers yet. Try again when it does.', '还没有中继应答。应答后请重试。'],
  [
    'The link is plain HTTP, and there browsers decrypt nothing. Give the relay a certificate.',
    '链接是普通 HTTP，浏览器在那里不解密。请给中继配置证书。',
  ],
  ['{} has not been tried yet; it is tried within a minute.', '{0} 尚未测试；一分钟内会测试。'],
  ['{} cannot be used: {}.', '{0} 无法使用：{1}。'],
  ['{} cannot be read; mend it, then choose again.', '{0} 无法读取；修好后请重选。'],
  ['{} does not work: {}. Mend it or remove it.', '{0} 无法工作：{1}。请修复或删除。'],
  [
    'No ffmpeg with libx264 and libopus was found{}. Install ffmpeg and restart.',
    '未找到带 libx264 和 libopus 的 ffmpeg{0}。请安装 ffmpeg 后重启。',
  ],
  ['{} does not start: {}', '{0} 无法启动：{1}'],
];
