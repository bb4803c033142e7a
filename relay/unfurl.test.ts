// Proves over real HTTP that a channel's link carries title, state and picture before any script
// runs, that what a streamer writes cannot break out of its place, that the picture is the studio's
// newest JPEG and nothing else, and that the manifest opens this very channel.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { PosterSchema, Show_State, ShowSchema } from '../core/wire/gen/facts_pb.js';
import { PosterKeeper } from './poster.ts';
import type { Relay } from './relay.ts';
import {
  removeFolder,
  startTestRelay,
  TestStudio,
  TestViewer,
  temporaryFolder,
} from './testing/harness.ts';

const folder = temporaryFolder();
const viewerPageFolder = join(folder, 'page');
let relay: Relay;
let studio: TestStudio;

const PAGE = '<!doctype html><html><head><title>Morphine Studio</title></head><body></body></html>';

function jpegOf(mark: number): Uint8Array {
  const bytes = new Uint8Array(400).fill(mark);
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  bytes.set([0xff, 0xd9], 398);
  return bytes;
}

before(async () => {
  mkdirSync(viewerPageFolder, { recursive: true });
  writeFileSync(join(viewerPageFolder, 'index.html'), PAGE);
  relay = await startTestRelay({
    dataFolder: join(folder, 'relay'),
    viewerPageFolder,
    publicUrl: 'https://relay.example',
  });
  studio = new TestStudio(relay.localUrl);
  await studio.ready();
});

after(async () => {
  studio?.close();
  await relay?.close();
  removeFolder(folder);
});

const ask = (path: string, method = 'GET') => fetch(`${relay.localUrl}${path}`, { method });

/** Contents of the page's meta tags by name or property. */
async function tagsOf(path: string): Promise<Record<string, string>> {
  const html = await (await ask(path)).text();
  const tags: Record<string, string> = {};
  for (const [, name = '', content = ''] of html.matchAll(
    /<meta (?:name|property)="([^"]*)" content="([^"]*)" \/>/g,
  )) {
    tags[name] = content;
  }
  return tags;
}

/** Tells the show and waits until the relay has it. */
async function tell(title: string, state: Show_State): Promise<void> {
  const viewer = await new TestViewer(relay.localUrl, studio.channelId).join();
  studio.deliver([], { case: 'show', value: create(ShowSchema, { state, title }) });
  await viewer.take('show', (show) => show.title === title && show.state === state);
  viewer.close();
  await viewer.closed;
}

test('title and state stand in the page; a cover where there is no picture', async () => {
  const path = `/s/${studio.channelId}`;
  await tell('Friday five-a-side', Show_State.READY);
  const ready = await tagsOf(path);
  assert.equal(ready['og:title'], 'Friday five-a-side');
  assert.match(ready['og:description'] ?? '', /Not on air yet/);
  assert.equal(ready['og:image'], 'https://relay.example/cover.png');
  assert.equal(ready['og:url'], `https://relay.example/s/${studio.channelId}`);
  assert.equal(ready['twitter:card'], 'summary_large_image');
  await tell('Friday five-a-side', Show_State.LIVE);
  assert.match((await tagsOf(path))['og:description'] ?? '', /^Live now/);
  await tell('Friday five-a-side', Show_State.ENDED);
  assert.match((await tagsOf(path))['og:description'] ?? '', /^Off air/);
  const head = await ask(path, 'HEAD');
  assert.equal(await head.text(), '');
  assert.equal(head.headers.get('cache-control'), 'no-cache');
});

test('what a streamer writes stays text', async () => {
  const title = `"><script>alert(1)</script><img src=x onerror='a'> & $& $1`;
  await tell(title, Show_State.LIVE);
  const html = await (await ask(`/s/${studio.channelId}`)).text();
  assert.doesNotMatch(html, /<script|<img|onerror='/);
  const title1 = /<title>([^<]*)<\/title>/.exec(html)?.[1];
  assert.equal(
    title1,
    '&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;a&#39;&gt; &amp; $&amp; $1',
  );
});

test('the picture is the studio’s, under a new address each time', async () => {
  assert.equal((await ask(`/poster/${studio.channelId}.jpg`)).status, 404);
  const jpeg = jpegOf(7);
  const poster = create(PosterSchema, { jpeg, width: 640, height: 360 });
  studio.send({ case: 'poster', value: poster });
  await tell('With a picture', Show_State.LIVE);
  const tags = await tagsOf(`/s/${studio.channelId}`);
  assert.equal(tags['og:image'], `https://relay.example/poster/${studio.channelId}.jpg?v=1`);
  assert.equal(tags['og:image:width'], '640');
  const response = await ask(`/poster/${studio.channelId}.jpg?v=1`);
  assert.equal(response.headers.get('content-type'), 'image/jpeg');
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), jpeg);
});

test('only small JPEGs are taken, and not one after the other', () => {
  const keeper = new PosterKeeper();
  const size = { width: 640, height: 360 };
  keeper.take({ jpeg: new TextEncoder().encode('<svg>'.padEnd(200)), ...size }, 0);
  const large = new Uint8Array(300_000);
  large.set([0xff, 0xd8, 0xff]);
  large.set([0xff, 0xd9], large.length - 2);
  keeper.take({ jpeg: large, ...size }, 0);
  keeper.take({ jpeg: jpegOf(1), width: 1, height: 9 }, 0);
  assert.equal(keeper.refused, 3);
  keeper.take({ jpeg: jpegOf(1), ...size }, 0);
  keeper.take({ jpeg: jpegOf(2), ...size }, 1_000_000);
  const version = () => keeper.kept?.version;
  assert.deepEqual([version(), keeper.refused], [1, 4]);
  keeper.take({ jpeg: jpegOf(3), ...size }, 3_000_000);
  assert.equal(version(), 2);
});

test('the manifest opens this channel; a channel nobody knows still has a page', async () => {
  const response = await ask(`/manifest/${studio.channelId}.webmanifest`);
  assert.equal(response.headers.get('content-type'), 'application/manifest+json');
  const manifest = (await response.json()) as { start_url: string; name: string; display: string };
  assert.equal(manifest.start_url, `/s/${studio.channelId}`);
  assert.equal(manifest.display, 'standalone');
  const unknown = await tagsOf(`/s/${'0'.repeat(32)}`);
  assert.equal(unknown['og:title'], 'Morphine Studio');
  assert.equal((await ask(`/poster/${'0'.repeat(32)}.jpg`)).status, 404);
  assert.equal((await ask(`/manifest/${studio.channelId}.jpg`)).status, 404);
  assert.equal((await ask(`/s/${studio.channelId}.jpg`)).status, 404);
});
