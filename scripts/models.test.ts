// Proves `npm run models` on the real program: a stranger's file with its entry is taken in and
// found by vision, each disagreement between the two is a sentence with exit code 1 that leaves
// nothing behind, and a licence must be accepted before a download.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { findModel } from '../native/vision/models/manifest.ts';
import { madeEntry, madeYolov8 } from '../native/vision/models/testing/onnxWriter.ts';

const script = resolve(import.meta.dirname, 'models.ts');
const root = mkdtempSync(join(tmpdir(), 'models-command-'));
after(() => rmSync(root, { recursive: true, force: true }));
const data = join(root, 'data');

function run(...args: string[]) {
  const { MORPHINE_MODELS: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [script, ...args, '--data', data],
    {
      encoding: 'utf8',
      env: { ...env, INIT_CWD: root },
    },
  );
  return { status, said: `${stdout}${stderr}` };
}

const boxes = [{ x: 8, y: 10, width: 40, height: 20, scores: [0.2, 0.9] }];
const { sha256: _, file: __, ...ENTRY } = madeEntry('stranger', ['cart', 'kart'], 160, '');
writeFileSync(
  join(root, 'stranger.onnx'),
  madeYolov8({ width: 160, height: 160, classes: 2, boxes }),
);

function describe(change: object): void {
  writeFileSync(join(root, 'stranger.json'), JSON.stringify({ ...ENTRY, ...change }));
}

test('a stranger’s file that fits is taken in, checked and removed', async () => {
  describe({});
  const taken = run('import', 'stranger.onnx');
  assert.equal(taken.status, 0, taken.said);
  assert.match(taken.said, /It runs on cpu: .* ms a picture\.\n"stranger" was taken in/);
  const found = await findModel('stranger', [join(data, 'models')]);
  assert.ok('model' in found && found.model.layout === 'yolov8');
  const checked = run('check', 'stranger');
  assert.match(checked.said, /stranger: cpu, .* ms a picture\n {2}cuda: not asked for/);
  assert.match(run('list').said, /stranger: stranger\n {2}state {6}here/);
  assert.equal(run('remove', 'stranger').status, 0);
  assert.equal(existsSync(join(data, 'models', 'stranger.onnx')), false);
});

test('what does not fit is refused with its field and leaves nothing behind', () => {
  for (const [change, said] of [
    [{ layout: 'yolo99' }, /manifest, layout: .*"yolox"/],
    [{ labels: ['cart'] }, /labels: Layout yolov8 expects an output of 1x5x525, got 1x6x525/],
    [{ input: { ...ENTRY.input, name: 'x' } }, /input\.name: expected one of the file's inputs/],
    [{ input: { ...ENTRY.input, width: 320 } }, /the manifest says 1x3x160x320, the file expects/],
  ] as const) {
    describe(change);
    const refused = run('import', 'stranger.onnx');
    assert.equal(refused.status, 1);
    assert.match(refused.said, said);
  }
  writeFileSync(join(root, 'text.onnx'), 'no network at all');
  writeFileSync(join(root, 'text.json'), JSON.stringify({ ...ENTRY, id: 'text' }));
  const text = run('import', 'text.onnx');
  assert.equal(text.status, 1);
  assert.match(text.said, /Not taken in: file: expected an ONNX model/);
  const left = join(data, 'models', 'manifest.json');
  assert.deepEqual(JSON.parse(readFileSync(left, 'utf8')).models, []);
});

test('the list names whose a model is and what is not offered; a licence comes first', () => {
  const listed = run('list');
  assert.equal(listed.status, 0);
  assert.match(listed.said, /yolox-nano-416: [\s\S]*licence {4}Apache-2\.0 https:/);
  assert.match(listed.said, /Not offered: .*YOLOv8[\s\S]*AGPL-3\.0/);
  const download = run('download', 'yolox-nano-416');
  assert.equal(download.status, 1);
  assert.match(
    download.said,
    /is Apache-2\.0: https:[\s\S]*Read the licence, then say --accept-licence/,
  );
  assert.equal(existsSync(join(data, 'models', 'yolox_nano_416.onnx.part')), false);
  assert.equal(run('frob').status, 2);
  assert.equal(run('remove').status, 2);
  assert.match(run('remove', 'nothing').said, /There is no model "nothing"/);
});
