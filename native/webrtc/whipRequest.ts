// The HTTP half of a WHIP client: POST with redirects, DELETE. Errors are read by their class, not
// by exact code (RFC 9725 section 4.2). Only 307 and 308 are followed, because others would turn
// the POST into a GET; the token stays with the origin that it was given for.

import type { Timers } from '../../core/base/clock.ts';
import { type IceServer, iceServersOf } from '../../core/media/iceServerLinks.ts';

const REQUEST_TIMEOUT_MS = 8000;
const DELETE_TIMEOUT_MS = 2000;
const REDIRECTS_MAX = 5;
const BODY_LENGTH_MAX = 65_536;

export type WhipTarget = {
  url: string;
  token: string | null;
  fetch: typeof fetch;
  timers: Timers;
};

export type WhipAnswer = {
  sdp: string;
  sessionUrl: string;
  /** The server offers itself instead (draft-ietf-wish-whep, HTTP 406): `sdp` is its offer. */
  isOffer: boolean;
  /** STUN and TURN servers that the server names in Link headers. */
  iceServers: IceServer[];
};

/** The server said no; the message is a sentence without secrets. */
export class WhipRefusal extends Error {
  readonly retryAfterMs: number | null;

  constructor(message: string, retryAfterMs: number | null) {
    super(message);
    this.name = 'WhipRefusal';
    this.retryAfterMs = retryAfterMs;
  }
}

/** Posts an offer. Throws WhipRefusal, or whatever `fetch` throws when nobody answers. */
export async function postOffer(
  offerSdp: string,
  target: WhipTarget,
  signal: AbortSignal,
): Promise<WhipAnswer> {
  const timeout = new AbortController();
  const cancel = target.timers.after(REQUEST_TIMEOUT_MS, () => timeout.abort());
  try {
    let url = new URL(target.url);
    for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
      const response = await target.fetch(url.href, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/sdp', ...authorization(target, url) },
        body: offerSdp,
        signal: AbortSignal.any([signal, timeout.signal]),
      });
      if (response.status !== 307 && response.status !== 308)
        return await readAnswer(response, url);
      const location = response.headers.get('location');
      await response.body?.cancel();
      if (!location || !URL.canParse(location, url.href)) {
        throw new WhipRefusal('The relay redirects without an address.', null);
      }
      url = new URL(location, url);
      if (url.protocol !== 'http:' && url.protocol !== 'https:') {
        throw new WhipRefusal('The relay redirects to something that is not HTTP.', null);
      }
    }
    throw new WhipRefusal(`The relay redirects more than ${REDIRECTS_MAX} times.`, null);
  } finally {
    cancel();
  }
}

/** Answers a server's own offer. Throws WhipRefusal, or what `fetch` throws. */
export async function patchAnswer(
  sessionUrl: string,
  answerSdp: string,
  target: WhipTarget,
): Promise<void> {
  const response = await target.fetch(sessionUrl, {
    method: 'PATCH',
    redirect: 'manual',
    headers: { 'content-type': 'application/sdp', ...authorization(target, new URL(sessionUrl)) },
    body: answerSdp,
  });
  if (!response.ok) throw await refusalOf(response);
  await response.body?.cancel();
}

/** Ends a session. Never throws: a server that is gone ends it by itself. */
export async function deleteSession(sessionUrl: string, target: WhipTarget): Promise<void> {
  const timeout = new AbortController();
  const cancel = target.timers.after(DELETE_TIMEOUT_MS, () => timeout.abort());
  try {
    const response = await target.fetch(sessionUrl, {
      method: 'DELETE',
      redirect: 'manual',
      headers: authorization(target, new URL(sessionUrl)),
      signal: timeout.signal,
    });
    await response.body?.cancel();
  } catch {
    // Nobody is there to be told.
  } finally {
    cancel();
  }
}

function authorization(target: WhipTarget, url: URL): Record<string, string> {
  const isSameOrigin = url.origin === new URL(target.url).origin;
  return target.token !== null && isSameOrigin ? { authorization: `Bearer ${target.token}` } : {};
}

async function readAnswer(response: Response, url: URL): Promise<WhipAnswer> {
  const isOffer = response.status === 406 && response.headers.has('location');
  const isGood = response.status >= 200 && response.status <= 299;
  if (!isGood && !isOffer) throw await refusalOf(response);
  const sdp = await response.text();
  const location = response.headers.get('location');
  if (!location || !URL.canParse(location, url.href)) {
    throw new WhipRefusal('The relay answered without the address of the session.', null);
  }
  if (sdp.length > BODY_LENGTH_MAX || !sdp.startsWith('v=0') || !/^m=video [1-9]/m.test(sdp)) {
    throw new WhipRefusal('The relay answered without a usable description of the session.', null);
  }
  const iceServers = iceServersOf(response.headers.get('link'));
  return { sdp, sessionUrl: new URL(location, url).href, isOffer, iceServers };
}

async function refusalOf(response: Response): Promise<WhipRefusal> {
  const text = (await response.text()).slice(0, BODY_LENGTH_MAX);
  const detail = problemText(text);
  const reason =
    response.status === 401 || response.status === 403
      ? 'The relay does not accept this channel’s token.'
      : `The relay refused the stream (HTTP ${response.status})${detail ? `: ${detail}` : '.'}`;
  return new WhipRefusal(reason, retryAfterMs(response));
}

/** Title and detail of an application/problem+json body (RFC 9457), shortened. */
function problemText(text: string): string {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem !== 'object' || problem === null) return '';
    const parts = ['title', 'detail'].flatMap((key) => {
      const value: unknown = Reflect.get(problem, key);
      return typeof value === 'string' ? [value.slice(0, 200)] : [];
    });
    return parts.join('. ');
  } catch {
    return '';
  }
}

/** Retry-After in seconds or as a date; a date is measured against the server's own clock. */
function retryAfterMs(response: Response): number | null {
  const value = response.headers.get('retry-after');
  if (value === null) return null;
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000;
  const waitMs = Date.parse(value) - Date.parse(response.headers.get('date') ?? '');
  return Number.isFinite(waitMs) && waitMs > 0 ? waitMs : null;
}
