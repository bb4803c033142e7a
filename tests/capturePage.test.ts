// Proves that the built capture page, in a real Chromium with its fake camera and microphone,
// delivers decodable H.264 and Opus on the media clock; that a key frame comes on demand; and that
// the page comes back by itself after its connection was lost; that a refused, a missing and an
// unplugged camera are states with a reason, and the last is back by itself; that a screen takes over from the camera with one page, and what is laid
// over it is in the decoded picture. It is joined to the real capture
// room by the studio's own WebSocket door; only the server around it is the test's.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { realTimers } from '../core/base/clock.ts';
import { silentLogger } from '../core/base/logger.ts';
import type { SourceState } from '../core/contract/state.ts';
import type { Unit } from '../core/media/feed.ts';
import { createFlvWriter } from '../core/media/flv.ts';
import { nalTypeOf, parseSps, splitAnnexB } from '../core/media/h264.ts';
import { createCapture } from '../native/capture/capture.ts';
import { hasFfmpeg, resolveFfmpeg } from '../native/ffmpeg/resolve.ts';
import { createSocketDoor } from '../native/serve/webSocket.ts';
import { findChromium } from '../scripts/chromium.ts';
import { builtPage } from './harness/builtPage.ts';

const executablePath = findChromium();
const skip = executablePath ? false : 'no Chromium; run npm run setup';
const folder = mkdtempSync(join(tmpdir(), 'capture-page-'));
const door = createSocketDoor(realTimers);
const clock = { nowUs: () => Number(process.hrtime.bigint() / 1000n) + 1e15 };
const ffmpeg = await resolveFfmpeg();
const capture = createCapture({
  clock,
  timers: realTimers,
  logger: silentLogger,
  ffmpeg,
  onHelper() {},
  callerFolder: folder,
  seed: 1,
  demoAnchorUs: 0,
  demoWorkerUrl: new URL('file:///no-demo-here'),
  lowerLayers: ['low'],
  videoClockOffset: 7,
  audioClockOffset: 11,
});
const units: Unit[] = [];
const states: SourceState[] = [];
const waiting = new Set<() => void>();
let closePort = () => {};
let pageFolder = '';
const server = createServer((request, response) => {
  const path = request.url === '/capture/' ? 'index.html' : (request.url ?? '').slice(9);
  const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
  try {
    const body = readFileSync(join(pageFolder, path));
    response.setHeader('content-type', types[extname(path)] ?? 'text/css');
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
let browser: Browser | undefined;

/** Waits until a fact holds; looks whenever a unit or a state came. */
function until(fact: () => boolean): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (!fact()) return;
      waiting.delete(look);
      done();
    };
    waiting.add(look);
    look();
  });
}

