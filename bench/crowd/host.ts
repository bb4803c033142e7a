// The relay's media room behind HTTP and nothing else, in a process of its own, so that what the
// process uses is what serving viewers costs. Started by ../relayLoad.ts, pinned to one core.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { createMediaRoom } from '../../relay/media/mediaRoom.ts';
import type { ToHost } from './messages.ts';

const [bindAddress = '127.0.0.1'] = process.argv.slice(2);

const room = createMediaRoom({
  clock: { nowUs: () => Number(process.hrtime.bigint() / 1000n) },
  timers: realTimers,
  random: (length) => randomBytes(length),
  logger: silentLogger,
  peer: { iceServers: [], bindAddress },
  isKnownChannel: () => true,
  isPublisherAllowed: () => true,
  onMediaState: () => {},
  onViewerCount: () => {},
  viewersMax: 10_000,
  postsPerMinuteMax: 1_000_000,
});

const server = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const answered = await room.handle({
    method: request.method ?? 'GET',
    path,
    query,
    headers: request.headers,
    body: Buffer.concat(parts),
    remoteAddress: '127.0.0.1',
  });
  if (answered) response.writeHead(answered.status, answered.headers).end(answered.body);
  else response.writeHead(404).end();
});
// Viewers join seconds apart; a connection that is closed between two would fail a join.
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  process.send?.({ ready: `http://127.0.0.1:${port}` });
});

process.on('message', (message: ToHost) => {
  const stats = room.stats().get('match');
  if (message.ask === 'stats') {
    process.send?.({
      answer: {
        state: stats?.state ?? 'ended',
        viewers: room.viewerCount(),
        fanOut: stats?.fanOut ?? null,
        rssBytes: process.memoryUsage.rss(),
      },
    });
  }
});
process.on('disconnect', () => process.exit(0));
