// Whether a text holds a link, also one that is written around a filter ("example dot com"). A
// sentence whose full stop lacks its space ("over.It") is none. Pure.

const ENDS = [
  ...['com', 'net', 'org', 'info', 'biz', 'xyz', 'top', 'site', 'online', 'shop', 'club', 'live'],
  ...['link', 'click', 'app', 'dev', 'io', 'gg', 'tv', 'cc', 'co', 'ly', 'gl', 'ai', 'ru', 'cn'],
  ...[
    'uk',
    'de',
    'fr',
    'jp',
    'kr',
    'pl',
    'nl',
    'eu',
    'pw',
    'tk',
    'ml',
    'su',
    'vip',
    'bet',
    'casino',
  ],
].join('|');
/** Words that are also endings count as a link only before a path. */
const WORDS_TOO = 'me|it|is|so|to|at|in|be|us|no|im|am|as|do';

const PATTERNS = [
  /\b[a-z][a-z0-9+.-]{1,15}:\/\//,
  /\bwww\s*\.\s*[a-z0-9-]/,
  new RegExp(`[a-z0-9\\u00a1-\\uffff-]\\.(?:${ENDS})(?![a-z0-9-])`),
  new RegExp(`[a-z0-9-]\\.(?:${WORDS_TOO})/[a-z0-9]`),
  new RegExp(
    `[a-z0-9\\u00a1-\\uffff-]\\s*[[({<]?\\s*(?:dot|点|點)\\s*[\\])}>]?\\s*(?:${ENDS})(?![a-z0-9-])`,
  ),
  new RegExp(`[a-z0-9-]\\s?[[({<]\\.[\\])}>]\\s?(?:${ENDS})(?![a-z0-9-])`),
  /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?:[:/]\d|\/)/,
];

/** True when there is a link in the text. */
export function hasLink(text: string): boolean {
  const plain = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{Cf}\p{M}]/gu, '')
    .replace(/[。．｡・]/g, '.');
  return PATTERNS.some((pattern) => pattern.test(plain));
}
