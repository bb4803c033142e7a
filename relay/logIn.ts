// The two HTTP verbs of a log-in. A page shows its guest token and is told where to go; what must
// come back with the browser lies sealed in a cookie, so that any node can finish and none has to
// remember. The studio is told who signed in, by a hash that differs from channel to channel, and
// the ledger subject stays the device's.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { z } from 'zod';
import { SignedInSchema } from '../core/wire/gen/facts_pb.js';
import { TokenBucket } from '../core/wire/tokenBucket.ts';
import type { GuestTokens, TokenFault } from './guestTokens.ts';
import { addressOfClient } from './limits.ts';
import type { OpenId, SignedInAs } from './openId.ts';
import type { RelayRoom } from './room.ts';

const COOKIE = 'morphine-login';
/** Long enough to find a password, ms. */
const LOG_IN_MS_MAX = 600_000;
/** Of one address; a household signs in at once. */
const STARTS = { perSecond: 0.2, burst: 10 };
const ADDRESSES_MAX = 10_000;
const SIGNED_IN = 'signedIn';

const sealedSchema = z.strictObject({
  channelId: z.string(),
  subject: z.string(),
  verifier: z.string(),
  state: z.string(),
  nonce: z.string(),
  expiresMs: z.number(),
});
type Sealed = z.infer<typeof sealedSchema>;

export type LogInOptions = {
  room: Pick<RelayRoom, 'channels' | 'fanOut' | 'clock' | 'publicUrl' | 'logger'>;
  openId: OpenId;
  tokens: GuestTokens;
  /** Nodes that share it finish each other's log-ins. */
  secret: string;
  wallMs(): number;
};

const FAULTS: Readonly<Record<TokenFault, string>> = {
  malformed: 'Show the guest token of this page.',
  forged: 'This token is not one of this relay.',
  expired: 'This token has ended; the page gets a new one by itself.',
  wrongScope: 'This token is for something else.',
  used: 'This token was used; the page gets a new one by itself.',
};

/** `POST /login/{channel}` and `GET /login/callback`. */
export class LogIn {
  readonly #options: LogInOptions;
  readonly #key: Buffer;
  readonly #starts = new Map<string, TokenBucket>();

  constructor(options: LogInOptions) {
    this.#options = options;
    this.#key = createHash('sha256').update(`log-in|${options.secret}`).digest();
    const { channels, fanOut } = options.room;
    fanOut.onPublished(SIGNED_IN, (channelId, bytes) => {
      const value = fromBinary(SignedInSchema, bytes);
      channels.find(channelId)?.studio?.send({ case: 'signedIn', value });
    });
  }

  async start(
    request: IncomingMessage,
    response: ServerResponse,
    channelId: string,
  ): Promise<void> {
    const { room, tokens, openId, wallMs } = this.#options;
    const { origin } = request.headers;
    // A page of another origin could use a token that it stole, but not without being seen here.
    if (origin !== undefined && origin !== new URL(room.publicUrl).origin) {
      sendProblem(response, 403, 'Sign in from the page that the relay serves.');
      return;
    }
    if (!this.#mayStart(addressOfClient(request))) {
      response.setHeader('Retry-After', '30');
      sendProblem(response, 429, 'Too many log-ins from here; wait a moment.');
      return;
    }
    const token = /^Bearer ([\w.]{1,300})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const taken = tokens.take(token, 'signIn');
    if ('fault' in taken) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      sendProblem(response, 401, FAULTS[taken.fault]);
      return;
    }
    if (taken.guest.channelId !== channelId) {
      sendProblem(response, 403, 'This token is another channel’s.');
      return;
    }
    try {
      const { url, secrets } = await openId.begin(callbackOf(room.publicUrl));
      const expiresMs = wallMs() + LOG_IN_MS_MAX;
      response.setHeader('Set-Cookie', this.#cookie({ ...taken.guest, ...secrets, expiresMs }));
      response.setHeader('Cache-Control', 'no-store');
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ url }));
    } catch (cause) {
      room.logger.warn('the issuer of log-ins does not answer', { reason: String(cause) });
      sendProblem(response, 502, 'The log-in service does not answer; try again later.');
    }
  }

  async finish(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { room, openId, wallMs } = this.#options;
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Set-Cookie', this.#cookie(null));
    const begun = this.#open(request.headers.cookie ?? '');
    if (!begun || begun.expiresMs <= wallMs()) {
      sendProblem(response, 400, 'This log-in was not begun here, or too long ago. Begin again.');
      return;
    }
    const query = (request.url ?? '').split('?')[1] ?? '';
    let as: SignedInAs;
    try {
      as = await openId.finish(new URL(`${callbackOf(room.publicUrl)}?${query}`), begun);
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
      room.logger.info('a log-in was refused', { reason: code });
      sendProblem(response, 400, 'The log-in was not completed. Begin again from the show.');
      return;
    }
    const { channelId, subject } = begun;
    const identity = createHash('sha256')
      .update(`identity|${channelId}|${as.issuer}|${as.account}`)
      .digest('hex');
    const word = create(SignedInSchema, { subject, identity, name: as.name });
    room.fanOut.publish(channelId, SIGNED_IN, toBinary(SignedInSchema, word));
    response.writeHead(303, { Location: `/s/${channelId}` }).end();
  }

  #mayStart(address: string): boolean {
    const nowUs = this.#options.room.clock.nowUs();
    const bucket = this.#starts.get(address) ?? new TokenBucket({ ...STARTS, nowUs });
    this.#starts.delete(address);
    this.#starts.set(address, bucket);
    const oldest = this.#starts.size > ADDRESSES_MAX ? this.#starts.keys().next().value : undefined;
    if (oldest !== undefined) this.#starts.delete(oldest);
    return bucket.take(nowUs);
  }

  #cookie(begun: Sealed | null): string {
    const isSecure = this.#options.room.publicUrl.startsWith('https:');
    const value = begun ? seal(this.#key, begun) : '';
    const age = begun ? LOG_IN_MS_MAX / 1000 : 0;
    const flags = `Path=/login; HttpOnly; SameSite=Lax; Max-Age=${age}`;
    return `${COOKIE}=${value}; ${flags}${isSecure ? '; Secure' : ''}`;
  }

  #open(cookies: string): Sealed | null {
    const found = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]{1,2000})`).exec(cookies)?.[1];
    return found === undefined ? null : unseal(this.#key, found);
  }
}

function callbackOf(publicUrl: string): string {
  return `${publicUrl}/login/callback`;
}

/** AES-256-GCM (NIST SP 800-38D) under a fresh nonce. */
function seal(key: Buffer, value: Sealed): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

function unseal(key: Buffer, text: string): Sealed | null {
  try {
    const bytes = Buffer.from(text, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    const body = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
    return sealedSchema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    return null;
  }
}

function sendProblem(response: ServerResponse, status: number, detail: string): void {
  response
    .writeHead(status, { 'Content-Type': 'application/problem+json; charset=utf-8' })
    .end(JSON.stringify({ type: 'about:blank', status, detail }));
}
