// Hands a request for the studio's own WHIP endpoint to it as plain values, and sends its answer.
// A publisher is no browser that holds the cookie: its token is the endpoint's to check.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MediaRequest } from '../webrtc/mediaRequest.ts';
import { BODY_BYTES_READ_MAX, readBody } from '../webrtc/requestBody.ts';
import type { MediaResponse } from '../webrtc/responses.ts';

/** Undefined when the path is none of its own. */
export type MediaHandler = (request: MediaRequest) => Promise<MediaResponse | undefined>;

/** False: the path is none of the handler's, and nothing was sent. */
export async function answerMedia(
  request: IncomingMessage,
  response: ServerResponse,
  handle: MediaHandler,
): Promise<boolean> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  if (!path.startsWith('/whip')) return false;
  const body = await readBody(request);
  const answered = await handle({
    ...{ path, query, body },
    method: request.method ?? 'GET',
    headers: request.headers,
    remoteAddress: request.socket.remoteAddress ?? '',
  });
  if (!answered) return false;
  // A body that was cut off is not read to its end: the connection is closed instead.
  if (body.length >= BODY_BYTES_READ_MAX) response.setHeader('connection', 'close');
  response.setHeader('cross-origin-resource-policy', 'cross-origin');
  response.writeHead(answered.status, answered.headers).end(answered.body);
  return true;
}
