// What the page's address says. Apart from everything: it is read before anything is loaded.

/** The channel of `/s/{channel}`, or null when the path is no link to a show. */
export function channelOfPath(path: string): string | null {
  return /^\/s\/([0-9a-f]{32})\/?$/.exec(path)?.[1] ?? null;
}

/** By which way the picture comes. */
export type Transport = 'webrtc' | 'websocket';

/** `?transport=websocket` or `?transport=webrtc` of the page's address; null otherwise. */
export function askedTransport(search: string): Transport | null {
  const asked = new URLSearchParams(search).get('transport');
  return asked === 'websocket' || asked === 'webrtc' ? asked : null;
}

const TELEVISIONS =
  /\b(?:smart-?tv|tizen|web0s|netcast|hbbtv|googletv|android tv|roku|bravia|aft[a-z]{1,4})\b/i;

/** `?tv` of the page's address, or a browser that says that it is a television's. */
export function isTelevision(search: string, userAgent: string): boolean {
  return new URLSearchParams(search).has('tv') || TELEVISIONS.test(userAgent);
}
