// Proves who gets into the studio in a browser and who does not: one-time links, cookies, Host and
// Origin checks, paths that try to leave their folder. Real HTTP on loopback; time is a parameter.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import { createAccess } from './access.ts';
import { isOurHost, isOurOrigin } from './requestChecks.ts';
import { findFile } from './staticFiles.ts';
import { createStudioServer } from './studioServer.ts';

const folder = await mkdtemp(join(tmpdir(), 'morphine-serve-'));
await mkdir(join(folder, 'studio', 'assets'), { recursive: true });
await mkdir(join(folder, 'capture'));
await mkdir(join(folder, 'dock'));
await writeFile(join(folder, 'dock', 'index.html'), '<p>dock</p>');
await writeFile(join(folder, 'studio', 'index.html'), '<p>studio</p>');
await writeFile(join(folder, 'studio', 'assets', 'a-1.js'), 'one');
await writeFile(join(folder, 'capture', 'index.html'), '<p>capture</p>');
await writeFile(join(folder, 'secret.txt'), 'secret');
await symlink(join(folder, 'secret.txt'), join(folder, 'studio', 'link.txt'));

const hearers = new Set<(text: string) => void>();
let onHearer = () => {};
let nowMs = 0;
let randomByte = 0;
const random = (length: number) => new Uint8Array(length).fill(++randomByte);
const options = {
  host: '127.0.0.1',
  port: 0,
  nextPortsMax: 0,
  hostNames: ['studio.example'],
  folders: {
    studio: join(folder, 'studio'),
    capture: join(folder, 'capture'),
    dock: join(folder, 'dock'),
  },
  cookieSecret: new Uint8Array(32).fill(7),
  openSecret: 'open-secret',
  onRpc: () => {},
  onCapture: () => {},
  plain: {
    '/healthz': () => ({ status: 200, contentType: 'text/plain', body: 'ok' }),
    '/readyz': () => ({ status: 503, contentType: 'text/plain', body: 'starting' }),
    '/metrics': () => ({ status: 200, contentType: 'text/plain', body: 'm 1' }),
  },
  streams: {
    '/facts': (hear: (text: string) => void) => {
      hearers.add(hear);
      onHearer();
      return () => {
        hearers.delete(hear);
        onHearer();
      };
    },
  },
  random,
  timers: realTimers,
  monotonicMs: () => nowMs,
  logger: silentLogger,
};
const server = await createStudioServer(options);
after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

type Reply = { status: number; headers: IncomingHttpHeaders; body: string };

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: server.port, path, headers, method });
    asked.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
    });
    asked.on('error', reject);
    asked.end();
  });
}

const pathOf = (link: string) => link.slice(server.url.length);
const cookieOf = (reply: Reply) => reply.headers['set-cookie']?.[0]?.split(';')[0] ?? '';

test('a link works once, becomes a strict cookie and leads to a clean URL', async () => {
  const link = pathOf(server.issueLink());
  const first = await ask(link);
  assert.equal(first.status, 303);
  assert.equal(first.headers.location, '/');
  const setCookie = first.headers['set-cookie']?.[0] ?? '';
  assert.match(setCookie, new RegExp(`^morphine-studio-${server.port}=`));
  assert.match(setCookie, /; HttpOnly; SameSite=Strict$/);
  assert.equal((await ask('/', { cookie: cookieOf(first) })).body, '<p>studio</p>');
  assert.equal((await ask(link)).status, 403);
});

test('the dock inside OBS is let in as the studio is, and by its own link', async () => {
  assert.equal((await ask('/dock/')).status, 403);
  const first = await ask(pathOf(server.issueLink('/dock/')));
  assert.deepEqual([first.status, first.headers.location], [303, '/dock/']);
  const headers = { cookie: cookieOf(first) };
  assert.equal((await ask('/dock/', headers)).body, '<p>dock</p>');
  assert.equal((await ask('/dock', headers)).headers.location, '/dock/');
  assert.equal((await ask('/dock/../secret.txt', headers)).status, 404);
  assert.equal((await ask('/docks', headers)).status, 404);
});

