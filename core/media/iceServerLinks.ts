// STUN and TURN servers out of the Link headers of a WHIP or WHEP answer (RFC 9725 section 4.6).
// What is not understood is left out: who cannot read one server still has the others.

const LINK = /<([^<>\s]+)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))*)/g;
const PARAMETER = /;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/g;
/** Browsers complain of more than a handful. */
const SERVERS_MAX = 8;

/** As RTCIceServer has it. */
export type IceServer = { urls: string; username?: string; credential?: string };

/** @param header all Link headers, joined by commas as fetch() does it; null without any */
export function iceServersOf(header: string | null): IceServer[] {
  const servers: IceServer[] = [];
  for (const [, url = '', rest = ''] of (header ?? '').matchAll(LINK)) {
    const parameters = new Map<string, string>();
    for (const [, name = '', quoted, plain] of rest.matchAll(PARAMETER)) {
      parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
    }
    const isIceServer = parameters.get('rel')?.split(' ').includes('ice-server');
    if (!isIceServer || !/^(stuns?|turns?):\S+$/.test(url)) continue;
    const username = parameters.get('username');
    const credential = parameters.get('credential');
    const hasBoth = username !== undefined && credential !== undefined;
    // A TURN server without them is refused by browsers, and nothing would play at all.
    if (url.startsWith('turn') && !hasBoth) continue;
    servers.push(hasBoth ? { urls: url, username, credential } : { urls: url });
  }
  return servers.slice(0, SERVERS_MAX);
}

/** The same as one address with its credentials inside, as the WebRTC library takes it. */
export function iceServerAddress({ urls, username, credential }: IceServer): string {
  if (username === undefined || credential === undefined) return urls;
  const [scheme = '', ...rest] = urls.split(':');
  const secret = [username, credential].map(encodeURIComponent).join(':');
  return `${scheme}:${secret}@${rest.join(':')}`;
}
