// Proves that what the studio lacks after it is ready is a state that its owner reads, never an
// exit: without ffmpeg the camera still goes live, a model that is not the file its manifest names is
// not loaded, and a source that ends is said and waited for.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { TEST_FFMPEG_PATH } from '../native/ffmpeg/testFfmpeg.ts';
import { browserSkip, launchBrowser, openViewer } from './harness/browser.ts';
import { enterStudio, type Owner } from './harness/owner.ts';
import {
  isAlive,
  type RunningStudio,
  root,
  type StudioStart,
  startStudio,
} from './harness/studio.ts';

const folder = mkdtempSync(join(tmpdir(), 'morphine-lacking-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const clip = join(folder, 'clip.mp4');

/** Two seconds: a clip that is cut off is noticed when it begins anew. */
function makeClip(path: string): boolean {
  const picture = 'testsrc2=size=320x240:rate=25:duration=2';
  const args = ['-v', 'error', '-y', '-f', 'lavfi', '-i', picture, '-pix_fmt', 'yuv420p', path];
  return spawnSync(TEST_FFMPEG_PATH, args).status === 0;
}

async function withStudio(
  start: StudioStart,
  run: (owner: Owner, studio: RunningStudio) => Promise<void>,
): Promise<void> {
  const studio = await startStudio(start);
  const owner = await enterStudio(studio.facts().studio ?? '');
  try {
    await run(owner, studio);
  } finally {
    owner.close();
    assert.equal(await studio.stop(), 0);
  }
}

test('without ffmpeg demo: says what it lacks, and camera: goes live', {
  skip: browserSkip,
}, async () => {
  const browser = await launchBrowser();
  const env = { MORPHINE_FFMPEG: '/nothing/here' };
  await withStudio({ env }, async (owner, studio) => {
    const source = await owner.until('the demo to say it', (state) => {
      return state.source.state === 'failed' && state.source;
    });
    assert.match(source.reason, /MORPHINE_FFMPEG does not work: \/nothing\/here is not there/);
    const { vision } = owner.state();
    assert.equal(vision.state, 'off');
    assert.match(vision.reason, /sees nothing.*MORPHINE_FFMPEG/);
    await owner.client.studio.sources.select({ url: 'camera:' });
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const { origin } = new URL(studio.facts().studio ?? '');
    const [name = '', value = ''] = owner.cookie.split('=');
    await context.addCookies([{ name, value, url: origin }]);
    const page = await context.newPage();
    await page.goto(`${origin}/capture/`);
    await owner.until('the camera', (state) => state.source.state === 'live');
    const viewer = await openViewer(browser, studio.facts().viewer ?? '');
    await viewer.untilState('live');
    await viewer.untilFigure('frames', (frames) => frames > 20);
  }).finally(() => browser.close());
});

test('a model that is not the file its manifest names is not loaded, and that is said', async () => {
  const manifest = JSON.parse(readFileSync(join(root, 'models/manifest.json'), 'utf8')) as {
    models: { id: string; file: string }[];
  };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  for (const { file } of manifest.models) writeFileSync(join(folder, file), 'no model at all');
  await withStudio({ env: { MORPHINE_MODELS: folder } }, async (owner) => {
    const vision = await owner.until('vision to say it', (state) => {
      return state.vision.reason !== '' && state.vision;
    });
    assert.match(vision.reason, /wrong sha256: \S+demo-players-ball\.onnx/);
    await owner.until('the source', (state) => state.source.state === 'live');
  });
});

test('a file that is cut off while it plays is a lost source, and plays again when it is whole', {
  skip: makeClip(clip) ? false : 'no ffmpeg that makes a clip',
}, async () => {
  const played = join(folder, 'played.mp4');
  copyFileSync(clip, played);
  await withStudio({ args: ['--source', `file:${played}`] }, async (owner, studio) => {
    await owner.until('the clip', (state) => state.source.state === 'live');
    truncateSync(played, 100);
    const lost = await owner.until('the loss to be said', (state) => {
      return state.source.state !== 'live' && state.source;
    });
    assert.match(lost.reason, /played\.mp4/);
    assert.ok(isAlive(studio.facts().pid));
    copyFileSync(clip, played);
    await owner.until('the clip again', (state) => state.source.state === 'live');
  });
});
