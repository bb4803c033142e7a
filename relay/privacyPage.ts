// The privacy page of a channel, made from what its studio said and from what this relay does: who
// runs the show, what is kept, how long, and how to ask. Plain HTML without a script, in English or
// Chinese. It promises nothing that no code keeps: figures are the studio's own or constants here.

import type { Streamer } from './people.ts';

export type PrivacyFacts = {
  channelId: string;
  /** Null while the studio has not been here since the relay started. */
  streamer: Streamer | null;
  hasLogIn: boolean;
};

type Words = {
  title: string;
  who: string;
  whoUnknown: string;
  contact: string;
  kept: string;
  items: (facts: PrivacyFacts) => string[];
  notKept: string;
  notItems: string[];
  rights: string;
  rightsWords: string;
  appeal: string;
  age: (years: number) => string;
  back: string;
};

const ENGLISH: Words = {
  title: 'Privacy',
  who: 'This show is run by',
  whoUnknown: 'Whoever runs this show has not given a name. Its channel is',
  contact: 'Write to',
  kept: 'What is kept',
  items: ({ streamer, hasLogIn }) => [
    'A random number and a key that your browser made. They tell your' +
      ' points apart from others’. Clear the data of this site in your' +
      ' browser, and nobody can join them to you.',
    'Your bets, with that number, in the journal of the show, so that' +
      ' everybody can check that it was fair. No name stands there.',
    `What you say in chat: ${streamer?.chatDays ?? 7} days, on the streamer’s computer.`,
    'Your network address: while you are connected, in the relay’s memory.' +
      ' The streamer sees a scrambled form of your network, not the address;' +
      ' a ban of a network keeps that form for at most' +
      ` ${streamer?.networkDays ?? 14} days.`,
    'Warnings for 30 days, bans until they end.',
    ...(hasLogIn
      ? [
          'If you sign in: the name that the log-in service tells, and a scrambled form of your' +
            ' account, until you sign out, or 30 days after your last visit.',
        ]
      : []),
  ],
  notKept: 'What is not done',
  notItems: [
    'No advertising, no tracking, no cookies but one for ten minutes during a log-in.',
    'Nothing is sold or given away. Points have no cash value.',
  ],
  rights: 'Your rights',
  rightsWords:
    'You may ask the streamer what is kept about you, have it corrected or' +
    ' erased, and complain to the authority for data protection where you' +
    ' live.',
  appeal: 'If you were banned',
  age: (years) => `This show is for people of ${years} years and older.`,
  back: 'Back to the show',
};

const CHINESE: Words = {
  title: '隐私说明',
  who: '本节目由以下人士主办',
  whoUnknown: '主办者尚未署名。频道为',
  contact: '联系方式',
  kept: '保存的内容',
  items: ({ streamer, hasLogIn }) => [
    '您的浏览器生成的一个随机编号和一把密钥，用来区分您与他人的积分。在浏览器中清除本站数据后，无人能再把它们与您联系起来。',
    '您的下注及该编号，记在节目的账本里，以便任何人核对是否公平。其中没有姓名。',
    `您的聊天内容：在主播的电脑上保存 ${streamer?.chatDays ?? 7} 天。`,
    '您的网络地址：仅在连接期间保存在中继的内存中。主播看到的是您所在网络的不可还原形式，而非地址；封禁网络时，该形式最多保存 ' +
      `${streamer?.networkDays ?? 14} 天。`,
    '警告保存 30 天，封禁保存至其结束。',
    ...(hasLogIn
      ? [
          '如果您登录：登录服务告知的名字和您账号的不可还原形式，直到您退出登录，或最后一次来访后 30 天。',
        ]
      : []),
  ],
  notKept: '不会做的事',
  notItems: [
    '没有广告，没有跟踪；除登录时的一个十分钟 Cookie 外，不使用 Cookie。',
    '不出售、不提供任何数据。积分没有现金价值。',
  ],
  rights: '您的权利',
  rightsWords:
    '您可以向主播询问保存了您的哪些数据，要求更正或删除，并可向您所在地的数据保护机构投诉。',
  appeal: '如果您被封禁',
  age: (years) => `本节目适合 ${years} 岁及以上的观众。`,
  back: '返回节目',
};

/** The page as HTML. Everything that a person wrote is escaped. */
export function privacyPage(facts: PrivacyFacts, language: 'en' | 'zh'): string {
  const words = language === 'zh' ? CHINESE : ENGLISH;
  const { channelId, streamer } = facts;
  const name = streamer?.streamer ?? '';
  const list = (items: readonly string[]) =>
    `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`;
  const parts = [
    `<h1>${words.title}</h1>`,
    name === ''
      ? `<p>${words.whoUnknown} <code>${channelId}</code>.</p>`
      : `<p>${words.who} <strong>${escaped(name)}</strong>.</p>`,
    ...(streamer?.contact ? [`<p>${words.contact}: ${escaped(streamer.contact)}</p>`] : []),
    ...(streamer && streamer.minimumAge > 0 ? [`<p>${words.age(streamer.minimumAge)}</p>`] : []),
    `<h2>${words.kept}</h2>${list(words.items(facts))}`,
    `<h2>${words.notKept}</h2>${list(words.notItems)}`,
    `<h2>${words.rights}</h2><p>${words.rightsWords}</p>`,
    ...(streamer?.appeal ? [`<h2>${words.appeal}</h2><p>${escaped(streamer.appeal)}</p>`] : []),
    `<p><a href="/s/${channelId}">${words.back}</a></p>`,
  ];
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width">`;
  const style =
    'body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:16px/1.6 system-ui;' +
    'color-scheme:light dark}';
  const title = `<title>${words.title}</title><style>${style}</style>`;
  const body = `<body><main>${parts.join('')}</main></body>`;
  return `<!doctype html><html lang="${language}"><head>${head}${title}</head>${body}</html>`;
}

/** Chinese where the browser prefers it before English. */
export function languageOf(accepted: string | undefined): 'en' | 'zh' {
  for (const one of (accepted ?? '').toLowerCase().split(',')) {
    const tag = one.trim();
    if (tag.startsWith('zh')) return 'zh';
    if (tag.startsWith('en')) return 'en';
  }
  return 'en';
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
