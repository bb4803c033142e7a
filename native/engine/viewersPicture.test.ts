// Proves how the studio's page gets the viewers' picture: nothing while the show is not live or is
// sealed, the relay's own answer with its servers while it is, and every session ended again.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import type { Caller } from '../../core/contract/rpcCalls.ts';
import { createViewersPicture } from './viewersPicture.ts';

const asked: string[] = [];
let status = 201;
const relay = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  request.resume().on('end', () => {
    const link = '<stun:stun.example:3478>; rel="ice-server"';
    const headers = { location: `/whep/channel/s${asked.length}`, link };
    response.writeHead(request.method === 'DELETE' ? 200 : status, headers).end('answer');
  });
});
await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
after(() => relay.close());
const url = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;

test('viewers see nothing, something sealed, or what the relay sends', async () => {
  const view = { channelId: 'channel', isEncrypted: false };
  let isLive = false;
  const room = createViewersPicture({
    around: { fetch, random: (length) => randomBytes(length) },
    relay: { show: () => ({ url, isPaired: false, mayPair: true }) },
    show: { view: () => view as never, isLive: () => isLive },
  });
  const caller = {} as Caller;
  const watch = async () => room.watch({ offerSdp: 'offer' }, caller);
  await assert.rejects(watch(), { code: 'wrongState' });
  isLive = true;
  view.isEncrypted = true;
  await assert.rejects(watch(), { code: 'refused' });
  assert.deepEqual(asked, [], 'the relay was not asked');
  view.isEncrypted = false;
  status = 409;
  await assert.rejects(watch(), { code: 'wrongState' });
  status = 500;
  await assert.rejects(watch(), { code: 'unavailable', message: /HTTP 500/ });
  status = 201;
  const { sessionId, answerSdp, iceServers } = await watch();
  assert.equal(answerSdp, 'answer');
  assert.deepEqual(iceServers, [{ urls: 'stun:stun.example:3478' }]);
  await room.leave({ sessionId }, caller);
  await room.leave({ sessionId }, caller);
  assert.deepEqual(asked.slice(-2), ['POST /whep/channel', 'DELETE /whep/channel/s3']);
});
