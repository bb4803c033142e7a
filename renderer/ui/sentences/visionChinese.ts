// Why a model, a decoder, a pack or a drawing stands as it stands, in Chinese.

import type { Sentence } from './shapes.ts';

export const VISION_CHINESE: readonly Sentence[] = [
  [
    'This event is no longer kept; newer ones took its place.',
    '此事件已不再保留；已被更新的事件取代。',
  ],
  ['Vision is not there; try again when it runs.', '视觉不在；运行后请重试。'],
  ['Vision gave no answer; try again.', '视觉没有应答；请重试。'],
  ['The decoder gave no picture for {} ms.', '解码器 {0} 毫秒没有给出画面。'],
  ['{} failed in use: {}', '{0} 使用时失败：{1}'],
  ['There is no picture yet to look for a court in.', '还没有可供寻找场地的画面。'],
  ['The decoder was restarted: {}', '解码器已重启：{0}'],
  ['What was drawn is not used. {}.', '所画内容未被采用。{0}。'],
  ['Vision sees nothing. {}', '视觉没有看到画面。{0}'],
  ['A studio keeps the drawings of {} packs at most.', '工作室最多保存 {0} 个规则包的绘制。'],
  ['There is no zone "{}"; there are: {}.', '没有区域“{0}”；现有：{1}。'],
  ['Port {} on this machine cannot be opened for games: {}', '本机端口 {0} 无法为游戏打开：{1}'],
  ['There is no model "{}".', '没有模型“{0}”。'],
  ['There is no model "{}"; there are: {}.', '没有模型“{0}”；现有：{1}。'],
  ['Accept the licence of "{}" first: {}.', '请先接受“{0}”的许可：{1}。'],
  ['No game is chosen, so there is no pack to try.', '未选择游戏，因此没有可测试的规则包。'],
  ['{} cases are kept; move some of {} away.', '已保存 {0} 个案例；请移走 {1} 中的一些。'],
  ['This market stands void: that says nothing of the picture.', '此竞猜已作废：与画面无关。'],
  [
    'Only people decide this market: there is no rule of a pack to try.',
    '此竞猜只由人裁定：没有可测试的规则。',
  ],
  [
    'No picture of this decision is kept, so there is nothing to try.',
    '没有保存此裁定的画面，因此无法测试。',
  ],
  [
    'Nobody said which moment shows it: correct it once more and name the moment.',
    '无人指明是哪一刻：请再更正一次并指明时刻。',
  ],
  ['Balls are seen by the detector alone.', '仅由检测器看球。'],
  ['Restart the studio, and CUDA is tried first.', '重启工作室后会优先尝试 CUDA。'],
  ['The CUDA files did not come: {}', 'CUDA 文件未能下载：{0}'],
  [
    'ONNX Runtime has CUDA files for Linux x64 only, not {}.',
    'ONNX Runtime 只有 Linux x64 的 CUDA 文件，没有 {0} 的。',
  ],
  ["Layout {} is no detector's.", '布局 {0} 不是检测器的。'],
  ['The download was stopped; it can be resumed.', '下载已停止；可以继续。'],
  [
    '{} is not the file that the manifest names: expected sha256 {}, got {}.',
    '{0} 不是清单所指的文件：应为 sha256 {1}，实为 {2}。',
  ],
  ['{} has no bytes from {} on.', '{0} 从 {1} 起没有数据。'],
  ['{} sends more than the {} bytes expected.', '{0} 发送的数据超过预期的 {1} 字节。'],
  ['{} ended after {} of {} bytes.', '{0} 在 {2} 字节中的第 {1} 字节处结束。'],
  ['{} answers {} {}.', '{0} 应答 {1} {2}。'],
  ['{} is no JSON.', '{0} 不是 JSON。'],
  ['Layout {} expects {} of {}, got {}.', '布局 {0} 的{2}应为 {1}，实为 {3}。'],
  ['{} broke off: {}.', '{0} 中断：{1}。'],
  ['{} is used instead.', '改用 {0}。'],
  [
    'No model "{}" in {} model folders; motion still judges.',
    '{1} 个模型文件夹中没有模型“{0}”；仍由运动判定。',
  ],
  [
    'Model with the wrong sha256: {} is not the file its manifest names.',
    '模型 sha256 不符：{0} 不是清单所指的文件。',
  ],
  ['{} is named in the manifest and not there.', '清单中有 {0}，但文件不在。'],
  [
    'The licence of the model "{}" ({}) was not accepted yet: accept it ' +
      'under Models in the studio, or with npm run models -- accept {}.',
    '尚未接受模型“{0}”的许可（{1}）：请在工作室的“模型”中接受，或运行 npm run models -- accept {2}。',
  ],
  ['{}: "models" must be a list.', '{0}：“models”必须是列表。'],
  [
    'It is given up after {} failures; choose the model again to retry.',
    '失败 {0} 次后已放弃；重新选择模型可再试。',
  ],
  ['The model "{}" failed: {}. {}', '模型“{0}”失败：{1}。{2}'],
  [
    'Model "{}", layout: expected {}, its manifest says {}.',
    '模型“{0}”的布局：应为 {1}，清单为 {2}。',
  ],
  ['Layout heatmaps expects an output of {}, got {}.', '热图布局的输出应为 {0}，实为 {1}。'],
  ['Everything but poses goes on.', '除姿态外一切照常。'],
  ['"{}" has no address to download from: {}', '“{0}”没有下载地址：{1}'],
  ['"{}" is not in {}; only what lies there is removed.', '“{0}”不在 {1} 中；只删除那里的文件。'],
  [
    'Its file is not the one that its entry names: the sha256 differs.',
    '文件与条目不符：sha256 不同。',
  ],
  ['Nobody offers this file for download; import yours.', '此文件无处下载；请导入你的文件。'],
  [
    'Only {} straight painted lines were found; a court needs four.',
    '只找到 {0} 条直线；场地需要四条。',
  ],
  [
    'None of the {} lines found make a court whose sides are painted.',
    '找到的 {0} 条线不能构成有边线的场地。',
  ],
  ['Pack {} is no JSON: {}', '规则包 {0} 不是 JSON：{1}'],
  ['"{}" is no id of a pack.', '“{0}”不是规则包编号。'],
  ['No pack "{}"; there are: {}.', '没有规则包“{0}”；现有：{1}。'],
  [
    'There are /game/cs2, /game/dota2, /webhook and /caption.',
    '可用 /game/cs2、/game/dota2、/webhook 和 /caption。',
  ],
  ['At most {} bytes were expected.', '最多 {0} 字节。'],
  ['Too many posts in half a minute.', '半分钟内请求过多。'],
];
