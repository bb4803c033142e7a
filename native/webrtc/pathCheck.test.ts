// Proves on real connections that the check of the media's way finds an open one (also where one port
// serves everybody and other connections use it), and one that leads nowhere.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { checkMediaPath } from './pathCheck.ts';
import { openPeerCount } from './peer.ts';

// The library's threads would hold the process.
after(() => setImmediate(() => process.exit()));

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

test('an open way, twice over one port', async () => {
  const port = await freeUdpPort();
  const server = {
    iceServers: [],
    bindAddress: '127.0.0.1',
    portRange: { first: port, last: port },
    udpMux: true,
  };
  const both = await Promise.all([
    checkMediaPath(server, realTimers),
    checkMediaPath(server, realTimers),
  ]);
  for (const { isOpen, addresses } of both) {
    assert.equal(isOpen, true);
    assert.deepEqual(addresses, ['127.0.0.1']);
  }
  assert.equal(openPeerCount(), 0);
});

test('an announced address that leads nowhere', async () => {
  const server = {
    iceServers: [],
    bindAddress: '127.0.0.1',
    announceAddresses: ['127.0.0.77'],
  };
  const { isOpen, addresses } = await checkMediaPath(server, realTimers);
  assert.equal(isOpen, false);
  assert.deepEqual(addresses, ['127.0.0.77', '127.0.0.1']);
  assert.equal(openPeerCount(), 0);
});
