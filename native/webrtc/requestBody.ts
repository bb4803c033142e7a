// The body of an HTTP request with an offer or a short message in it, with a bound: whoever sends
// more is not listened to.

import type { IncomingMessage } from 'node:http';

/** One byte more than any such body may have: a longer one is known by it. */
export const BODY_BYTES_READ_MAX = 64 * 1024 + 1;

/** Reads at most one byte more than is allowed; the rest is left unread. */
export function readBody(request: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const finish = () => resolve(Buffer.concat(parts).subarray(0, BODY_BYTES_READ_MAX));
    request.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length < BODY_BYTES_READ_MAX) return;
      request.pause();
      finish();
    });
    request.once('end', finish);
    request.once('error', reject);
  });
}