test('a link is stale after 60 s; a browser with the cookie gets in with it', async () => {
  const inside = cookieOf(await ask(pathOf(server.issueLink())));
  const link = pathOf(server.issueLink());
  nowMs += 60_001;
  const refused = await ask(link);
  assert.equal(refused.status, 403);
  assert.match(refused.body, /npm run open/);
  const known = await ask(link, { cookie: inside });
  assert.deepEqual([known.status, known.headers.location], [303, '/']);
});

test('facts are streamed as they come, also past a slow reader, until the reader goes', async () => {
  const listening = new Promise<void>((done) => {
    onHearer = done;
  });
  const asked = request({ host: '127.0.0.1', port: server.port, path: '/facts' });
  const response = new Promise<IncomingMessage>((done) => asked.on('response', done));
  asked.end();
  const [reader] = await Promise.all([response, listening]);
  assert.match(reader.headers['content-type'] ?? '', /^text\/plain/);
  for (const hear of hearers) hear('@1 frame\n');
  const [first] = (await once(reader, 'data')) as [Buffer];
  assert.equal(first.toString(), '@1 frame\n');
  // Nobody reads while far more is told than may wait.
  reader.pause();
  const line = `@2 frame model="${'x'.repeat(10_000)}"\n`;
  for (let count = 0; count < 2_000; count++) for (const hear of hearers) hear(line);
  let text = '';
  reader.setEncoding('utf8');
  const told = new Promise<void>((done) => {
    reader.on('data', (part: string) => {
      text += part;
      if (text.endsWith('@3 frame\n')) done();
      else if (hearers.size > 0 && text.length > 1_000_000)
        for (const hear of hearers) hear('@3 frame\n');
    });
  });
  reader.resume();
  await told;
  assert.match(text, /# \d+ left out: they were read too slowly\n/);
  assert.ok(text.length < 2_000 * line.length);
  const gone = new Promise<void>((done) => {
    onHearer = done;
  });
  reader.destroy();
  await gone;
  assert.equal(hearers.size, 0);
});

test('a restarted server knows its browsers; another secret does not', async () => {
  const inside = cookieOf(await ask(pathOf(server.issueLink())));
  const base = { port: server.port, random, monotonicMs: () => nowMs };
  const same = createAccess({ ...base, secret: options.cookieSecret });
  const other = createAccess({ ...base, secret: new Uint8Array(32).fill(8) });
  assert.equal(same.isKnown(inside), true);
  assert.equal(other.isKnown(inside), false);
  assert.equal(same.isKnown(`x=1; ${inside}; y=2`), true);
});

test('no made-up cookie is known', () => {
  const access = createAccess({
    port: 1,
    secret: new Uint8Array(32),
    random,
    monotonicMs: () => nowMs,
  });
  const cookie = access.redeem(access.issueCode())?.split(';')[0] ?? '';
  assert.equal(access.isKnown(cookie), true);
  const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
  console.log(`cookies: SEED=${seed}`);
  fc.assert(
    fc.property(fc.nat(cookie.length - 1), fc.constantFrom(...'0123456789abcdef.=-'), (at, by) => {
      const changed = cookie.slice(0, at) + by + cookie.slice(at + 1);
      assert.equal(access.isKnown(changed), changed === cookie);
    }),
    { seed, numRuns: 500 },
  );
});

test('without cookie there is nothing but health on loopback', async () => {
  for (const path of ['/', '/assets/a-1.js', '/capture/', '/index.html']) {
    assert.equal((await ask(path)).status, 403, path);
  }
  assert.deepEqual([(await ask('/healthz')).status, (await ask('/readyz')).status], [200, 503]);
  assert.equal((await ask('/metrics')).body, 'm 1');
});

test('a link clicked on another site asks for itself again, then uses its code', async () => {
  const link = pathOf(server.issueLink());
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  const bounced = await ask(link, headers);
  assert.equal(bounced.status, 200);
  assert.ok(bounced.body.includes(`url=${link}"`));
  assert.equal((await ask(link, { 'sec-fetch-site': 'same-origin' })).status, 303);
  const strange = await ask('//evil.example/"><script>', headers);
  assert.ok(!strange.body.includes('<script>') && !strange.body.includes('url=//'));
});

test('a foreign Host is refused before anything else', async () => {
  const cookie = cookieOf(await ask(pathOf(server.issueLink())));
  assert.equal((await ask('/', { cookie, host: 'evil.example' })).status, 421);
  assert.equal((await ask('/', { cookie, host: `studio.example:${server.port}` })).status, 200);
  assert.equal((await ask('/healthz', { host: 'evil.example' })).status, 421);
  assert.equal(isOurHost('[::1]:80', []), true);
  for (const host of ['', 'a b', 'user@127.0.0.1', '127.0.0.1/x', 'localhost.evil.example']) {
    assert.equal(isOurHost(host, []), false, host);
  }
});

test('upgrades and posts need our own Origin, and upgrades the cookie too', async () => {
  const cookie = cookieOf(await ask(pathOf(server.issueLink())));
  const origin = server.url;
  const upgrade = (headers: Record<string, string>, path = '/rpc') =>
    ask(path, {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    });
  assert.equal((await upgrade({ cookie, origin })).status, 101);
  assert.equal((await upgrade({ cookie, origin }, '/capture')).status, 101);
  assert.equal((await upgrade({ cookie, origin }, '/other')).status, 404);
  assert.equal((await upgrade({ origin })).status, 401);
  assert.equal((await upgrade({ cookie })).status, 403);
  assert.equal((await upgrade({ cookie, origin: 'http://evil.example' })).status, 403);
  assert.equal((await upgrade({ cookie, origin: 'http://127.0.0.1:1' })).status, 403);
  assert.equal((await upgrade({ cookie, origin, host: 'evil.example' })).status, 421);
  assert.equal((await ask('/', { cookie }, 'POST')).status, 403);
  assert.equal((await ask('/', { cookie, origin }, 'POST')).status, 405);
  assert.equal(isOurOrigin('null', '127.0.0.1:1'), false);
});

test('a program with the secret gets a fresh link; a page or a guess does not', async () => {
  const authorization = 'Bearer open-secret';
  const given = await ask('/link', { authorization }, 'POST');
  assert.equal(given.status, 200);
  assert.equal((await ask(pathOf(given.body.trim()))).status, 303);
  assert.equal((await ask('/link', { authorization: 'Bearer open-secreT' }, 'POST')).status, 403);
  assert.equal((await ask('/link', {}, 'POST')).status, 403);
  const page = { authorization, origin: server.url };
  assert.equal((await ask('/link', page, 'POST')).status, 403);
});

test('no path leaves its folder', async () => {
  const root = options.folders.studio;
  assert.notEqual(await findFile(root, '/assets/a-1.js'), null);
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/..\\secret.txt',
    '/link.txt',
    '/index.html%00.js',
    '/%',
    '/assets',
  ]) {
    assert.equal(await findFile(root, path), null, path);
  }
});

test('pages forbid inline scripts and frames; hashed assets are kept', async () => {
  const cookie = cookieOf(await ask(pathOf(server.issueLink())));
  const page = await ask('/', { cookie });
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /script-src 'self';/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.ok(!policy.includes('unsafe'));
  assert.equal(page.headers['cache-control'], 'no-cache');
  const asset = await ask('/assets/a-1.js', { cookie });
  assert.match(String(asset.headers['cache-control']), /immutable/);
  assert.equal((await ask('/capture', { cookie })).headers.location, '/capture/');
  assert.equal((await ask('/capture/', { cookie })).body, '<p>capture</p>');
});

test('a named port that is taken is an error; else the next one is found', async () => {
  const named = createStudioServer({ ...options, port: server.port });
  await assert.rejects(named, (error: NodeJS.ErrnoException) => error.code === 'EADDRINUSE');
  const next = await createStudioServer({ ...options, port: server.port, nextPortsMax: 20 });
  assert.ok(next.port > server.port);
  await next.close();
});
