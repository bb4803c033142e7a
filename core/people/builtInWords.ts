// The list that comes with the studio: plain abuse in English and Chinese, short on purpose. What
// is rude in one room is not in another, so whoever runs the show adds their own. A star says that
// a word counts inside others; the Chinese ones do anyway.

const english = [
  ...['*fuck*', 'cunt', 'shit', '*bullshit*', '*shithead*', '*asshole*', '*arsehole*'],
  ...['bitch', 'bastard', '*dickhead*', 'slut', 'whore', 'wanker', 'twat', 'retard'],
  ...['faggot', 'fag', '*nigger*', 'nigga', 'tranny', 'kys', '*killyourself*'],
];

const chinese = [
  ...['傻逼', '傻比', '傻屄', '煞笔', '操你', '草你妈', '草泥马', '肏', '你妈逼', '你妈死'],
  ...[
    '去死吧',
    '妈了个逼',
    '狗日的',
    '王八蛋',
    '婊子',
    '贱人',
    '脑残',
    '智障',
    '废物东西',
    '滚你妈',
  ],
  ...['幹你', '操妳', '賤人', '腦殘', '妳媽'],
];

export const BUILT_IN_WORDS: readonly string[] = [...english, ...chinese];
