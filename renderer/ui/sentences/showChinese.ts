// Why a show, its markets, its ledger or its relay stand as they stand, in Chinese.

import type { Sentence } from './shapes.ts';

export const SHOW_CHINESE: readonly Sentence[] = [
  [
    'The relay does not answer; viewers who come now wait.',
    '中继没有应答；现在到来的观众需要等待。',
  ],
  ['The relay has no picture for viewers yet.', '中继还没有给观众的画面。'],
  ['The relay gave no picture (HTTP {}).', '中继没有给出画面（HTTP {0}）。'],
  [
    'The show is sealed: only pages with its link open the picture.',
    '节目已加密：只有持链接的页面能打开画面。',
  ],
  [
    'The show is live and needs the processor; end it first.',
    '节目正在直播，需要处理器；请先结束。',
  ],
  ['The show is not live.', '节目未直播。'],
  [
    'This ledger and its copy at the relay differ; existing bets are safe.',
    '本机账本与中继副本不一致；已有下注安全。',
  ],
  [
    'The studio’s disk cannot be written; existing bets are safe.',
    '工作室磁盘无法写入；已有下注安全。',
  ],
  [
    'The ledger waits for its copy at the relay; existing bets are safe.',
    '账本正在等待中继副本；已有下注安全。',
  ],
  ['The ledger is restarting; existing bets are safe.', '账本正在重启；已有下注安全。'],
  ['Betting is suspended by the moderators for now.', '管理员已暂停下注。'],
  ['The picture is paused.', '画面已暂停。'],
  ['The report of that show is not kept.', '那场直播的报告没有保留。'],
  ['The picture does not reach the relay.', '画面未到达中继。'],
  ['The picture is stalled.', '画面停滞。'],
  [
    'The picture has just come back; betting goes on when it is steady.',
    '画面刚恢复；稳定后继续下注。',
  ],
  ['{} Betting is suspended; existing bets are safe.', '{0}下注已暂停；已有下注安全。'],
  ['The studio’s disk is full: free some space.', '工作室磁盘已满：请腾出空间。'],
  [
    'The studio’s data folder cannot be written: make its disk writable.',
    '工作室数据文件夹无法写入：请让磁盘可写。',
  ],
  ['The studio’s disk fails: look at its connection.', '工作室磁盘故障：请检查连接。'],
  [
    'The uplink is weak: the picture goes out with {} Mbit/s until it is better.',
    '上行较弱：恢复之前画面以 {0} Mbit/s 发送。',
  ],
  [
    'The uplink is weak: it bears {} Mbit/s, and this source cannot be made smaller.',
    '上行较弱：只能承受 {0} Mbit/s，而此来源无法缩小。',
  ],
  [
    'Vision is restarting; markets wait until every frame has been judged.',
    '视觉正在重启；竞猜等待每一帧判定完毕。',
  ],
  [
    'The ledger was rebuilt from the relay’s copy; the owner decides here.',
    '账本已从中继副本重建；由主播在此决定。',
  ],
  [
    'Rows that the relay holds are missing here and are being fetched.',
    '本机缺少中继保存的记录，正在取回。',
  ],
  [
    'This ledger is older than the relay’s copy, and no relay answers; betting waits for it.',
    '本机账本比中继副本旧，且中继无应答；下注等待中继。',
  ],
  [
    'The studio did not stop in order, and no relay answers: markets wait until ' +
      'it confirms that no bet is missing here.',
    '工作室上次未正常停止，且中继无应答：竞猜等待它确认本机没有缺少下注。',
  ],
  [
    'The relay holds the journal of another ledger for this channel.',
    '中继保存的是此频道另一账本的记录。',
  ],
  [
    'The relay holds {} rows of this ledger and only {} are here: it is an older copy. ' +
      'The missing rows are fetched before betting goes on.',
    '中继保存此账本 {0} 行，本机只有 {1} 行：这是较旧的副本。取回缺少的行后才继续下注。',
  ],
  ['Row {} at the relay differs from the one here.', '中继的第 {0} 行与本机不同。'],
  ['The relay needs row {}, which is not here.', '中继需要第 {0} 行，本机没有。'],
  ['The relay holds nothing of this channel.', '中继没有此频道的任何记录。'],
  ['The relay holds the journal of another ledger.', '中继保存的是另一账本的记录。'],
  ['The relay’s mark is not signed with its own key.', '中继的标记不是用它自己的密钥签名的。'],
  ['The ledger took rows to {} and not to {}.', '账本只收到第 {0} 行，而非第 {1} 行。'],
  ['Row {} here is not the one that the relay signed.', '本机第 {0} 行不是中继签名的那一行。'],
  ['The relay signed row {} and does not have it.', '中继签名了第 {0} 行，却没有保存它。'],
  [
    'Row {} of the relay does not follow from the row before it.',
    '中继的第 {0} 行与前一行不连续。',
  ],
  ['The relay went away.', '中继已离开。'],
  ['The relay does not answer.', '中继无应答。'],
  ['The relay is away.', '中继不在线。'],
  ['No relay answers at {}.', '{0} 没有中继应答。'],
  ["The relay's name {} is not known.", '找不到中继的域名 {0}。'],
  ['The relay at {} cannot be reached ({}).', '无法连接位于 {0} 的中继（{1}）。'],
  ['The relay at {} did not answer in time.', '位于 {0} 的中继未及时应答。'],
  ['The relay cannot be reached.', '无法连接中继。'],
  ['Connecting to the relay.', '正在连接中继。'],
  ['The relay closed the connection.', '中继关闭了连接。'],
  [
    'Another relay answers there than the one that was paired; pair again.',
    '应答的不是已配对的中继；请重新配对。',
  ],
  ['The relay has been silent for {} s.', '中继已 {0} 秒没有消息。'],
  ['This address answers, but is no relay of ours.', '此地址有应答，但不是我们的中继。'],
  [
    'Whoever answered does not know the code: this is not your relay.',
    '应答者不知道配对码：这不是你的中继。',
  ],
  ['The address answers with HTTP {}; is this a relay?', '此地址应答 HTTP {0}；这是中继吗？'],
  [
    'Type the address that the relay shows, such as relay.example.org.',
    '请输入中继显示的地址，例如 relay.example.org。',
  ],
  ['End the show first: its viewers are here.', '请先结束节目：观众在这里。'],
  [
    'The command line names the relay; start without --relay flags.',
    '命令行指定了中继；请不带 --relay 参数启动。',
  ],
  ['The relay does not answer, so there is no link.', '中继无应答，因此没有链接。'],
  ['The other engine could not be used: {}', '无法使用另一引擎：{0}'],
  [
    'The other engine fell silent; everybody is back on this relay.',
    '另一引擎没有消息；所有观众已回到此中继。',
  ],
  ['The ledger is away; try again with the same id.', '账本暂时不在；请用相同编号重试。'],
  ['The ledger answered nonsense.', '账本的应答无法理解。'],
  ['The ledger went away.', '账本已离开。'],
  ['It is still being settled.', '仍在结算。'],
  ['Nothing was booked: {}', '没有入账：{0}'],
  ['Row {} of the journal does not verify: {}.', '日志第 {0} 行校验失败：{1}。'],
  [
    'Beside the journal, {}; a restart reads the journal anew.',
    '日志之外，{0}；重启会重新读取日志。',
  ],
  [
    'Beside the journal, {} is not kept as the rows say; a restart reads them anew.',
    '日志之外，{0} 与记录不符；重启会重新读取。',
  ],
  ['Row {} cannot be booked: {}.', '第 {0} 行无法入账：{1}。'],
  ['Row {} does not follow row {} here.', '第 {0} 行与本机第 {1} 行不连续。'],
  ['The rows are of channel {}, not {}.', '这些行属于频道 {0}，而非 {1}。'],
  [
    'This ledger has rows of its own; another one is not put in its place.',
    '此账本已有自己的记录；不会用另一账本替换。',
  ],
  ['After row {} all accounts hold {}.', '第 {0} 行之后所有账户合计 {1}。'],
  ['After row {} there are other accounts than the rows say.', '第 {0} 行之后的账户与记录不符。'],
  [
    'After row {} {} holds another amount than the rows say.',
    '第 {0} 行之后 {1} 的金额与记录不符。',
  ],
  ['The disk is too slow for a recording.', '磁盘太慢，无法录制。'],
  ['The disk is full.', '磁盘已满。'],
  ['The folder for recordings may not be written.', '录制文件夹不可写。'],
  ['The disk refused: {}.', '磁盘拒绝：{0}。'],
  ['The disk is nearly full.', '磁盘即将写满。'],
  ['No picture of that time is kept.', '没有保存那一刻的画面。'],
  ['There is no such clip any more.', '此片段已不存在。'],
  ['{} could not be read and was put aside as {}.', '无法读取 {0}，已另存为 {1}。'],
  [
    '{} could not be read and was put aside as {}; nobody is banned.',
    '无法读取 {0}，已另存为 {1}；没有人被封禁。',
  ],
];
