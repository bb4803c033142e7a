// Proves with other people's clients from npm, unchanged and in a real Chromium, that the relay
// speaks WHIP and WHEP as others do: `@eyevinn/whip-web-client` and `whip-whep` publish a fake
// camera, `@eyevinn/webrtc-player` and `whip-whep` play it. The page comes from another origin
// than the relay, so every request is cross-origin. Frames must be decoded and go on coming.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { realTimers } from '../core/base/clock.ts';
import { silentLogger } from '../core/base/logger.ts';
import { createWhipIngest } from '../native/capture/whip/whipIngest.ts';
import { answerMedia } from '../native/serve/mediaAnswers.ts';
import { testClock, until } from '../native/webrtc/testVideo.ts';
import type { ReadUnit } from '../native/webrtc/unitReader.ts';
import { createMediaRoom } from '../relay/media/mediaRoom.ts';
import type { Relay } from '../relay/relay.ts';
import { startTestRelay, TestStudio } from '../relay/testing/harness.ts';
import { browserSkip, launchBrowser } from './harness/browser.ts';
import type { OtherClients, Seen } from './otherClients/page.ts';

const skip = browserSkip;
const folder = mkdtempSync(join(tmpdir(), 'morphine-clients-'));
let relay: Relay;
let studio: TestStudio;
let server: Server;
let browser: Browser;
let origin = '';
let target = { whipUrl: '', whipToken: '', whepUrl: '' };

before(async () => {
  if (skip) return;
  relay = await startTestRelay({ dataFolder: folder, createMedia: createMediaRoom });
  studio = new TestStudio(relay.url);
  target = await studio.ready();
  const script = await bundle();
  server = createServer((request, response) => {
    const isScript = request.url === '/clients.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script src="/clients.js"></script>');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  server?.close();
  studio?.close();
  await relay?.close();
  rmSync(folder, { recursive: true, force: true });
  setImmediate(() => process.exit());
});

async function bundle(): Promise<string> {
  await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'error',
    build: {
      outDir: join(folder, 'page'),
      lib: {
        entry: join(import.meta.dirname, 'otherClients/page.ts'),
        name: 'page',
        formats: ['iife'],
        fileName: () => 'clients.js',
      },
    },
  });
  return readFileSync(join(folder, 'page/clients.js'), 'utf8');
}

async function openPage(): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(origin);
  return page;
}

type Asked = Exclude<keyof OtherClients, 'errors' | 'seen'>;

function ask(page: Page, name: Asked, ...args: string[]): Promise<string | undefined> {
  return page.evaluate(
    async ([verb, given]) => {
      const { clients } = window as unknown as { clients: OtherClients };
      const run = clients[verb] as (...words: string[]) => Promise<string | undefined>;
      return run(...given);
    },
    [name, args] as const,
  );
}

const seenBy = (page: Page): Promise<Seen> =>
  page.evaluate(() => (window as unknown as { clients: OtherClients }).clients.seen());

async function untilSeen(page: Page, what: string, fact: (seen: Seen) => boolean): Promise<Seen> {
  let seen = await seenBy(page);
  for (let i = 0; i < 300 && !fact(seen); i++) {
    await page.waitForTimeout(100);
    seen = await seenBy(page);
  }
  assert.ok(fact(seen), `Never seen: ${what}; last ${JSON.stringify(seen)}`);
  return seen;
}

/** Plays until frames have come, then until more have. */
async function plays(page: Page): Promise<void> {
  const first = await untilSeen(page, 'frames', ({ frames }) => frames > 10);
  assert.ok(first.width >= 320);
  assert.equal(first.state, 'connected');
  const more = await untilSeen(page, 'more', (seen) => seen.frames > first.frames + 60);
  assert.ok(more.audioPackets > first.audioPackets, 'sound goes on, too');
}

const head = async (url: string) => (await fetch(url, { method: 'GET' })).status;
const withToken = () => ({ headers: { authorization: `Bearer ${target.whipToken}` } });

test('Eyevinn’s client publishes; Eyevinn’s player and whip-whep play', { skip }, async () => {
  const publisher = await openPage();
  const session = await ask(publisher, 'publish', target.whipUrl, target.whipToken);
  assert.match(session ?? '', new RegExp(`^${relay.url}/whip/[0-9a-f]{32}/[0-9a-f]{32}$`));

  const eyevinn = await openPage();
  await untilLive();
  await ask(eyevinn, 'playByEyevinn', target.whepUrl);
  await plays(eyevinn);

  const whipWhep = await openPage();
  await ask(whipWhep, 'playByWhipWhep', target.whepUrl);
  await plays(whipWhep);

  await ask(whipWhep, 'stopWhipWhep');
  await ask(eyevinn, 'stopEyevinn');
  await ask(publisher, 'unpublish');
  const ended = await fetch(session ?? '', withToken());
  assert.equal(ended.status, 404, 'the client’s DELETE ended the session');
  for (const page of [publisher, eyevinn, whipWhep]) {
    const errors = await page.evaluate(
      () => (window as unknown as { clients: OtherClients }).clients.errors,
    );
    assert.deepEqual(errors, []);
    await page.close();
  }
});

test('whip-whep publishes; whip-whep plays', { skip }, async () => {
  const publisher = await openPage();
  await ask(publisher, 'publishByWhipWhep', target.whipUrl, target.whipToken);
  await untilLive();
  const viewer = await openPage();
  await ask(viewer, 'playByWhipWhep', target.whepUrl);
  await plays(viewer);
  await ask(publisher, 'unpublishByWhipWhep');
  await publisher.close();
  await viewer.close();
});

/** A player's POST before the first packet is told 409, as it should be. */
async function untilLive(): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const response = await fetch(target.whepUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: 'v=0',
    });
    if (response.status !== 409) {
      assert.equal(response.status, 400);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal(await head(target.whepUrl), 204);
  throw new Error('The channel never went live');
}

test('Eyevinn’s client publishes into the studio’s own endpoint', { skip }, async () => {
  const token = 'c0de'.repeat(16);
  const seen: ReadUnit[] = [];
  const whip = createWhipIngest({
    ...{ clock: testClock, timers: realTimers, logger: silentLogger, token },
    random: (length) => randomBytes(length),
    peer: { iceServers: [], bindAddress: '127.0.0.1' },
  });
  const door = createServer((request, response) => {
    void answerMedia(request, response, (asked) => whip.handle(asked));
  });
  await new Promise<void>((done) => door.listen(0, '127.0.0.1', done));
  const address = door.address();
  const port = typeof address === 'object' ? address?.port : 0;
  whip.setReceiver({ onUnit: (unit) => seen.push(unit), onPublisher() {}, onDropped() {} });
  const page = await openPage();
  const url = `http://127.0.0.1:${port}/whip`;
  const session = await ask(page, 'publish', url, token);
  assert.match(session ?? '', new RegExp(`^${url}/[0-9a-f]{32}$`));
  const count = (track: string) => seen.filter((unit) => unit.track === track).length;
  await until('pictures and sounds', () => count('video') > 30 && count('audio') > 30, 30_000);
  assert.ok(seen.find(({ track }) => track === 'video')?.isKeyFrame, 'it begins with a key frame');
  assert.equal(whip.publisher()?.title, 'Chrome');
  const times = seen.filter(({ track }) => track === 'video').map((unit) => unit.rtpTimestamp);
  assert.equal(new Set(times).size, times.length, 'each picture once');
  whip.close();
  door.closeAllConnections();
  door.close();
});
