// Proves the relay's HTTP side on a real server: the viewer page and nothing outside its folder,
// headers, caching, figures for this machine only, bounded bodies, TLS, and the choice of a port.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { certificateSkip, makeCertificate } from '../tests/harness/certificate.ts';
import { BadRelaySetting } from './badRelaySetting.ts';
import type { Relay } from './relay.ts';
import {
  type RecordingMedia,
  randomHex,
  removeFolder,
  startTestRelay,
  temporaryFolder,
} from './testing/harness.ts';
import { pageFileOf } from './viewerPage.ts';

const folder = temporaryFolder();
const page = join(folder, 'viewer');
const channel = randomHex(16);
const LONG = 'run();\n'.repeat(1000);
let relay: Relay & { media: RecordingMedia };

before(async () => {
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<title>Show</title>');
  writeFileSync(join(page, 'assets', 'main-A1b2C3d4.js'), 'run()');
  writeFileSync(join(page, 'assets', 'long-A1b2C3d4.js'), LONG);
  writeFileSync(join(page, 'plain.svg'), '<svg/>');
  writeFileSync(join(page, '.hidden.json'), '{}');
  writeFileSync(join(folder, 'secret.json'), '{"secret":1}');
  if (process.platform !== 'win32') symlinkSync(folder, join(page, 'out'));
  relay = await startTestRelay({ dataFolder: join(folder, 'data'), viewerPageFolder: page });
});

after(async () => {
  await relay.close();
  removeFolder(folder);
});

type Answer = { status: number; headers: Record<string, unknown>; body: string };

