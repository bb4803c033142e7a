// Where the studio's socket of a relay is, and its failures in words a streamer understands.

/** The WebSocket address of /studio below a relay's http(s) URL. */
export function socketUrlOf(relayUrl: string): URL {
  const url = new URL('studio', relayUrl.endsWith('/') ? relayUrl : `${relayUrl}/`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url;
}

/** One sentence for a connection that failed. Names the host, never a path or a query. */
export function describeFailure(error: Error, relayUrl: string): string {
  const { code } = error as NodeJS.ErrnoException;
  const host = new URL(relayUrl).host;
  if (code === 'ECONNREFUSED') return `No relay answers at ${host}.`;
  if (code === 'ENOTFOUND') return `The relay's name ${host} is not known.`;
  if (code === 'ETIMEDOUT') return `The relay at ${host} did not answer in time.`;
  return `The relay at ${host} cannot be reached (${code ?? error.message}).`;
}
