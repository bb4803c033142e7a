// The studio's own HTTP server: built pages for browsers that hold the cookie, RPC and the capture
// page's port by WebSocket, health and metrics for the machine itself. It binds loopback unless
// told otherwise, checks Host on every request and Origin on every upgrade and POST.

import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Timers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { Port } from '../../core/contract/rpc.ts';
import { type Access, createAccess } from './access.ts';
import { answerMedia, type MediaHandler } from './mediaAnswers.ts';
import { isLoopback, isOurHost, isOurOrigin, securityHeaders } from './requestChecks.ts';
import { findFile } from './staticFiles.ts';
import { type BinaryPort, createSocketDoor, type SocketDoor } from './webSocket.ts';

/** A plain answer of /healthz, /readyz or /metrics. */
export type PlainAnswer = { status: number; contentType: string; body: string };

export type StudioServerOptions = {
  host: string;
  /** 0 is any free one. */
  port: number;
  /** Ports after `port` that are tried when it is taken; 0 when a person named it. */
  nextPortsMax: number;
  /** Names besides address literals and localhost under which the studio may be asked for. */
  hostNames: readonly string[];
  /** Built pages, as they lie in `out/renderer`. */
  folders: { studio: string; capture: string; dock: string };
  /** At least 32 bytes; the same after a restart keeps open browsers in. */
  cookieSecret: Uint8Array;
  /** Whoever shows this (a file of mode 0600 holds it) gets a fresh link: `npm run open`. */
  openSecret: string;
  onRpc(port: Port): void;
  onCapture(port: BinaryPort): void;
  plain: Readonly<
    Record<'/healthz' | '/readyz' | '/metrics', () => PlainAnswer | Promise<PlainAnswer>>
  >;
  /** Text that never ends: calls `hear` with each piece; returns how to stop. */
  streams: Readonly<Record<'/facts', (hear: (text: string) => void) => () => void>>;
  /** Publishers' requests: they hold a token, no cookie. Absent: nobody publishes here. */
  media?: MediaHandler;
  random: RandomBytes;
  timers: Timers;
  /** A clock in ms that setting the time does not move. */
  monotonicMs: () => number;
  logger: Logger;
};

export type StudioServer = {
  readonly port: number;
  /** Where people reach it: `http://127.0.0.1:47800`. */
  readonly url: string;
  /** A link that works once within 60 s, by default to the studio. */
  issueLink(path?: '/' | '/capture/' | '/dock/'): string;
  close(): Promise<void>;
};

/** Rejects with the listen error (EADDRINUSE, EACCES) when no port could be had. */
export async function createStudioServer(options: StudioServerOptions): Promise<StudioServer> {
  const server = createServer();
  const port = await listen(server, options);
  const access = createAccess({ ...options, port, secret: options.cookieSecret });
  const door = createSocketDoor(options.timers);
  server.on('request', (request, response) => {
    answer(request, response, options, access).catch((error: unknown) => {
      // A browser that went away in the middle; nobody is left to be told.
      options.logger.debug('A request ended early', { reason: String(error) });
      response.destroy();
    });
  });
  server.on('upgrade', (request, socket, head) => {
    upgrade(request, socket, head, options, access, door);
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  const host = options.host === '0.0.0.0' || options.host === '::' ? '127.0.0.1' : options.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    port,
    url,
    issueLink: (path = '/') => `${url}${path}?code=${access.issueCode()}`,
    async close() {
      door.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function listen(server: Server, options: StudioServerOptions): Promise<number> {
  for (let port = options.port; ; port++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, options.host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('No address');
      return address.port;
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken || port === 0 || port >= options.port + options.nextPortsMax) throw error;
    }
  }
}

function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: StudioServerOptions,
  access: Access,
  door: SocketDoor,
): void {
  const refuse = (status: string) => socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  socket.on('error', () => socket.destroy());
  const { host, origin, cookie } = request.headers;
  if (!isOurHost(host, options.hostNames)) return void refuse('421 Misdirected Request');
  if (!isOurOrigin(origin, host)) return void refuse('403 Forbidden');
  if (!access.isKnown(cookie)) return void refuse('401 Unauthorized');
  const path = URL.parse(request.url ?? '/', 'http://studio')?.pathname;
  if (path === '/rpc') door.acceptJson(request, socket, head, options.onRpc);
  else if (path === '/capture') door.acceptBinary(request, socket, head, options.onCapture);
  else refuse('404 Not Found');
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: StudioServerOptions,
  access: Access,
): Promise<void> {
  const host = request.headers.host;
  if (host === undefined || !isOurHost(host, options.hostNames)) {
    return say(response, 421, 'This name is not served here. Use the address the studio printed.');
  }
  for (const [name, value] of Object.entries(securityHeaders(host))) {
    response.setHeader(name, value);
  }
  if (request.method === 'POST' && request.url === '/link') {
    return giveLink(request, response, options, access);
  }
  if (options.media && (await answerMedia(request, response, options.media))) return;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const isOurs = isOurOrigin(request.headers.origin, host);
    return say(response, isOurs ? 405 : 403, 'Only reading is possible here.');
  }
  const url = URL.parse(request.url ?? '/', 'http://studio');
  if (url === null) return say(response, 400, 'That is no address.');
  const isKnown = access.isKnown(request.headers.cookie);
  const plain = plainOf(options, url.pathname);
  if (plain !== null) {
    if (!isKnown && !isLoopback(request.socket.remoteAddress)) return noAccess(response);
    const { status, contentType, body } = await plain();
    response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
    response.end(body);
    return;
  }
  if (url.pathname === '/facts') {
    if (!isKnown && !isLoopback(request.socket.remoteAddress)) return noAccess(response);
    return stream(request, response, options.streams[url.pathname]);
  }
  if (comesFromElsewhere(request)) return bounce(response, url);
  const code = url.searchParams.get('code');
  if (code !== null) return enter(response, url, access, code, isKnown);
  if (!isKnown) return noAccess(response);
  const page = pageOf(url.pathname);
  if (page !== 'studio' && url.pathname === `/${page}`) return redirect(response, `/${page}/`);
  const path = page === 'studio' ? url.pathname : url.pathname.slice(page.length + 1);
  await sendFile(request, response, options.folders[page], path);
}

