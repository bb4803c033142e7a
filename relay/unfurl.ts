// The viewer page of one channel as it leaves the relay: title, state and live picture stand in the
// HTML before any script, because whoever draws a preview of a link runs none. What a streamer
// wrote is escaped; the built page stays as it is but for its head.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Show, Show_State } from '../core/wire/gen/facts_pb.js';
import type { KeptPoster } from './poster.ts';
import type { StillKeeper } from './stills.ts';

/** What a preview tells of a channel; null for one that the relay does not know (yet). */
export type UnfurledChannel = {
  show: Show;
  poster: KeptPoster | null;
  stills?: StillKeeper;
} | null;

const NAME = 'Morphine Studio';
const TITLE_LENGTH_MAX = 120;
/** Stands in the page's folder; shown while there is no picture of the show. */
const COVER = { path: '/cover.png', width: 1200, height: 630 } as const;

/** One sentence on how the show is now. */
export function stateSentence(channel: UnfurledChannel): string {
  const show = channel?.show;
  const bets = 'Watch and bet play points, no cash value.';
  if (show?.state === Show_State.LIVE && show.studioConnected) {
    const watching = show.viewers > 0 ? `, ${show.viewers} watching` : '';
    return `Live now${watching}. ${bets}`;
  }
  if (show?.state === Show_State.ENDED) return `Off air. ${bets}`;
  return `Not on air yet; the page starts by itself. ${bets}`;
}

/** Puts a channel's tags into the built page. `url`: public address without a trailing slash. */
export function unfurled(
  html: string,
  options: { channel: UnfurledChannel; channelId: string; url: string },
): string {
  const { channel, channelId, url } = options;
  const title = (channel?.show.title || NAME).slice(0, TITLE_LENGTH_MAX);
  const sentence = stateSentence(channel);
  const poster = channel?.poster ?? null;
  const image = poster
    ? { ...poster, path: `/poster/${channelId}.jpg?v=${poster.version}`, type: 'image/jpeg' }
    : { ...COVER, type: 'image/png' };
  const link = `${url}/s/${channelId}`;
  const tags = [
    `<title>${escaped(title)}</title>`,
    meta('name', 'description', sentence),
    meta('property', 'og:type', 'video.other'),
    meta('property', 'og:site_name', NAME),
    meta('property', 'og:title', title),
    meta('property', 'og:description', sentence),
    meta('property', 'og:url', link),
    meta('property', 'og:image', url + image.path),
    meta('property', 'og:image:type', image.type),
    meta('property', 'og:image:width', String(image.width)),
    meta('property', 'og:image:height', String(image.height)),
    meta('property', 'og:image:alt', `${title}: ${sentence}`),
    meta('name', 'twitter:card', 'summary_large_image'),
    meta('name', 'twitter:title', title),
    meta('name', 'twitter:description', sentence),
    meta('name', 'twitter:image', url + image.path),
    `<link rel="canonical" href="${escaped(link)}" />`,
    `<link rel="manifest" href="/manifest/${channelId}.webmanifest" />`,
  ];
  return html.replace(/<title>[^<]*<\/title>/, () => tags.join('\n    '));
}

/** The web app manifest of one channel: installed, it opens this channel. */
export function manifestOf(channel: UnfurledChannel, channelId: string): string {
  const name = (channel?.show.title || NAME).slice(0, TITLE_LENGTH_MAX);
  const icon = (file: string, sizes: string, more: object = {}) => ({
    ...{ src: `/${file}`, sizes, type: file.endsWith('.svg') ? 'image/svg+xml' : 'image/png' },
    ...more,
  });
  return JSON.stringify({
    name,
    short_name: name.slice(0, 20),
    id: `/s/${channelId}`,
    start_url: `/s/${channelId}`,
    scope: '/s/',
    display: 'standalone',
    background_color: '#0a0c10',
    theme_color: '#0a0c10',
    icons: [
      icon('icon192.png', '192x192'),
      icon('icon512.png', '512x512'),
      icon('iconMaskable512.png', '512x512', { purpose: 'maskable' }),
      icon('icon.svg', 'any'),
    ],
  });
}

/** The built page as it was last read; read again when a build replaced it. */
export class PageTemplate {
  readonly #file: string;
  #known: { mtimeMs: number; html: string } | null = null;

  constructor(folder: string) {
    this.#file = join(folder, 'index.html');
  }

  /** Null when the page is not built. */
  async html(): Promise<string | null> {
    try {
      const { mtimeMs } = await stat(this.#file);
      if (this.#known?.mtimeMs !== mtimeMs) {
        this.#known = { mtimeMs, html: await readFile(this.#file, 'utf8') };
      }
      return this.#known.html;
    } catch {
      return null;
    }
  }
}

function meta(kind: 'name' | 'property', name: string, content: string): string {
  return `<meta ${kind}="${name}" content="${escaped(content)}" />`;
}

function escaped(text: string): string {
  const codes: Record<string, string> = {
    ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
  };
  return text.replace(/[&<>"']/g, (one) => codes[one] ?? one);
}
