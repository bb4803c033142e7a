// Every HTTP answer of the relay: the viewer page, WHIP and WHEP (handed to the media room), and
// figures for whoever runs it. Figures are for this machine only, without a token; a request that a
// proxy passed on is not from this machine. Every answer carries the security headers.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { PAIRING_PATH } from '../core/wire/pairing.ts';
import { isId } from '../core/wire/signing.ts';
import { BODY_BYTES_READ_MAX, readBody } from '../native/webrtc/requestBody.ts';
import { proveBet } from './betProof.ts';
import { answerChannelPage, type ChannelPageOptions } from './channelPage.ts';
import type { CompressedFiles } from './compressedFiles.ts';
import type { JsonView } from './jsonView.ts';
import { type AddressLimits, addressOfClient, isLoopback, type LimitedAct } from './limits.ts';
import { type LinkCheck, REACH_PATH } from './linkCheck.ts';
import type { MediaRequest, MediaResponse } from './media/mediaRoom.ts';
import type { PairingResult } from './pairing.ts';
import type { PeopleRoutes } from './peopleRoutes.ts';
import { type AllowedOrigins, sendProblem } from './problems.ts';
import type { MarkSigner } from './relayKey.ts';
import type { Television } from './television/television.ts';
import type { UplinkTrial } from './uplinkTrial.ts';
import { besideFileOf, pageFileOf, sendPageFile } from './viewerPage.ts';
import type { Witness } from './witness/witness.ts';

/**
 * The page runs its own files only. Styles may be set by scripts, frames are forbidden so that
 * nobody lays a bet button under a visitor's click.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob: mediastream:",
  "font-src 'self' data:",
  // A picture may move to another engine while the page is open; that is never plain HTTP.
  "connect-src 'self' https:",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export type RouteOptions = {
  people: PeopleRoutes;
  television: Television;
  uplinkTrial: UplinkTrial;
  viewerPageFolder: string;
  /** Origin of another engine that carries a channel's picture; its page may connect there. */
  mediaOriginOf(channelId: string): string | null;
  compressed: CompressedFiles;
  channelPage: ChannelPageOptions;
  handleMedia(request: MediaRequest): Promise<MediaResponse | undefined>;
  linkCheck: LinkCheck;
  /** A studio that was given our code. */
  pair(body: Uint8Array): Promise<PairingResult>;
  /** The built page that checks bets. */
  checkPageFolder: string;
  /** The built page of whoever helps to run a show from elsewhere. */
  crewPageFolder: string;
  /** The built page that lies over the picture inside OBS. */
  overlayPageFolder: string;
  witness: Witness;
  marks: MarkSigner;
  limits: AddressLimits;
  /** For outside tools. */
  view: JsonView;
  origins: AllowedOrigins;
  /** Empty when ready, else why not. */
  notReadyReason(): string;
  /** What an operator should know of a ready relay; empty when all is well. */
  readyRemark(): string;
  metrics: { contentType: string; page(): Promise<string> };
};

/** Answers one request. Never throws. */
export async function answer(
  options: RouteOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await route(options, request, response);
  } catch {
    if (!response.headersSent) sendProblem(response, 500, 'The relay could not answer this.');
    else response.destroy();
  }
}

async function route(
  options: RouteOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const waitSeconds = options.limits.waitSeconds(request, actOf(path));
  if (waitSeconds > 0) {
    response.setHeader('Retry-After', String(waitSeconds));
    sendProblem(response, 429, 'Too many requests from this address; wait a moment.');
    return;
  }
  if (isMedia(path)) {
    await routeMedia(options, request, response, path);
    return;
  }
  if (path === PAIRING_PATH && request.method === 'POST') {
    await routePairing(options, request, response);
    return;
  }
  response.setHeader('Content-Security-Policy', policyFor(options, path));
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Permissions-Policy', 'camera=(), microphone=(), geolocation=()');
  if (await options.people.answer(request, response, path)) return;
  if (await options.uplinkTrial.answer(request, response, path)) return;
  if (await options.television.answer(request, response, path)) return;
  if (await options.view.answer(request, response, path)) return;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    sendProblem(response, 405, 'Only GET and HEAD are answered here.');
    return;
  }
  if (path === '/') {
    sendText(response, 200, 'Morphine Studio relay. Open the link that a studio gave you.');
  } else if (path === '/favicon.ico') response.writeHead(204).end();
  else if (isForOperator(path)) await routeOperator(options, request, response, path);
  else if (path.startsWith(REACH_PATH)) sendReach(options, response, path);
  else if (path.startsWith('/receipt/')) await sendProof(options, response, path);
  else await routePage(options, request, response, path);
}

function isMedia(path: string): boolean {
  return path.startsWith('/whip/') || path.startsWith('/whep/');
}

function actOf(path: string): LimitedAct {
  if (isMedia(path) || path.startsWith('/hls/')) return 'media';
  return path.startsWith('/receipt/') || path === PAIRING_PATH ? 'receipt' : 'page';
}

/** A picture that moves to a plain HTTP address (a trial on one machine) has to be named. */
function policyFor(options: RouteOptions, path: string): string {
  const channelId = path.startsWith('/s/') ? path.slice('/s/'.length) : '';
  const origin = isId(channelId) ? options.mediaOriginOf(channelId) : null;
  if (origin === null) return CONTENT_SECURITY_POLICY;
  return CONTENT_SECURITY_POLICY.replace("connect-src 'self'", `connect-src 'self' ${origin}`);
}

