// Proves whose address a request counts for, that limits are one address's own and heal with time,
// and that connections beyond the bound are ended while others come in. Time is manual, sockets real.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { test } from 'node:test';
import { ManualTime } from '../core/base/clock.ts';
import { AddressLimits, addressOfClient } from './limits.ts';

const requestOf = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

test('a client is its peer, or whom a proxy on this machine names last', () => {
  const cases: [string, string | undefined, string][] = [
    ['203.0.113.1', undefined, '203.0.113.1'],
    ['203.0.113.1', '198.51.100.1', '203.0.113.1'],
    ['127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['::1', '9.9.9.9, 198.51.100.1', '198.51.100.1'],
    ['127.0.0.1', 'no address', '127.0.0.1'],
    ['127.0.0.1', undefined, '127.0.0.1'],
  ];
  for (const [peer, forwarded, client] of cases) {
    assert.equal(addressOfClient(requestOf(peer, forwarded)), client);
  }
});

test('an address is limited alone, heals, and shares its /64; this machine is not limited', () => {
  const time = new ManualTime();
  const limits = new AddressLimits(time, false);
  const takeAll = (address: string) => {
    let count = 0;
    while (limits.waitSeconds(requestOf(address), 'receipt') === 0 && count < 1_000) count++;
    return count;
  };
  assert.equal(takeAll('203.0.113.1'), 40);
  assert.equal(takeAll('203.0.113.2'), 40);
  assert.equal(takeAll('2001:db8::1'), 40);
  assert.equal(takeAll('2001:db8:0:0:9::7'), 0, 'the same /64');
  assert.equal(takeAll('2001:db8:0:1::1'), 40, 'another /64');
  assert.equal(takeAll('127.0.0.1'), 1_000);
  time.advance(1_000);
  assert.equal(takeAll('203.0.113.1'), 5);
  assert.ok(limits.counters.requestsLimited >= 5);
});

test('many addresses do not grow it: the longest unseen is forgotten', () => {
  const limits = new AddressLimits(new ManualTime(), false);
  const ask = (address: string) => limits.waitSeconds(requestOf(address), 'receipt');
  for (let i = 0; i < 41; i++) ask('203.0.113.1');
  assert.ok(ask('203.0.113.1') > 0);
  for (let i = 0; i < 10_000; i++) ask(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  assert.equal(ask('203.0.113.1'), 0);
});

test('the 1,025th connection of an address is ended, and one that closed makes room', async () => {
  const limits = new AddressLimits(new ManualTime(), true);
  const server = createServer();
  limits.watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address && typeof address === 'object' ? address.port : 0;
  const connect = async () => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  const open: Socket[] = [];
  for (let i = 0; i < 1_024; i++) open.push(await connect());
  const beyond = await connect();
  await once(beyond, 'close');
  assert.equal(limits.counters.connectionsRefused, 1);
  open.pop()?.destroy();
  for (let isIn = false; !isIn; ) {
    const socket = await connect();
    const answered = once(socket, 'data').then(() => true);
    const closed = once(socket, 'close').then(() => false);
    socket.write('nonsense\r\n\r\n');
    isIn = await Promise.race([answered, closed]);
    socket.destroy();
  }
  for (const socket of open) socket.destroy();
  server.closeAllConnections();
  server.close();
});
