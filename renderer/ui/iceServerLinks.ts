// STUN and TURN servers out of the Link headers of a WHIP or WHEP answer (RFC 9725 section 4.6).
// What is not understood is left out: a page that cannot read one server still has the others.

const LINK = /<([^<>\s]+)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))*)/g;
const PARAMETER = /;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/g;
/** Browsers complain of more than a handful. */
const SERVERS_MAX = 8;

/** @param header all Link headers, joined by commas as fetch() does it; null without any */
export function iceServersOf(header: string | null): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
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
    // The constructor throws for a TURN server without them, and nothing would play at all.
    if (url.startsWith('turn') && !hasBoth) continue;
    servers.push(hasBoth ? { urls: url, username, credential } : { urls: url });
  }
  return servers.slice(0, SERVERS_MAX);
}
