// Refusals over HTTP as application/problem+json (RFC 9457): one sentence that names the thing and
// the fix. They carry nothing of the request, so nothing of it can come back as markup.

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

const TYPE = 'application/problem+json';

export function problemText(status: number, detail: string): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail });
}

export function sendProblem(response: ServerResponse, status: number, detail: string): void {
  response.writeHead(status, { 'Content-Type': TYPE }).end(problemText(status, detail));
}

/** Refuses on a bare connection: an upgrade, or a request that could not be read. */
export function refuseStream(
  stream: Duplex,
  status: number,
  detail: string,
  retryAfterSeconds = 0,
): void {
  if (!stream.writable) {
    stream.destroy();
    return;
  }
  const body = problemText(status, detail);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    `Content-Type: ${TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfterSeconds > 0 ? [`Retry-After: ${retryAfterSeconds}`] : []),
  ];
  stream.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => stream.destroy());
}

/** Too long, too slow or no HTTP: said once, then the connection ends. */
export function refuseUnreadable(error: NodeJS.ErrnoException, stream: Duplex): void {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    refuseStream(stream, 431, 'The headers are longer than 16 KB.');
  } else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    refuseStream(stream, 408, 'The request did not come in time.');
  } else if (error.code === 'ECONNRESET') stream.destroy();
  else refuseStream(stream, 400, 'This is no request that the relay can read.');
}

/** Which pages of other origins may use the relay's media and sockets; null: any may. */
export class AllowedOrigins {
  readonly #origins: ReadonlySet<string> | null;

  /** @param origins '*' or origins such as `https://example.org`; the relay's own is always in */
  constructor(origins: readonly string[], ownOrigin: string) {
    this.#origins = origins.includes('*') ? null : new Set([...origins, ownOrigin]);
  }

  /** True for a request that no page made, too: it carries no Origin. */
  allows(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    return origin === undefined || this.#origins === null || this.#origins.has(origin);
  }

  /** What an answer says about it. */
  header(request: IncomingMessage): Record<string, string> {
    if (this.#origins === null) return {};
    const { origin } = request.headers;
    const isNamed = origin !== undefined && this.#origins.has(origin);
    return { 'access-control-allow-origin': isNamed ? origin : 'null', vary: 'Origin' };
  }
}
