// Proves that a download survives a server that cuts it off, knows no ranges, sends too much or
// something else, and that nothing is fetched before its licence was accepted: a real HTTP server on
// this machine and real files. Import and remove change the store's own folder and nothing else.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualTime, realTimers } from '../../../core/base/clock.ts';
import { createCudaInstaller } from './cudaFiles.ts';
import { findModel } from './manifest.ts';
import { ModelStore } from './store.ts';
import { madeEntry } from './testing/onnxWriter.ts';

const root = mkdtempSync(join(tmpdir(), 'store-'));
after(() => rmSync(root, { recursive: true, force: true }));
const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) & 255));
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let made = 0;

/** A store whose one model is on a server that answers as it is told. */
async function open(answer: Answer, change: object = {}) {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? '');
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const folder = join(root, `own-${++made}`);
  const shippedFolder = join(root, `shipped-${made}`);
  mkdirSync(shippedFolder);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/mine.onnx`;
  const entry = {
    ...madeEntry('mine', ['cart'], 160, SHA256),
    bytes: BYTES.length,
    url,
    ...change,
  };
  writeFileSync(join(shippedFolder, 'manifest.json'), JSON.stringify({ models: [entry] }));
  let changes = 0;
  const store = new ModelStore({
    ...{ folder, shippedFolder, folders: [folder, shippedFolder], fetch, timers: realTimers },
    onChange: () => changes++,
  });
  const close = () =>
    new Promise<void>((done) => {
      store.close();
      server.closeAllConnections();
      server.close(() => done());
    });
  return { store, folder, shippedFolder, ranges, close, changes: () => changes };
}

/** Sends from the asked byte on, cut off after so many bytes. */
function send(request: IncomingMessage, response: ServerResponse, most: number): void {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const isRange = request.headers.range !== undefined;
  response.writeHead(isRange ? 206 : 200, { 'content-length': String(BYTES.length - from) });
  const part = BYTES.subarray(from, Math.min(BYTES.length, from + most));
  response.write(part, () => {
    if (from + most < BYTES.length) response.destroy();
    else response.end();
  });
}

test('nothing is fetched before the licence is accepted', async () => {
  const { store, folder, shippedFolder, ranges, close } = await open((request, response) =>
    send(request, response, BYTES.length),
  );
  await assert.rejects(store.download('mine'), /Accept the licence of "mine" first: MIT/);
  assert.deepEqual(ranges, []);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'mine.onnx'), BYTES);
  const before = await findModel('mine', [folder, shippedFolder]);
  assert.ok(
    'reason' in before && /licence of the model "mine" \(MIT\) was not/.test(before.reason),
  );
  await store.accept('mine');
  assert.ok('model' in (await findModel('mine', [folder, shippedFolder])));
  assert.equal((await store.list()).models[0]?.isAccepted, true);
  await close();
});

test('a server that cuts off is asked for the rest, with progress', async () => {
  const { store, folder, ranges, close, changes } = await open((request, response) =>
    send(request, response, 120_000),
  );
  await store.accept('mine');
  const seen: number[] = [];
  const done = store.download('mine', (received) => seen.push(received));
  assert.equal((await store.list()).models[0]?.state, 'downloading');
  await done;
  assert.equal(ranges[0], '');
  assert.ok(ranges.length >= 3 && ranges.slice(1).every((range) => /^bytes=[1-9]/.test(range)));
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  assert.equal(seen.at(-1), BYTES.length);
  assert.deepEqual(readFileSync(join(folder, 'mine.onnx')), BYTES);
  assert.equal(existsSync(join(folder, 'mine.onnx.part')), false);
  const [card] = (await store.list()).models;
  assert.deepEqual([card?.state, card?.isRemovable], ['here', true]);
  assert.ok(changes() >= 2);
  await store.remove('mine');
  assert.equal((await store.list()).models[0]?.state, 'absent');
  await close();
});

test('what was stopped stays for the next time, also where a server knows no ranges', async () => {
  let isSlow = true;
  const { store, folder, ranges, close } = await open((_request, response) => {
    response.writeHead(200, { 'content-length': String(BYTES.length) });
    // Half of it, and then nothing: until the person stops it.
    if (isSlow) response.write(BYTES.subarray(0, 150_000));
    else response.end(BYTES);
  });
  await store.accept('mine');
  let isHalf = () => {};
  const half = new Promise<void>((done) => {
    isHalf = done;
  });
  const first = store.download('mine', (received) => {
    if (received === 150_000) isHalf();
  });
  await half;
  store.stop('mine');
  await assert.rejects(first, /stopped; it can be resumed/);
  assert.equal(readFileSync(join(folder, 'mine.onnx.part')).length, 150_000);
  isSlow = false;
  await store.download('mine');
  assert.equal(ranges[1], 'bytes=150000-');
  assert.deepEqual(readFileSync(join(folder, 'mine.onnx')), BYTES);
  await close();
});

test('another file, too many bytes, an error and a dead server are sentences', async () => {
  const other = Buffer.alloc(BYTES.length, 1);
  const wrong = await open((_request, response) => void response.end(other));
  await wrong.store.accept('mine');
  await assert.rejects(wrong.store.download('mine'), /is not the file .* expected sha256 [0-9a-f]/);
  assert.equal(existsSync(join(wrong.folder, 'mine.onnx.part')), false);
  const [card] = (await wrong.store.list()).models;
  assert.match(card?.reason ?? '', /is not the file/);
  await wrong.close();

  const large = await open(
    (_request, response) => void response.end(Buffer.concat([BYTES, BYTES])),
  );
  await large.store.accept('mine');
  await assert.rejects(large.store.download('mine'), /sends more than the 300000 bytes expected/);
  await large.close();

  const gone = await open((_request, response) => {
    response.writeHead(404);
    response.end();
  });
  await gone.store.accept('mine');
  await assert.rejects(gone.store.download('mine'), /answers 404/);
  await gone.close();

  const dead = await open(() => {});
  await dead.close();
  await dead.store.accept('mine');
  await assert.rejects(dead.store.download('mine'), /broke off: .*(ECONNREFUSED|connect)/);
});

test('import checks the entry, keeps strangers apart, and remove takes its own only', async () => {
  const { store, folder, shippedFolder, close } = await open(() => {});
  const mine = join(root, 'stranger.onnx');
  writeFileSync(mine, 'bytes of a stranger');
  const { sha256: _, file: __, ...entry } = madeEntry('stranger', ['kart'], 160, '');
  await assert.rejects(
    store.import(join(root, 'no.onnx'), entry),
    /file: .*no\.onnx cannot be read/,
  );
  await assert.rejects(store.import(mine, []), /manifest: expected an object/);
  await assert.rejects(store.import(mine, { ...entry, layout: 'yolo99' }), /manifest, layout: /);
  await assert.rejects(
    store.import(mine, { ...entry, input: { ...entry.input, width: 33 } }),
    /manifest, input\.width: /,
  );
  await assert.rejects(store.import(mine, { ...entry, file: '../x.onnx' }), /manifest, file: /);
  await assert.rejects(store.import(mine, { ...entry, id: 'mine' }), /id: "mine" is another model/);
  assert.equal(existsSync(join(folder, 'manifest.json')), false, 'nothing was written');
  assert.equal(await store.import(mine, entry), 'stranger');
  assert.equal(await store.import(mine, entry), 'stranger', 'again is the same');
  const found = await findModel('stranger', [folder, shippedFolder]);
  assert.ok('model' in found && found.model.path === join(folder, 'stranger.onnx'));
  const cards = (await store.list()).models;
  assert.deepEqual(
    cards.map(({ id, state, isRemovable }) => [id, state, isRemovable]),
    [
      ['stranger', 'here', true],
      ['mine', 'absent', false],
    ],
  );
  writeFileSync(join(folder, 'stranger.onnx'), 'damaged');
  assert.equal((await store.list()).models[0]?.state, 'broken');
  await store.remove('stranger');
  assert.equal(existsSync(join(folder, 'stranger.onnx')), false);
  await assert.rejects(store.remove('stranger'), /There is no model "stranger"; there are: mine/);
  await assert.rejects(store.remove('mine'), /only what lies there is removed/);
  await close();
});

test('CUDA files: none for other systems, and what goes wrong is a sentence', async () => {
  const other = createCudaInstaller({ platform: 'darwin', architecture: 'arm64' });
  assert.equal(other.state().state, 'no');
  assert.match(other.state().reason, /Linux x64 only, not darwin arm64/);
  await other.install();
  const folder = join(root, 'package/bin/napi-v6/linux/x64');
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(root, 'package/script'));
  // As in the real package: no folder above says how its script is to be read.
  writeFileSync(join(root, 'package/package.json'), '{}');
  const script = join(root, 'package/script/install.js');
  const providerPath = join(folder, 'libonnxruntime_providers_cuda.so');
  const here = createCudaInstaller({ platform: 'linux', architecture: 'x64', providerPath });
  writeFileSync(script, `throw new Error('no route to the feed')`);
  await here.install();
  assert.equal(here.state().state, 'possible');
  assert.match(here.state().reason, /did not come: .*no route to the feed/);
  const lines: string[] = [];
  writeFileSync(
    script,
    `console.log(process.argv[2]); require('fs').writeFileSync(${JSON.stringify(providerPath)}, '')`,
  );
  await here.install((line) => lines.push(line));
  assert.deepEqual(lines, ['--onnxruntime-node-install=cuda12']);
  assert.equal(here.state().state, 'done');
});

test('a server that goes silent is left', async () => {
  let isAsked = () => {};
  const asked = new Promise<void>((done) => {
    isAsked = done;
  });
  const time = new ManualTime();
  const { store, folder, shippedFolder, close } = await open(() => isAsked());
  await store.accept('mine');
  const silent = new ModelStore({
    ...{ folder, shippedFolder, folders: [folder, shippedFolder], fetch, timers: time },
  });
  const attempt = silent.download('mine');
  const given = assert.rejects(attempt, /broke off: nothing came for 20 s/);
  await asked;
  let isDone = false;
  void given.then(() => {
    isDone = true;
  });
  while (!isDone) {
    time.advance(20_000);
    await new Promise((done) => setImmediate(done));
  }
  await given;
  await close();
});
