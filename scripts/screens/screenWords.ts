// What people typed on the pictures: titles of shows and markets, chat. A person who reads Chinese
// would have typed them in Chinese.

import type { Language } from './album.ts';

export type ScreenWords = {
  show: string;
  question: string;
  yes: string;
  no: string;
  /** A locked one with long names and large pools. */
  longQuestion: string;
  longOutcomes: readonly [string, string, string];
  suggestion: string;
  decided: string;
  chat: readonly (readonly [name: string, words: string])[];
  held: string;
  /** The owner's own word for which it waits. */
  heldWord: string;
  streamer: string;
};

export const WORDS: Record<Language, ScreenWords> = {
  en: {
    show: 'Friday five-a-side',
    question: 'Goal in the next 30 s?',
    ...{ yes: 'Yes', no: 'No' },
    longQuestion: 'Who scores the next goal before the whistle?',
    longOutcomes: ['Athletic Wolverhampton Wanderers', 'Borussia Mönchengladbach', 'Nobody'],
    suggestion: 'A shot in the next minute?',
    decided: 'Corner before the break?',
    chat: [
      ['ann_of_the_green_gables', 'what a save!'],
      ['Bob', 'the keeper had a hand on it, look at the replay'],
      ['Mina', 'Be kind to the referee, please.'],
      ['Lee', 'how do I see my receipt?'],
    ],
    held: 'sp0iler: they win 3 : 1 in the last minute',
    heldWord: 'spoiler',
    streamer: 'The club',
  },
  zh: {
    show: '周五五人制足球',
    question: '30 秒内会进球吗？',
    ...{ yes: '会', no: '不会' },
    longQuestion: '终场哨响之前哪支球队会打进下一球？',
    longOutcomes: ['伍尔弗汉普顿流浪者足球俱乐部', '门兴格拉德巴赫', '都不会'],
    suggestion: '一分钟内会有射门吗？',
    decided: '中场前会有角球吗？',
    chat: [
      ['绿山墙的安妮', '这个扑救太厉害了！'],
      ['张伟', '门将碰到球了，看回放'],
      ['Mina', '请尊重裁判。'],
      ['小李', '在哪里看我的凭证？'],
    ],
    held: '剧透：最后一分钟他们 3 : 1 赢了',
    heldWord: '剧透',
    streamer: '俱乐部',
  },
};
