// The door for games and programs that know better than pixels what happened: an HTTP server on
// loopback that takes game states and signed webhooks. The capture time of what they tell is when
// the post arrived, less what the sender says it is old. Nothing of a token is ever logged.

import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import type { MediaClock } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import {
  counterStrikeChanges,
  counterStrikeSchema,
  dotaChanges,
  dotaSchema,
  type GameName,
  type Told,
} from './games.ts';
import {
  type CaptionBody,
  captionOf,
  captionSchema,
  WebhookGuard,
  webhookSchema,
} from './webhook.ts';

const BODY_BYTES_MAX = 262_144;
const HOST = '127.0.0.1';
/** A game that said nothing for this long is not playing, microseconds. */
const SILENT_US = 35_000_000;

export type GameStateOptions = {
  /** 0: any free one. */
  port: number;
  /** What games put into `auth.token`. */
  token: string;
  webhookKey: Uint8Array;
  clock: MediaClock;
  /** Wall clock, ms since 1970: webhooks are signed with it. */
  wallMs(): number;
  /** RTP timestamp of a capture time on the channel's video. */
  rtpTimestampOf(captureUs: number): number;
  logger: Logger;
  onEvent(event: GameEvent): void;
  /** A signed caption for everybody who watches. */
  onCaption(caption: CaptionBody): void;
};

export type GameState = {
  port: number;
  /** Which game spoke lately, and when, media clock. */
  lastHeard(): { game: GameName | 'webhook'; atUs: number } | null;
  close(): Promise<void>;
};

type Answer = { status: number; message: string };
const authSchema = z.object({ auth: z.object({ token: z.string().max(200) }) });

/** Opens the door. Rejects with a listen error when the port is not to be had. */
export async function openGameState(options: GameStateOptions): Promise<GameState> {
  const door = new Door(options);
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000 },
    (request, reply) => {
      void door.answer(request, reply);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, HOST, () => resolve());
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return {
    port,
    lastHeard: () => door.lastHeard(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class Door {
  readonly #options: GameStateOptions;
  readonly #guard: WebhookGuard;
  readonly #before = new Map<GameName, { state: unknown; atUs: number }>();
  #heard: { game: GameName | 'webhook'; atUs: number } | null = null;
  #count = 0;

  constructor(options: GameStateOptions) {
    this.#options = options;
    this.#guard = new WebhookGuard(options.webhookKey);
  }

  lastHeard(): { game: GameName | 'webhook'; atUs: number } | null {
    return this.#heard;
  }

  async answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    // Before the body is read: a long post must not make its event younger or older.
    const arrivedUs = this.#options.clock.nowUs();
    const { status, message } = await this.#take(request, arrivedUs);
    if (status >= 400) this.#options.logger.warn('a post was refused', { status, message });
    reply.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
    reply.end(`${message}\n`);
  }

  async #take(request: IncomingMessage, arrivedUs: number): Promise<Answer> {
    const game = { '/game/cs2': 'cs2', '/game/dota2': 'dota2' } as const;
    const path = (request.url ?? '').split('?')[0] ?? '';
    const isSigned = path === '/webhook' || path === '/caption';
    const isKnown = isSigned || path in game;
    if (!isKnown) {
      return { status: 404, message: 'There are /game/cs2, /game/dota2, /webhook and /caption.' };
    }
    if (request.method !== 'POST') return { status: 405, message: 'POST was expected.' };
    const body = await bodyOf(request);
    if (body === null) {
      return { status: 413, message: `At most ${BODY_BYTES_MAX} bytes were expected.` };
    }
    if (isSigned) return this.#signed(request, path, body, arrivedUs);
    const name = game[path as keyof typeof game];
    return this.#game(name, body, arrivedUs);
  }

  #game(game: GameName, body: string, arrivedUs: number): Answer {
    const value = parsed(body);
    const auth = authSchema.safeParse(value);
    if (!auth.success || !isSame(auth.data.auth.token, this.#options.token)) {
      return {
        status: 401,
        message: "auth.token: the token of this studio's file for the game was expected.",
      };
    }
    const read =
      game === 'cs2' ? counterStrikeSchema.safeParse(value) : dotaSchema.safeParse(value);
    if (!read.success) return { status: 400, message: sentenceOf(read.error) };
    const before = this.#before.get(game);
    this.#before.set(game, { state: read.data, atUs: arrivedUs });
    this.#heard = { game, atUs: arrivedUs };
    // After a long silence the difference says nothing about when it happened.
    if (!before || arrivedUs - before.atUs > SILENT_US) return { status: 200, message: 'Taken.' };
    for (const told of changesOf(game, before.state, read.data)) this.#tell(told, arrivedUs, game);
    return { status: 200, message: 'Taken.' };
  }

  #signed(request: IncomingMessage, path: string, body: string, arrivedUs: number): Answer {
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    const refusal = this.#guard.refusal(
      {
        timestamp: header('x-morphine-timestamp'),
        signature: header('x-morphine-signature'),
      },
      body,
      this.#options.wallMs(),
    );
    if (refusal !== null) return { status: 401, message: refusal };
    if (path === '/caption') {
      const caption = captionSchema.safeParse(parsed(body));
      if (!caption.success) return { status: 400, message: sentenceOf(caption.error) };
      this.#options.onCaption(captionOf(caption.data));
      return { status: 200, message: 'Taken.' };
    }
    const read = webhookSchema.safeParse(parsed(body));
    if (!read.success) return { status: 400, message: sentenceOf(read.error) };
    const { happenedMsAgo, ...told } = read.data;
    this.#heard = { game: 'webhook', atUs: arrivedUs };
    this.#tell(told, Math.max(0, arrivedUs - Math.round(happenedMsAgo * 1000)), 'webhook');
    return { status: 200, message: 'Taken.' };
  }

  #tell(told: Told, captureUs: number, from: GameName | 'webhook'): void {
    const { clock, rtpTimestampOf, onEvent } = this.#options;
    onEvent({
      ...told,
      why: from === 'webhook' ? `A signed webhook says: ${told.why}` : told.why,
      id: `${from}-${captureUs.toString(36)}-${(++this.#count).toString(36)}`,
      captureUs,
      rtpTimestamp: rtpTimestampOf(captureUs),
      detectedUs: Math.max(captureUs, clock.nowUs()),
      trackIds: [],
    });
  }
}

function changesOf(game: GameName, before: unknown, now: unknown): Told[] {
  return game === 'cs2'
    ? counterStrikeChanges(counterStrikeSchema.parse(before), counterStrikeSchema.parse(now))
    : dotaChanges(dotaSchema.parse(before), dotaSchema.parse(now));
}

/** Constant in time but for the length. */
function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function sentenceOf(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'wrong'}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The whole body, or null when it is too long or never ends. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      length += (chunk as Buffer).length;
      if (length > BODY_BYTES_MAX) return null;
      chunks.push(chunk as Buffer);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString('utf8');
}
