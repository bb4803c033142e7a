// A show for televisions and content delivery networks: HTTP Live Streaming, without a bet, a chat
// or a session, and by its nature seconds later than the market. Only where the owner chose it, and
// never of a sealed show: what is asked of each request is asked of each picture, too. A stream is
// made when somebody asks and ends half a minute after the last one did.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { unreachable } from '../../core/base/assert.ts';
import type { MediaClock, Timers } from '../../core/base/clock.ts';
import { hlsIndex, SEGMENT_US_MAX } from '../../core/media/hlsWindow.ts';
import type { Show } from '../../core/wire/gen/facts_pb.js';
import { isId } from '../../core/wire/signing.ts';
import type { FanOut } from '../../native/webrtc/fanOut.ts';
import { sendProblem } from '../problems.ts';
import { isLive, type Piece, pieceOf, refusalOf, TELEVISION_PATH } from './televisionRequest.ts';
import { TelevisionStream } from './televisionStream.ts';
import { languageOf, NOTICES, televisionPage } from './televisionWords.ts';

/** Shows at once; more are answered 503. Each holds up to 48 MiB. */
const STREAMS_MAX = 8;
const IDLE_US_MAX = 30_000_000;
const LOOK_MS = 1_000;
/** A segment may be six seconds long, and the first one waits for a key frame, too. */
const FIRST_WAIT_MS_MAX = 10_000;
/** As long as a player may wait for one reload: three of the longest segments. */
const WAIT_MS_MAX = (3 * SEGMENT_US_MAX) / 1000;
/** Pieces never change; they are short-lived so that a show that is closed is gone soon. */
const KEPT_SECONDS = 60;

export type TelevisionOptions = {
  clock: MediaClock;
  timers: Timers;
  /** ms since 1970: players show it, nothing is decided by it. */
  wallMs(): number;
  /** Makes a channel known that another node or the witness knows. */
  learn(channelId: string): Promise<void>;
  showOf(channelId: string): Show | null;
  /** Where its pictures come in; null: nowhere here. */
  fanOutOf(channelId: string): Pick<FanOut, 'openReader'> | null;
  /** Address of the node that has the pictures; null: they would be here. */
  homeOf(channelId: string): string | null;
  isBarred(channelId: string, request: IncomingMessage): boolean;
  /** Which pages of other origins may read it. */
  originHeader(request: IncomingMessage): Record<string, string>;
};

export type Television = {
  /** False: the path is none of its own, and nothing was sent. */
  answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean>;
  counters: { streams: number; bytesHeld: number; requests: number; refused: number };
  close(): void;
};

type Running = {
  stream: TelevisionStream;
  fanOut: Pick<FanOut, 'openReader'>;
  askedUs: number;
};

export function createTelevision(options: TelevisionOptions): Television {
  return new TelevisionRoom(options);
}

class TelevisionRoom implements Television {
  readonly #options: TelevisionOptions;
  readonly #running = new Map<string, Running>();
  readonly #cancelLook: () => void;
  #requests = 0;
  #refused = 0;

  constructor(options: TelevisionOptions) {
    this.#options = options;
    this.#cancelLook = options.timers.every(LOOK_MS, () => this.#look());
  }