before(async () => {
  if (skip) return;
  pageFolder = await builtPage('capture');
  capture.onUnit((unit) => {
    units.push(unit);
    for (const look of [...waiting]) look();
  });
  capture.onState((state) => {
    states.push(state);
    for (const look of [...waiting]) look();
  });
  server.on('upgrade', (request, socket, head) => {
    door.acceptBinary(request, socket, head, (port) => {
      closePort = () => port.close();
      capture.attachCapturePage(port);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const device = '--use-fake-device-for-media-stream=display-media-type=monitor,device-count=3';
  const switches = ['--use-fake-ui-for-media-stream', device];
  browser = await chromium.launch({
    executablePath: executablePath ?? '',
    args: ['--no-sandbox', ...switches],
  });
});

after(async () => {
  await browser?.close();
  await capture.close();
  door.close();
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

test('a real page delivers decodable units, key frames on demand, and comes back', {
  skip,
}, async () => {
  await capture.select('camera:');
  assert.equal(capture.state().state, 'connecting');
  assert.match(capture.state().reason, /capture page/);
  const page = await browser?.newPage();
  assert.ok(page);
  const { port } = server.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/capture/`);
  await until(() => capture.state().state === 'live');
  const pictures = () => units.filter((unit) => unit.track === 'video' && !unit.layer);
  const copies = () => units.filter((unit) => unit.layer === 'low');
  const sounds = () => units.filter((unit) => unit.track === 'audio');
  await until(() => pictures().length >= 45 && sounds().length >= 60);
  const first = pictures()[0];
  assert.equal(first?.keyFrame, true);
  const sps = splitAnnexB(first.bytes).find((unit) => nalTypeOf(unit) === 7);
  const facts = parseSps(sps ?? new Uint8Array());
  assert.deepEqual([facts.profile, facts.width, facts.height], [66, 1280, 720]);
  await until(() => copies().length >= 30);
  const [copy] = copies();
  assert.equal(copy?.keyFrame, true, 'a smaller copy begins at a key frame as well');
  const copySps = splitAnnexB(copy.bytes).find((unit) => nalTypeOf(unit) === 7);
  const { width, height } = parseSps(copySps ?? new Uint8Array());
  assert.deepEqual([width, height], [640, 360]);
  const moments = pictures().map(({ captureUs }) => captureUs);
  const near = copies().filter((each) => moments.some((us) => Math.abs(us - each.captureUs) < 999));
  assert.ok(near.length > 15, 'the same moments');
  assert.equal(capture.state().width, 1280);
  assert.equal(capture.state().hasSound, true);
  for (const track of [pictures(), sounds()]) {
    for (const [index, unit] of track.entries()) {
      const previous = track[index - 1];
      if (previous) assert.ok(unit.captureUs > previous.captureUs);
    }
  }
  const steps = sounds()
    .slice(1)
    .map((unit, i) => unit.captureUs - (sounds()[i]?.captureUs ?? 0));
  const steady = steps.filter((step) => step === 20_000).length;
  assert.ok(steady >= steps.length * 0.9, `${steady} of ${steps.length} packets are 20 ms apart`);
  await keyFrameOnDemand(pictures);
  decodeAll(pictures());
  closePort();
  await until(() => states.at(-1)?.state === 'connecting');
  const count = pictures().length;
  await until(() => capture.state().state === 'live' && pictures().length > count + 5);
  assert.equal(pictures()[count]?.keyFrame, true, 'begins with a key frame after the loss');
  assert.equal(await page.getAttribute('main', 'data-state'), 'live');
  await takeOver(port, page);
});

test('a refused and a missing camera are states that page and studio name', { skip }, async () => {
  await capture.select('camera:');
  // Without the switch that says yes to every question, and without a device at all.
  const refused = { switches: ['--use-fake-device-for-media-stream'], permissions: [] };
  const missing = { switches: [], permissions: ['camera', 'microphone'] };
  await saysWhy({ ...refused, reason: /^The camera is blocked for this page/, isRetried: false });
  await saysWhy({ ...missing, reason: /^No camera was found/, isRetried: true });
});

type Unplugged = {
  cameras: MediaStreamTrack[];
  microphones: MediaStreamTrack[];
  isUnplugged: boolean;
};

/** What a browser does when a camera goes: its track ends, and nobody can open it. */
function pull(page: Page, isUnplugged: boolean): Promise<void> {
  return page.evaluate((gone) => {
    const own = window as unknown as Unplugged;
    own.isUnplugged = gone;
    for (const track of gone ? own.cameras : []) {
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  }, isUnplugged);
}

test('a camera unplugged while live is named and back by itself; another one is chosen', {
  skip: skip || (hasFfmpeg(ffmpeg) ? false : 'no ffmpeg for the slate'),
}, async () => {
  await capture.select('camera:');
  const page = await browser?.newPage();
  assert.ok(page);
  await page.addInitScript(() => {
    const own = window as unknown as Unplugged;
    Object.assign(own, { cameras: [], microphones: [], isUnplugged: false });
    const { mediaDevices } = navigator;
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wanted) => {
      if (own.isUnplugged && wanted?.video) throw new DOMException('gone', 'NotFoundError');
      const stream = await open(wanted);
      own.cameras.push(...stream.getVideoTracks());
      own.microphones.push(...stream.getAudioTracks());
      return stream;
    };
  });
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/capture/`);
  await until(() => capture.state().state === 'live' && capture.state().width > 0);
  const since = units.length;
  await pull(page, true);
  await until(() => capture.state().isSlate === true);
  const { reason, title, state } = capture.state();
  assert.match(reason, /^(The camera went away|No camera was found\. Plug one in)/);
  assert.equal(state, 'failed');
  assert.notEqual(title, '');
  await pull(page, false);
  await until(() => capture.state().state === 'live' && capture.state().isSlate === undefined);
  const shown = units.slice(since).filter(({ track, layer }) => track === 'video' && !layer);
  const back = shown.findLast(({ slate }) => slate);
  assert.ok(back && shown[shown.indexOf(back) + 1]?.keyFrame, 'the show goes on at a key frame');
  for (const [index, { captureUs }] of shown.entries()) {
    assert.ok(captureUs > (shown[index - 1]?.captureUs ?? 0), 'times only rise');
  }
  // The microphone goes: it is named, and asked for again by a press.
  await page.evaluate(() => {
    const own = window as unknown as Unplugged;
    for (const track of own.microphones) {
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }
  });
  const lack = page.getByText('The microphone went away.');
  await lack.waitFor();
  assert.equal(capture.state().state, 'live', 'the picture goes on');
  await page.getByRole('button', { name: 'Try the microphone again' }).click();
  await lack.waitFor({ state: 'detached' });
  // The second of Chromium's fake cameras gives depth (Y16), which nobody encodes.
  await page.getByRole('combobox', { name: 'Camera' }).selectOption({ label: 'fake_device_2' });
  await until(
    () => capture.state().state === 'live' && /fake_device_2/.test(capture.state().title),
  );
  await page.close();
  await until(() => capture.state().state !== 'live');
});

test('a screen takes over from the camera, and what lies over it is in the picture', {
  skip: skip || (hasFfmpeg(ffmpeg) ? false : 'no ffmpeg to decode with'),
}, async () => {
  await capture.select('camera:');
  const page = await browser?.newPage();
  assert.ok(page);
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/capture/`);
  await until(() => capture.state().state === 'live');
  await capture.select('screen:');
  await page.waitForSelector('main[data-state=starting]');
  assert.match((await page.textContent('[role=status] p')) ?? '', /^Press Share/);
  const before = units.length;
  await until(() => units.length > before + 5);
  await page.locator('[role=status]').getByRole('button', { name: 'Share' }).click();
  await until(() => capture.state().url === 'screen:' && capture.state().state === 'live');
  await page.getByRole('button', { name: 'Words', exact: true }).click();
  await page.getByPlaceholder('What it says').fill('Half time');
  await page.locator('input[type=file]').setInputFiles({
    ...{ name: 'red.png', mimeType: 'image/png', buffer: redPicture() },
  });
  await page.getByRole('button', { name: /^Picture: red.png: drag/ }).waitFor();
  // The picture's place: 2 % from the left, 3 % from above, 15 % of each side. A key frame that was
  // on its way already is without it.
  let colour = await keyColourAt(120, 75);
  for (let tries = 1; tries < 10 && !isRed(colour); tries++) colour = await keyColourAt(120, 75);
  assert.ok(isRed(colour), colour.join());
  assert.equal(await page.getByRole('radio', { name: 'Screen' }).isChecked(), true);
  await page.reload();
  await page.getByRole('button', { name: 'Words: Half time' }).first().waitFor();
  await page.close();
  await until(() => capture.state().state !== 'live');
});

/** A red square, as a file that a person chooses. */
function redPicture(): Buffer {
  const drawing = ['-f', 'lavfi', '-i', 'color=red:s=64x64', '-frames:v', '1', '-c:v', 'png'];
  return run([...drawing, '-f', 'image2pipe', 'pipe:1']);
}

const isRed = ([red = 0, green = 0, blue = 0]: Uint8Array) => red > 180 && green < 80 && blue < 80;

/** Red, green and blue of a point of the next key frame. */
async function keyColourAt(x: number, y: number): Promise<Uint8Array> {
  const since = units.length;
  capture.requestKeyFrame();
  const key = () => units.slice(since).find((unit) => unit.track === 'video' && unit.keyFrame);
  await until(() => key() !== undefined);
  return colourAt(key()?.bytes ?? new Uint8Array(), x, y);
}

function colourAt(unit: Uint8Array, x: number, y: number): Uint8Array {
  const shape = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  const picture = run(['-f', 'h264', '-i', 'pipe:0', ...shape], unit);
  return picture.subarray((y * 1280 + x) * 3, (y * 1280 + x) * 3 + 3);
}

function run(command: readonly string[], input?: Uint8Array): Buffer {
  if (!hasFfmpeg(ffmpeg)) throw new Error('no ffmpeg');
  const limits = { input, maxBuffer: 16 * 1024 * 1024 };
  return spawnSync(ffmpeg.path, ['-v', 'error', ...command], limits).stdout;
}

type Trouble = { switches: string[]; permissions: string[]; reason: RegExp; isRetried: boolean };

async function saysWhy({ switches, permissions, reason, isRetried }: Trouble): Promise<void> {
  const own = await chromium.launch({
    executablePath: executablePath ?? '',
    args: ['--no-sandbox', ...switches],
  });
  const page = await (await own.newContext({ permissions })).newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/capture/`);
  await page.waitForSelector('main[data-state=failed]');
  assert.match((await page.textContent('[role=status] p')) ?? '', reason);
  // What only a person can mend has a button; a camera may be plugged in at any time.
  assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), isRetried ? 0 : 1);
  await until(() => capture.state().state === 'failed');
  assert.match(capture.state().reason, reason);
  await own.close();
  await until(() => capture.state().state === 'connecting');
}

async function keyFrameOnDemand(pictures: () => Unit[]): Promise<void> {
  const count = pictures().length;
  assert.equal(capture.requestKeyFrame(), true);
  await until(() =>
    pictures()
      .slice(count)
      .some((unit) => unit.keyFrame),
  );
  const waited = pictures()
    .slice(count)
    .findIndex((unit) => unit.keyFrame);
  // Every two seconds one comes anyway; on demand it must be far sooner.
  assert.ok(waited < 20, `${waited} pictures before the key frame`);
}

async function takeOver(port: number, page: Awaited<ReturnType<Browser['newPage']>>) {
  const other = await browser?.newPage();
  await other?.goto(`http://127.0.0.1:${port}/capture/`);
  await page.waitForSelector('main[data-state=failed]');
  assert.match((await page.textContent('[role=status]')) ?? '', /another capture page/i);
  await other?.waitForSelector('main[data-state=live]');
  await other?.close();
  await until(() => capture.state().state === 'connecting');
}

function decodeAll(pictures: readonly Unit[]): void {
  if (!hasFfmpeg(ffmpeg)) return;
  const writer = createFlvWriter();
  const startUs = pictures[0]?.captureUs ?? 0;
  const flv = Buffer.concat(
    pictures.map(({ bytes, captureUs }) =>
      writer.write(bytes, Math.round((captureUs - startUs) / 1000)),
    ),
  );
  const decoded = spawnSync(
    ffmpeg.path,
    ['-v', 'error', '-f', 'flv', '-i', 'pipe:0', ...ffmpeg.passthrough, '-f', 'framecrc', 'pipe:1'],
    { input: flv },
  );
  assert.equal(decoded.stderr.toString(), '');
  const lines = decoded.stdout.toString().match(/^0,/gm) ?? [];
  assert.equal(lines.length, pictures.length);
}
