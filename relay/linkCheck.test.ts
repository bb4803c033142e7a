// Proves the test of the shared link before a show: a good link says nothing, and each way in which
// it can fail is named with the port or setting to change. HTTP is real; what media would find is
// given here and proved in native/webrtc/pathCheck.test.ts. A studio asks over its own connection.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../core/base/clock.ts';
import { makeCertificate, certificateSkip as skip } from '../tests/harness/certificate.ts';
import { freePort } from '../tests/harness/relay.ts';
import { createLinkCheck, type LinkCheckOptions } from './linkCheck.ts';
import {
  random,
  removeFolder,
  startTestRelay,
  TestStudio,
  temporaryFolder,
} from './testing/harness.ts';

const folder = temporaryFolder();
after(() => removeFolder(folder));

const options: LinkCheckOptions = {
  publicUrl: 'http://127.0.0.1:1',
  port: 47_801,
  udpPort: 50_000,
  hasTurn: false,
  fetch,
  timers: realTimers,
  random,
  checkMedia: async () => ({ isOpen: true, addresses: ['192.168.1.5'] }),
};

/** A page server that gives what the check itself would answer. */
async function checked(changes: Partial<LinkCheckOptions>, says?: string) {
  const server = createServer((request, response) => {
    response.end(says ?? check.answer(request.url ?? '') ?? 'no');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const check = createLinkCheck({ ...options, publicUrl, ...changes });
  const result = await check.run();
  server.close();
  server.closeAllConnections();
  return result;
}

test('a good link says nothing', async () => {
  assert.deepEqual(await checked({}), { isReachable: true, sentence: '' });
});

test('the page: who does not answer, and who else does', async () => {
  const said = async (changes: Partial<LinkCheckOptions>, says?: string) => {
    const { isReachable, sentence } = await checked(changes, says);
    assert.equal(isReachable, false);
    return sentence;
  };
  assert.match(await said({}, 'hello'), /Something else answers .* forward TCP port \d+ .* 47801/);
  const port = await freePort();
  const closed = await said({ publicUrl: `http://127.0.0.1:${port}` });
  assert.match(closed, new RegExp(`Nobody answers .*open TCP port ${port} .*port 47801`));
  const unknown = await said({ publicUrl: 'https://nobody.invalid' });
  assert.match(unknown, /The name nobody\.invalid is not known/);
  const foreign = createLinkCheck(options).answer('/reach/00');
  assert.equal(foreign, null);
});

test('the media: closed, told to nobody outside, or helped by TURN', async () => {
  const said = async (changes: Partial<LinkCheckOptions>) => (await checked(changes)).sentence;
  const isShut = async () => ({ isOpen: false, addresses: ['203.0.113.7'] });
  assert.match(await said({ checkMedia: isShut }), /203\.0\.113\.7: open UDP port 50000;/);
  assert.match(await said({ checkMedia: isShut, udpPort: null }), /1024 to 65535.*--udp-port/);
  // The page is away too here: what is said of the media needs a public address, and no more.
  const answering = (async () => new Response('no')) as typeof fetch;
  const hidden = createLinkCheck({ ...options, publicUrl: 'https://9.9.9.9', fetch: answering });
  assert.match((await hidden.run()).sentence, /Something else answers at 9\.9\.9\.9/);
  const proved = (async (url: URL) =>
    new Response(outside.answer(url.pathname))) as unknown as typeof fetch;
  const at = { ...options, publicUrl: 'https://9.9.9.9', fetch: proved };
  let outside = createLinkCheck(at);
  assert.match((await outside.run()).sentence, /192\.168\.1\.5 .*--announce 9\.9\.9\.9/);
  outside = createLinkCheck({ ...at, hasTurn: true });
  assert.equal((await outside.run()).sentence, '');
});

test('a certificate that browsers do not trust is named', { skip }, async () => {
  const data = join(folder, 'secure');
  mkdirSync(data);
  const files = makeCertificate(data, ['IP:127.0.0.1']);
  const relay = await startTestRelay({ dataFolder: data, ...files });
  const check = createLinkCheck({ ...options, publicUrl: relay.url, port: relay.port });
  assert.match((await check.run()).sentence, /do not trust the certificate of 127\.0\.0\.1/);
  await relay.close();
});

test('a studio asks its relay', async () => {
  const relay = await startTestRelay({ dataFolder: join(folder, 'asked') });
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const ask = async () => {
    studio.send({
      case: 'checkLink',
      value: { $typeName: 'morphine.facts.v1.LinkCheckRequest' },
    });
    return studio.take('linkChecked');
  };
  const { reachable, sentence } = await ask();
  assert.deepEqual({ reachable, sentence }, { reachable: true, sentence: '' });
  assert.equal((await fetch(`${relay.url}/reach/x`)).status, 404);
  await relay.close();
  const gone = await freePort();
  const hidden = await startTestRelay({
    dataFolder: join(folder, 'hidden'),
    publicUrl: `http://127.0.0.1:${gone}`,
  });
  const other = new TestStudio(hidden.url.replace(`${gone}`, `${hidden.port}`));
  await other.ready();
  other.send({ case: 'checkLink', value: { $typeName: 'morphine.facts.v1.LinkCheckRequest' } });
  assert.match((await other.take('linkChecked')).sentence, new RegExp(`open TCP port ${gone}`));
  await hidden.close();
});