  get counters() {
    let bytesHeld = 0;
    for (const { stream } of this.#running.values()) bytesHeld += stream.window.bytes();
    const streams = this.#running.size;
    return { streams, bytesHeld, requests: this.#requests, refused: this.#refused };
  }

  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    const [, kind, channelId = '', name = ''] = TELEVISION_PATH.exec(path) ?? [];
    const isGet = request.method === 'GET' || request.method === 'HEAD';
    if (!kind || !isId(channelId) || !isGet || (kind === 'hls' && name === '')) return false;
    await this.#options.learn(channelId);
    const show = this.#options.showOf(channelId);
    if (kind === 'tv') {
      if (!show) return false;
      sendPage(request, response, { channelId, title: show.title });
      return true;
    }
    this.#requests++;
    const home = this.#options.homeOf(channelId);
    if (home !== null) {
      const location = home + (request.url ?? '');
      response.writeHead(307, { Location: location, 'Cache-Control': 'no-store' }).end();
      return true;
    }
    const refusal = refusalOf(show, this.#options.isBarred(channelId, request));
    if (refusal) this.#refuse(response, refusal.status, refusal.detail);
    else if (!this.#running.has(channelId) && !isLive(show)) {
      this.#refuse(response, 404, 'The show has not begun, or is over.');
    } else await this.#send(request, response, channelId, name);
    return true;
  }

  #refuse(response: ServerResponse, status: number, detail: string): void {
    this.#refused++;
    response.setHeader('Cache-Control', 'no-store');
    if (status === 503) response.setHeader('Retry-After', '2');
    sendProblem(response, status, detail);
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    channelId: string,
    name: string,
  ): Promise<void> {
    const query = new URL(request.url ?? '/', 'http://relay').searchParams;
    const piece = pieceOf(name, query);
    if (piece === null) return this.#refuse(response, 404, 'This show has no such piece.');
    if (typeof piece === 'string') return this.#refuse(response, 400, piece);
    const stream = this.#streamOf(channelId);
    if (typeof stream === 'string') return this.#refuse(response, 503, stream);
    const newest = stream.window.newestSegment();
    if (piece.kind === 'live' && newest !== null && (piece.segment ?? 0) > newest + 2) {
      return this.#refuse(response, 400, 'Segments so far ahead cannot be waited for.');
    }
    const isThere = await this.#wait(stream, piece);
    // It may have been sealed or closed while somebody waited.
    if (refusalOf(this.#options.showOf(channelId), false)) {
      return this.#refuse(response, 404, 'The show is no longer shown this way.');
    }
    const found = isThere ? contentOf(stream, piece) : null;
    if (found === null) {
      const isList = piece.kind === 'index' || piece.kind === 'live';
      const detail = isList ? 'There is no picture yet. Try again.' : 'This piece is not kept.';
      return this.#refuse(response, isList ? 503 : 404, detail);
    }
    const length = found.parts.reduce((sum, part) => sum + part.length, 0);
    response.writeHead(200, {
      ...{ 'Content-Type': found.type, 'Content-Length': length },
      'Cache-Control': cacheWords(piece),
      ...{ 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' },
      ...this.#options.originHeader(request),
    });
    if (request.method === 'GET') for (const part of found.parts) response.write(part);
    response.end();
  }

  async #wait(stream: TelevisionStream, piece: Piece): Promise<boolean> {
    const { window } = stream;
    const isList = piece.kind === 'index' || piece.kind === 'live';
    // Whoever begins needs a whole segment; some players know no parts.
    const isReady = () => window.hasWholeSegment() && stream.format() !== null;
    if (isList && !(await stream.wait(isReady, FIRST_WAIT_MS_MAX))) return false;
    const { segment, part } = piece;
    if (piece.kind === 'live' && segment !== null) {
      return stream.wait(() => window.isThere(segment, part), WAIT_MS_MAX);
    }
    // The part that the playlist hinted at.
    if (piece.kind === 'part' && piece.number === window.nextPart()) {
      return stream.wait(() => window.part(piece.number) !== null, WAIT_MS_MAX);
    }
    return true;
  }

  /** A sentence where there is no room for another one. */
  #streamOf(channelId: string): TelevisionStream | string {
    const known = this.#running.get(channelId);
    const askedUs = this.#options.clock.nowUs();
    if (known) {
      known.askedUs = askedUs;
      return known.stream;
    }
    const fanOut = this.#options.fanOutOf(channelId);
    if (!fanOut) return 'There is no picture yet. Try again.';
    if (this.#running.size >= STREAMS_MAX) {
      return 'This relay shows as many shows to televisions as it can.';
    }
    const { timers, wallMs } = this.#options;
    const stream = new TelevisionStream({
      ...{ fanOut, timers, wallMs },
      mayShow: () => {
        const show = this.#options.showOf(channelId);
        return isLive(show) && refusalOf(show, false) === null;
      },
    });
    this.#running.set(channelId, { stream, fanOut, askedUs });
    return stream;
  }

  #look(): void {
    const beforeUs = this.#options.clock.nowUs() - IDLE_US_MAX;
    for (const [channelId, { stream, fanOut, askedUs }] of this.#running) {
      const show = this.#options.showOf(channelId);
      if (refusalOf(show, false) !== null) this.#forget(channelId, stream);
      else if (!isLive(show)) stream.end();
      // The channel was opened anew: its pictures come in elsewhere now.
      else if ((this.#options.fanOutOf(channelId) ?? fanOut) !== fanOut) {
        this.#forget(channelId, stream);
      }
      if (askedUs < beforeUs) this.#forget(channelId, stream);
    }
  }

  #forget(channelId: string, stream: TelevisionStream): void {
    stream.close();
    this.#running.delete(channelId);
  }

  close(): void {
    this.#cancelLook();
    for (const [channelId, { stream }] of this.#running) this.#forget(channelId, stream);
  }
}

function cacheWords({ kind, segment }: Piece): string {
  // A playlist that was waited for is the same for everybody who asks for it.
  if (kind === 'live') return segment === null ? 'public, max-age=1' : 'public, max-age=6';
  return kind === 'index' ? 'public, max-age=1' : `public, max-age=${KEPT_SECONDS}, immutable`;
}

const LIST_TYPE = 'application/vnd.apple.mpegurl';
const MEDIA_TYPE = 'video/mp4';

function contentOf(
  stream: TelevisionStream,
  piece: Piece,
): { type: string; parts: Uint8Array[] } | null {
  const { window } = stream;
  const list = (text: string) => ({ type: LIST_TYPE, parts: [Buffer.from(text)] });
  const media = (parts: (Uint8Array | undefined)[]) => {
    const there = parts.filter((part) => part !== undefined);
    return there.length === 0 ? null : { type: MEDIA_TYPE, parts: there };
  };
  switch (piece.kind) {
    case 'index': {
      const format = stream.format();
      if (format === null) return null;
      const bitsPerSecond = window.bitsPerSecondMax();
      return list(hlsIndex({ ...format, bitsPerSecond, notices: NOTICES }));
    }
    case 'live':
      return list(window.playlist(NOTICES.en));
    case 'header':
      return media([window.header(piece.number) ?? undefined]);
    case 'segment':
      return media((window.segment(piece.number)?.parts ?? []).map(({ bytes }) => bytes));
    case 'part':
      return media([window.part(piece.number)?.bytes]);
    default:
      return unreachable(piece.kind);
  }
}

function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  show: { channelId: string; title: string },
): void {
  const page = televisionPage(show, languageOf(request.headers['accept-language']));
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-cache',
    Vary: 'Accept-Language',
  });
  response.end(request.method === 'HEAD' ? undefined : page);
}