/** Which page a path belongs to; what is no other's is the studio's. */
function pageOf(path: string): keyof StudioServerOptions['folders'] {
  const others = ['capture', 'dock'] as const;
  return others.find((one) => path === `/${one}` || path.startsWith(`/${one}/`)) ?? 'studio';
}

/** A fresh link for a program of this machine that holds the secret; never for a page. */
function giveLink(
  request: IncomingMessage,
  response: ServerResponse,
  options: StudioServerOptions,
  access: Access,
): void {
  const shown = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${options.openSecret}`);
  const isRight = shown.length === wanted.length && timingSafeEqual(shown, wanted);
  const isPage = request.headers.origin !== undefined;
  if (!isRight || isPage || !isLoopback(request.socket.remoteAddress)) {
    say(response, 403, 'Only npm run open on this machine may ask for a link.');
    return;
  }
  say(response, 200, `http://${request.headers.host}/?code=${access.issueCode()}`);
}

/**
 * A link clicked on another site: the browser keeps SameSite=Strict cookies back, also over a
 * redirect, so the page asks for itself once more as its own.
 */
function comesFromElsewhere(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  return (
    (site === 'cross-site' || site === 'same-site') &&
    request.headers['sec-fetch-mode'] === 'navigate'
  );
}

function bounce(response: ServerResponse, url: URL): void {
  const target = `${url.pathname}${url.search}`.replace(/[^\w\-./?=&%~]/g, '');
  // A path that begins with two slashes would lead to another server.
  const safe = target.replace(/^\/+/, '/');
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(`<!doctype html><meta http-equiv="refresh" content="0;url=${safe}">`);
}

function enter(
  response: ServerResponse,
  url: URL,
  access: Access,
  code: string,
  isKnown: boolean,
): void {
  const cookie = access.redeem(code);
  if (cookie !== null && !isKnown) response.setHeader('set-cookie', cookie);
  if (cookie === null && !isKnown) noAccess(response);
  else {
    const page = pageOf(url.pathname);
    redirect(response, page === 'studio' ? '/' : `/${page}/`);
  }
}

function redirect(response: ServerResponse, path: string): void {
  response.writeHead(303, { location: path, 'cache-control': 'no-store' });
  response.end();
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  path: string,
): Promise<void> {
  const file = await findFile(folder, path);
  if (file === null) return say(response, 404, 'There is nothing here.');
  response.writeHead(200, file.headers);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  await pipeline(file.read(), response);
}

/** Bytes that wait for a slow listener; what comes then is left out, and the stream says so. */
const STREAM_BYTES_MAX = 1024 * 1024;

function stream(
  request: IncomingMessage,
  response: ServerResponse,
  listen: StudioServerOptions['streams']['/facts'],
): void {
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
  });
  if (request.method === 'HEAD') return void response.end();
  response.flushHeaders();
  let leftOut = 0;
  const stop = listen((text) => {
    if (response.writableLength > STREAM_BYTES_MAX) {
      leftOut++;
      return;
    }
    if (leftOut > 0) response.write(`# ${leftOut} left out: they were read too slowly\n`);
    leftOut = 0;
    response.write(text);
  });
  response.on('close', stop);
}

function plainOf(options: StudioServerOptions, path: string) {
  if (path === '/healthz' || path === '/readyz' || path === '/metrics') return options.plain[path];
  return null;
}

function noAccess(response: ServerResponse): void {
  say(
    response,
    403,
    'This link was used before or is older than a minute. `npm run open` prints a fresh one.',
  );
}

function say(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(`${words}\n`);
}
