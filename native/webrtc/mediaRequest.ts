// What a WHIP or WHEP endpoint reads of an HTTP request, the same at the relay and at the studio's
// own door. Plain values in, plain answers out: nothing here knows a socket. It must never put a
// token into an answer.

import type { MediaClock, MediaTimeUs } from '../../core/base/clock.ts';
import { type MediaResponse, refuse, respond } from './responses.ts';
import { OFFER_LENGTH_MAX, parseFragment, type RemoteCandidate } from './sdp.ts';

/** Addresses whose requests are counted at a time; beyond it the count starts anew. */
const ADDRESSES_MAX = 10_000;
const MINUTE_US = 60_000_000;

/** What the HTTP server hands over. */
export type MediaRequest = {
  method: string;
  /** Path without query, as sent. */
  path: string;
  /** Behind the question mark, as sent; absent or empty: none. */
  query?: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** At most 64 KiB + 1 byte need to be read: longer bodies are answered with 413. */
  body: string | Uint8Array;
  /** For rate limits only. */
  remoteAddress: string;
};

/** The first line of a header; empty when it was not sent. */
export function headerOf(request: MediaRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : (value?.[0] ?? '');
}

export function textOf(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}

/** The bearer token (RFC 6750 section 2.1); empty when none was sent. */
export function bearerOf(request: MediaRequest): string {
  const [, token = ''] =
    /^bearer +([\w.~+/=-]{1,4096})$/i.exec(headerOf(request, 'authorization')) ?? [];
  return token;
}

/** Null when the body may be read as an SDP offer. */
export function refuseBody(request: MediaRequest): MediaResponse | null {
  if (contentTypeOf(request) !== 'application/sdp') {
    return refuse(415, 'Wrong content type', 'Send an SDP offer as application/sdp.', {
      'accept-post': 'application/sdp',
    });
  }
  if (request.body.length > OFFER_LENGTH_MAX) {
    return refuse(413, 'Offer too large', `The offer may have ${OFFER_LENGTH_MAX} bytes.`);
  }
  return null;
}

/** Trickle ICE (RFC 9725 section 4.4). A restart is refused and the session goes on. */
export function answerPatch(
  request: MediaRequest,
  session: {
    iceUserFragment: string;
    addCandidates(candidates: readonly RemoteCandidate[]): void;
  },
): MediaResponse {
  if (contentTypeOf(request) !== 'application/trickle-ice-sdpfrag') {
    const detail = 'Send ICE candidates as application/trickle-ice-sdpfrag.';
    return refuse(415, 'Wrong content type', detail, {
      'accept-patch': 'application/trickle-ice-sdpfrag',
    });
  }
  const fragment = parseFragment(textOf(request.body));
  if (fragment.iceUserFragment !== session.iceUserFragment) {
    const detail = 'ICE restarts are not supported; the session goes on. Post a new offer.';
    return refuse(422, 'No ICE restart', detail);
  }
  session.addCandidates(fragment.candidates);
  return respond(204);
}

/** Counts the POSTs of each address in a minute. */
export function createPostCount(
  clock: MediaClock,
  postsPerMinuteMax: number,
): { isAllowed(address: string): boolean } {
  const posts = new Map<string, number>();
  let sinceUs: MediaTimeUs = 0;
  return {
    isAllowed(address) {
      const nowUs = clock.nowUs();
      if (nowUs - sinceUs > MINUTE_US || posts.size > ADDRESSES_MAX) {
        posts.clear();
        sinceUs = nowUs;
      }
      const count = (posts.get(address) ?? 0) + 1;
      posts.set(address, count);
      return count <= postsPerMinuteMax;
    },
  };
}

export function refuseFlood(): MediaResponse {
  return refuse(429, 'Too many requests', 'Wait before trying again.', { 'retry-after': '10' });
}

function contentTypeOf(request: MediaRequest): string {
  const [type = ''] = headerOf(request, 'content-type').split(';');
  return type.trim().toLowerCase();
}