/** Sends the path as it is: fetch would tidy it up first. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: relay.port, path, headers, method }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('the page, its hashed files and its plain files, each with its caching', async () => {
  const index = await ask(`/s/${channel}`);
  assert.equal(index.status, 200);
  assert.match(index.body, /^<title>Morphine Studio<\/title>/);
  assert.equal(index.headers['cache-control'], 'no-cache');
  for (const path of ['/assets/main-A1b2C3d4.js', '/s/assets/main-A1b2C3d4.js']) {
    const hashed = await ask(path);
    assert.equal(hashed.body, 'run()');
    assert.match(String(hashed.headers['cache-control']), /immutable/);
    assert.equal(hashed.headers['content-type'], 'text/javascript; charset=utf-8');
  }
  const plain = await ask('/plain.svg');
  assert.deepEqual([plain.status, plain.headers['cache-control']], [200, 'no-cache']);
  const head = await ask(`/s/${channel}`, {}, 'HEAD');
  const length = String(Buffer.byteLength(index.body));
  assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', length]);
  assert.equal((await ask('/')).status, 200);
  assert.equal((await ask('/favicon.ico')).status, 204);
  assert.equal((await ask(`/s/${channel}`, {}, 'POST')).status, 405);
});

test('scripts come compressed as the client likes them, else as they are', async () => {
  const path = '/assets/long-A1b2C3d4.js';
  const decoders = { br: brotliDecompressSync, gzip: gunzipSync };
  for (const [coding, decode] of Object.entries(decoders)) {
    // Compressed in the background: until that is done it comes as it is.
    let got = await askBytes(path, coding);
    while (got.headers['content-encoding'] === undefined) {
      assert.equal(got.body.toString(), LONG);
      got = await askBytes(path, coding);
    }
    assert.equal(got.headers['content-encoding'], coding);
    assert.equal(got.headers['content-length'], String(got.body.length));
    assert.equal(got.headers.vary, 'Accept-Encoding');
    assert.ok(got.body.length < LONG.length / 10);
    assert.equal(decode(got.body).toString(), LONG);
  }
  const plain = await ask(path);
  assert.equal(plain.body, LONG);
  assert.deepEqual(
    [plain.headers['content-encoding'], plain.headers.vary],
    [undefined, 'Accept-Encoding'],
  );
  // A new version under the same name is never answered with the old bytes.
  writeFileSync(join(page, 'assets', 'long-A1b2C3d4.js'), 'other();\n'.repeat(1000));
  const next = await askBytes(path, 'identity');
  assert.match(next.body.toString(), /^other/);
  let later = await askBytes(path, 'br');
  while (later.headers['content-encoding'] === undefined) later = await askBytes(path, 'br');
  assert.match(brotliDecompressSync(later.body).toString(), /^other/);
});

async function askBytes(path: string, coding: string) {
  return new Promise<{ headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const headers = { 'accept-encoding': coding };
    const asked = request({ port: relay.port, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        resolve({ headers: response.headers, body: Buffer.concat(parts) });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('no path leaves the folder', async () => {
  const paths = [
    '/../secret.json',
    '/s/../secret.json',
    '/s/../../secret.json',
    '/assets/../../secret.json',
    '/assets/..%2f..%2fsecret.json',
    '/%2e%2e/secret.json',
    '/..%5csecret.json',
    '/..\\secret.json',
    '/out/secret.json',
    '/s/out/secret.json',
    '/.hidden.json',
    '//secret.json',
    '/s//etc/passwd',
    '/etc/passwd',
    `/${folder}/secret.json`,
    '/assets/main-A1b2C3d4.js/..',
    '/assets',
    '/assets/%00.js',
    '/C:/secret.json',
    '/s/short',
  ];
  for (const path of paths) {
    const answer = await ask(path);
    assert.equal(answer.status, 404, path);
    assert.doesNotMatch(answer.body, /secret":/, path);
  }
  assert.equal(pageFileOf('/a\0.js'), null);
});

test('every page answer carries the security headers', async () => {
  for (const path of [`/s/${channel}`, '/', '/nothing.js']) {
    const { headers } = await ask(path);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.equal(headers['referrer-policy'], 'no-referrer');
  }
});

test('figures are for this machine, and not for what a proxy passes on', async () => {
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    assert.equal((await ask(path)).status, 200, path);
    for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP']) {
      assert.equal((await ask(path, { [name]: '203.0.113.9' })).status, 403, `${path} ${name}`);
    }
  }
  assert.match((await ask('/metrics')).body, /morphine_relay_facts_total\{of="betsForwarded"\} 0/);
  assert.match((await ask('/metrics')).body, /media_total\{of="shardPacketsDropped"\} 0/);
  assert.equal((await ask(`/witness/${channel}`)).status, 404);
  assert.equal((await ask('/witness/..')).status, 404);
});

test('media requests reach the media room with their body, and only so much of it', async () => {
  const small = await fetch(`${relay.url}/whep/${channel}`, { method: 'POST', body: 'v=0' });
  assert.equal(small.status, 409);
  assert.equal(small.headers.get('retry-after'), '1');
  assert.equal(await small.text(), `POST /whep/${channel}`);
  // 200 KB over a bare socket: the answer comes although the rest is never read.
  const status = await new Promise<string>((resolve) => {
    const socket = createConnection({ port: relay.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.on('data', (data) => {
      resolve(data.toString().split('\r\n')[0] ?? '');
      socket.destroy();
    });
    const head = `POST /whip/${channel} HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n`;
    socket.write(head + 'x'.repeat(200_000));
  });
  assert.equal(status, 'HTTP/1.1 413 Payload Too Large');
});

test('a page that is not built is said so', async () => {
  const bare = await startTestRelay({ dataFolder: join(folder, 'bare') });
  const answer = await fetch(`${bare.url}/s/${channel}`);
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /npm run build/);
  await bare.close();
});

test('a taken port: the next free one, unless it was named', async () => {
  const free = await startTestRelay({ dataFolder: join(folder, 'free'), portIsNamed: false });
  const dataFolder = join(folder, 'next');
  const next = await startTestRelay({ dataFolder, port: free.port, portIsNamed: false });
  assert.ok(next.port > free.port);
  await next.close();
  await assert.rejects(
    startTestRelay({ dataFolder, port: free.port, portIsNamed: true }),
    (error) => error instanceof BadRelaySetting && error.setting === 'port',
  );
  // A refused start lets go of its folder.
  await (await startTestRelay({ dataFolder })).close();
  await free.close();
});

test('with a certificate it speaks TLS', { skip: certificateSkip }, async () => {
  const { keyFile, certificateFile } = makeCertificate(folder, ['DNS:localhost']);
  const dataFolder = join(folder, 'secure');
  const secure = await startTestRelay({ dataFolder, keyFile, certificateFile });
  assert.match(secure.url, /^https:/);
  const status = await new Promise((resolve, reject) => {
    const options = { port: secure.port, path: '/healthz', rejectUnauthorized: false };
    secureRequest(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  assert.equal(status, 200);
  await secure.close();
  await assert.rejects(
    startTestRelay({ dataFolder, keyFile: join(page, 'plain.svg'), certificateFile }),
    BadRelaySetting,
  );
  await assert.rejects(startTestRelay({ dataFolder, certificateFile }), BadRelaySetting);
});

test('links are made of the public address', async () => {
  const dataFolder = join(folder, 'public');
  const known = await startTestRelay({ dataFolder, publicUrl: 'https://play.example/' });
  assert.equal(known.url, 'https://play.example');
  assert.equal(known.healthUrl, `http://127.0.0.1:${known.port}/healthz`);
  await known.close();
});