async function routeMedia(
  options: RouteOptions,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  if (!options.origins.allows(request)) {
    sendProblem(response, 403, 'Pages of this origin may not use this relay.');
    return;
  }
  const body = await readBody(request);
  const answered = await options.handleMedia({
    method: request.method ?? 'GET',
    path,
    query: (request.url ?? '').slice(path.length + 1),
    headers: request.headers,
    body,
    remoteAddress: addressOfClient(request),
  });
  if (!answered) {
    sendProblem(response, 404, 'There is no such stream.');
    return;
  }
  // A body that was cut off is not read to its end: the connection is closed instead.
  if (body.length >= BODY_BYTES_READ_MAX) response.setHeader('Connection', 'close');
  const headers = { ...answered.headers, ...options.origins.header(request) };
  response.writeHead(answered.status, headers).end(answered.body);
}

/** For studios, which are no browsers: a page of any origin is refused. */
async function routePairing(
  options: RouteOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  if (request.headers.origin !== undefined) {
    sendProblem(response, 403, 'Studios pair with a relay; pages do not.');
    return;
  }
  const { status, body } = await options.pair(await readBody(request));
  const type = status === 200 ? 'application/json' : 'application/problem+json';
  // A body that was cut off is not read to its end.
  response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Type': type }).end(JSON.stringify(body));
}

/** What the relay asks itself, from outside, before a show. */
function sendReach(options: RouteOptions, response: ServerResponse, path: string): void {
  const body = options.linkCheck.answer(path);
  response.setHeader('Cache-Control', 'no-store');
  response.writeHead(body === null ? 404 : 200, { 'Content-Type': 'text/plain' }).end(body ?? '');
}

function isForOperator(path: string): boolean {
  return ['/healthz', '/readyz', '/metrics'].includes(path) || path.startsWith('/witness/');
}

async function routeOperator(
  options: RouteOptions,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  if (!isFromThisMachine(request)) {
    sendProblem(response, 403, 'Figures are for the machine that the relay runs on.');
    return;
  }
  if (path === '/healthz') sendText(response, 200, 'ok');
  else if (path === '/readyz') {
    const reason = options.notReadyReason();
    if (reason === '') sendText(response, 200, `ready${options.readyRemark()}`);
    else sendProblem(response, 503, reason);
  } else if (path === '/metrics') {
    const page = await options.metrics.page();
    response.writeHead(200, { 'Content-Type': options.metrics.contentType }).end(page);
  } else await sendWitness(options.witness, response, path.slice('/witness/'.length));
}

async function sendWitness(
  witness: Witness,
  response: ServerResponse,
  channelId: string,
): Promise<void> {
  const mark = isId(channelId) ? await witness.mark(channelId) : null;
  if (!mark) {
    sendProblem(response, 404, 'Nothing of this channel was witnessed.');
    return;
  }
  const { ledgerId, epoch, seq, hash } = mark;
  const totals = await witness.totals(channelId);
  const body = { ledgerId, epoch, seq, hash: Buffer.from(hash).toString('hex'), ...totals };
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

/** `/receipt/{channel}/{row}/{hash of the row}`: the proof of one bet, for its page and to keep. */
async function sendProof(
  options: RouteOptions,
  response: ServerResponse,
  path: string,
): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  const [, channelId = '', row = '', hash = ''] =
    /^\/receipt\/([0-9a-f]{32})\/([1-9][0-9]{0,14})\/([0-9a-f]{64})$/.exec(path) ?? [];
  if (channelId === '') {
    sendProblem(response, 404, 'This is no link to a receipt. Check the link.');
    return;
  }
  const answer = await proveBet(options, channelId, Number(row), hash);
  const type = { 'Content-Type': 'application/json; charset=utf-8' };
  if (answer.ok) {
    response
      .writeHead(200, {
        ...type,
        'Content-Disposition': `inline; filename="bet-${row}.morphinebet"`,
      })
      .end(answer.text);
  } else {
    const { code, sentence } = answer;
    response.writeHead(404, type).end(JSON.stringify({ code, sentence }));
  }
}

/** Of a page that stands beside the viewers'; null: it is theirs. */
function folderBeside(options: RouteOptions, path: string): string | null {
  if (path.startsWith('/check/')) return options.checkPageFolder;
  if (path.startsWith('/crew/')) return options.crewPageFolder;
  return path.startsWith('/overlay/') ? options.overlayPageFolder : null;
}

async function routePage(
  options: RouteOptions,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const withBody = request.method === 'GET';
  if (await answerChannelPage(options.channelPage, response, { path, withBody })) return;
  const beside = folderBeside(options, path);
  const file = beside === null ? pageFileOf(path) : besideFileOf(path);
  if (file === null) {
    sendProblem(response, 404, 'There is nothing here. Check the link.');
    return;
  }
  const sending = {
    folder: beside ?? options.viewerPageFolder,
    compressed: options.compressed,
    acceptEncoding: request.headers['accept-encoding']?.toString(),
  };
  if (await sendPageFile(response, { ...sending, file, withBody })) return;
  if (file === 'index.html') {
    sendProblem(response, 503, 'The viewer page is not built here; run `npm run build`.');
  } else sendProblem(response, 404, 'There is nothing here. Check the link.');
}

/** Loopback, and not through a proxy that stands on this machine. */
export function isFromThisMachine(request: IncomingMessage): boolean {
  const { headers } = request;
  if (headers['x-forwarded-for'] ?? headers.forwarded ?? headers['x-real-ip']) return false;
  return isLoopback(request.socket.remoteAddress ?? '');
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
