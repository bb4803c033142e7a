// A viewer whose network blocks UDP and who came to a guest: browsers follow no redirect of a
// WebSocket, so the guest carries the picture's bytes from the home as they are. It looks into
// nothing, and passes a connection on once only, so that two nodes cannot send it back and forth.

import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { refuseStream } from '../problems.ts';

const PASSED = 'x-relay-passed';
/** The home answers an upgrade at once, ms. */
const ANSWER_MS_MAX = 5_000;
const AWAY = 'The node that has the picture does not answer; try again.';

/** Carries an upgrade to `homeUrl` and both ways from then on. Never throws. */
export function passStream(
  homeUrl: string,
  request: IncomingMessage,
  stream: Duplex,
  head: Buffer,
): void {
  if (request.headers[PASSED] !== undefined) {
    refuseStream(stream, 502, AWAY, 1);
    return;
  }
  const target = new URL(request.url ?? '/', homeUrl);
  const send = target.protocol === 'https:' ? secureRequest : plainRequest;
  const onward = send(new URL(target.pathname + target.search, homeUrl), {
    headers: { ...request.headers, host: new URL(homeUrl).host, [PASSED]: '1' },
    timeout: ANSWER_MS_MAX,
  });
  const giveUp = () => {
    onward.destroy();
    refuseStream(stream, 502, AWAY, 1);
  };
  onward.once('error', giveUp);
  onward.once('timeout', giveUp);
  onward.once('response', (answer) => {
    answer.resume();
    refuseStream(stream, answer.statusCode ?? 502, AWAY, 1);
  });
  onward.once('upgrade', (answer, far, farHead) => {
    // Silence is no fault from now on.
    onward.off('timeout', giveUp);
    far.on('error', () => far.destroy());
    far.on('close', () => stream.destroy());
    stream.on('close', () => far.destroy());
    const { rawHeaders } = answer;
    const lines = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : [],
    );
    stream.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
    if (farHead.length > 0) stream.write(farHead);
    if (head.length > 0) far.write(head);
    far.pipe(stream);
    stream.pipe(far);
  });
  stream.once('close', () => onward.destroy());
  onward.end();
}
