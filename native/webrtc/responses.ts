// The answers of the WHIP and WHEP endpoints: status, headers and body, and nothing that does I/O.
// Every answer carries the CORS headers, because players live on other origins; the preflight of a
// browser carries no token and must be answered all the same.

import { OfferRefused } from './offerRefused.ts';

export type MediaResponse = {
  status: number;
  /** An array value is sent as several header lines. */
  headers: Record<string, string | string[]>;
  body: string;
};

export type IceServerLink = { url: string; username?: string; credential?: string };

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Location, ETag, Link, Accept-Post, Retry-After',
  'cache-control': 'no-store',
};

export function respond(
  status: number,
  headers: MediaResponse['headers'] = {},
  body = '',
): MediaResponse {
  return { status, headers: { ...CORS, ...headers }, body };
}

/** A refusal as application/problem+json (RFC 9457). */
export function refuse(
  status: number,
  title: string,
  detail: string,
  headers: MediaResponse['headers'] = {},
): MediaResponse {
  const body = JSON.stringify({ title, status, detail });
  return respond(status, { 'content-type': 'application/problem+json', ...headers }, body);
}

export function refuseOffer(error: unknown): MediaResponse | undefined {
  if (!(error instanceof OfferRefused)) return undefined;
  return refuse(error.status, error.title, error.message);
}

/** 201 with the answer (RFC 9725 section 4.2). */
export function created(
  location: string,
  session: { sessionId: string; answerSdp: string },
  iceServers: readonly IceServerLink[],
): MediaResponse {
  return respond(
    201,
    {
      'content-type': 'application/sdp',
      location,
      etag: `"${session.sessionId.slice(0, 16)}"`,
      ...linksOf(iceServers),
    },
    session.answerSdp,
  );
}

function linksOf(iceServers: readonly IceServerLink[]): { link?: string[] } {
  return iceServers.length > 0 ? { link: iceServers.map(linkOf) } : {};
}

/** RFC 9725 section 4.6. */
function linkOf(server: IceServerLink): string {
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const parts = [`<${server.url}>`, 'rel="ice-server"'];
  if (server.username !== undefined) parts.push(`username=${quoted(server.username)}`);
  if (server.credential !== undefined) {
    parts.push(`credential=${quoted(server.credential)}`, 'credential-type="password"');
  }
  return parts.join('; ');
}

/** Preflight and plain OPTIONS. Some clients send `ETag` with a PATCH where `If-Match` belongs. */
export function options(
  methods: readonly string[],
  iceServers: readonly IceServerLink[] = [],
): MediaResponse {
  return respond(200, {
    allow: methods.join(', '),
    'accept-post': 'application/sdp',
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': 'Authorization, Content-Type, If-Match, ETag',
    'access-control-max-age': '86400',
    ...linksOf(iceServers),
  });
}

export function methodNotAllowed(methods: readonly string[]): MediaResponse {
  const detail = `Use one of ${methods.join(', ')}.`;
  return refuse(405, 'Method not allowed', detail, { allow: methods.join(', ') });
}
