// The chat's words in Chinese, of the same keys.

import type { chatTexts } from './chat.ts';

export const chatTextsChinese: Readonly<Record<keyof typeof chatTexts, string>> = {
  'chat.title': '聊天',
  'chat.empty': '还没有人发言。',
  'chat.say': '说点什么',
  'chat.send': '发送',
  'chat.you': '您是 {name}',
  'chat.reply': '回复 {name}',
  'chat.replyingTo': '回复 {name}：{text}',
  'chat.replyEnd': '取消回复',
  'chat.sending': '已发出，尚未确认',
  'chat.held': '需先由管理员查看；目前只有您能看到。',
  'chat.newer': '查看新消息',
  'chat.slow': '慢速模式：每 {seconds} 秒一条',
  'chat.noLinks': '不可发链接',
  'chat.shield': '管理员暂时让房间冷静一下。',
  'chat.closed': '聊天已关闭。',
  'chat.signedInOnly': '登录后才能聊天和下注。观看不受限制。',
  'chat.signIn': '登录',
  'chat.signOut': '退出登录',
  'chat.signInTrouble': '登录未成功：{reason}',
  'chat.timedOut': '您还需 {seconds} 秒才能发言。',
  'chat.notice': '管理员提醒：{text}',
  'chat.noticeRead': '知道了',
  'chat.role.owner': '主播',
  'chat.role.coHost': '搭档',
  'chat.role.moderator': '管理员',
  'chat.minimumAge': '适合 {years} 岁及以上。娱乐积分，没有现金价值。',
};
