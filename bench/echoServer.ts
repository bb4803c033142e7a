// The other end of the echo floor: a process of its own that sends every message back, with the
// same socket options as the relay and nothing else.

import { createServer } from 'node:http';
import { realTimers } from '../core/base/clock.ts';
import { createUpgradeServer } from '../relay/webSocket.ts';

const upgrades = createUpgradeServer(realTimers, 4096);
const server = createServer((_request, response) => response.end());
server.on('upgrade', (request, stream, head) => {
  upgrades.accept(request, stream, head, (socket) => socket.onMessage((it) => socket.send(it)));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : 0);
});
process.on('disconnect', () => process.exit(0));
