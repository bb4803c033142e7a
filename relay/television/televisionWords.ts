// What is said to whoever watches on a television: that it is for watching only, and later than the
// market. The page has no script; a browser that plays no HLS shows the link to the show instead.

import { escaped, languageOf } from '../privacyPage.ts';

export { languageOf };

/** In the playlists, too: a player may show them. */
export const NOTICES = {
  en: 'View only. This is several seconds later than the market; bet on the live page.',
  zh: '仅供观看。此画面比竞猜晚数秒；请在直播页面参与竞猜。',
} as const;

const WORDS = {
  en: { back: 'Open the live page', none: 'This browser plays no HLS.', address: 'For a player:' },
  zh: { back: '打开直播页面', none: '此浏览器无法播放 HLS。', address: '播放器地址：' },
} as const;

/** The page as HTML. The title is a person's: escaped. */
export function televisionPage(
  { channelId, title }: { channelId: string; title: string },
  language: 'en' | 'zh',
): string {
  const words = WORDS[language];
  const address = `/hls/${channelId}/index.m3u8`;
  const back = `<a href="/s/${channelId}">${words.back}</a>`;
  const style =
    'body{margin:0;background:#0A0C10;color:#F2F5FA;font:18px/1.5 system-ui}' +
    'video{display:block;width:100%;max-height:80vh;background:#000}' +
    'main{max-width:72rem;margin:auto}p,h1{margin:.75rem 1rem}h1{font-size:20px}' +
    'a{color:#6E8BFF}code{color:#A9B3C5;overflow-wrap:anywhere}';
  const head =
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
    `<title>${escaped(title)}</title><style>${style}</style>`;
  const video =
    `<video src="${address}" controls autoplay muted playsinline aria-label="${escaped(title)}">` +
    `${words.none}</video>`;
  const body =
    `<main>${video}<h1>${escaped(title)}</h1><p><strong>${NOTICES[language]}</strong> ${back}</p>` +
    `<p>${words.address} <code>${address}</code></p></main>`;
  return `<!doctype html><html lang="${language}"><head>${head}</head><body>${body}</body></html>`;
}
