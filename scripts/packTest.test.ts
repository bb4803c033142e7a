// Proves that a case says whether its pack is right: tracks as text go through the rules of a real
// pack, and through one whose goal is bent, which has to fail; a clip as the evidence keeps it goes
// through vision by the command, beside one that must fail. A case travels as one file.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { NoCase, type PackCase, readCase } from '../core/contract/packCases.ts';
import { writeFacts } from '../core/wire/factLines.ts';
import { FrameFactsSchema } from '../core/wire/gen/facts_pb.js';
import { createMatch } from '../native/capture/demo/match.ts';
import { clipOf } from '../native/recording/clip.ts';
import { FFMPEG_SKIP } from '../native/vision/testing/openVision.ts';
import { drawMatch } from './packTest/drawMatch.ts';
import { judgeCase } from './packTest/judgeCase.ts';
import { casesIn } from './packTest/readCases.ts';
import { verdictOf } from './packTest/verdict.ts';

const root = resolve(import.meta.dirname, '..');
const modelsFolder = join(root, 'models');
const skip =
  FFMPEG_SKIP || (existsSync(join(modelsFolder, 'manifest.json')) ? false : 'no model of our own');
const data = mkdtempSync(join(tmpdir(), 'morphine-pack-test-'));
after(() => rmSync(data, { recursive: true, force: true }));

const SEED = 1;
const match = createMatch(SEED);
const goalFrame = match.nextGoalFrame(0);
const FIRST = goalFrame - 75;
const captureUsOf = (frame: number) => 1_000_000 + Math.round(((frame - FIRST) * 1_000_000) / 30);
const goalUs = captureUsOf(goalFrame);

/** What a detector without fault would have seen around the goal. */
function tracks(): string[] {
  return Array.from({ length: 110 }, (_, index) => {
    const { ball } = match.truth(FIRST + index);
    const size = { width: (ball.radius * 2) / 1280, height: (ball.radius * 2) / 720 };
    const box = { x: ball.x / 1280 - size.width / 2, y: ball.y / 720 - size.height / 2, ...size };
    const seen = { id: 1, label: 'ball', box, confidence: 0.9, ageFrames: index + 1 };
    const captureUs = BigInt(captureUsOf(FIRST + index));
    const facts = create(FrameFactsSchema, {
      ...{ captureUs, rtpTimestamp: index, frameSequence: BigInt(index) },
      tracks: ball.visible ? [seen] : [],
    });
    return writeFacts(facts).trimEnd().split('\n');
  }).flat();
}

function caseWith(material: PackCase['material'], changes: Partial<PackCase['expect']> = {}) {
  const made: PackCase = {
    ...{ format: 'morphine-studio.case', version: 1, pack: 'demo', title: 'A goal', was: '' },
    said: { role: 'moderator', actor: 'moderator-1', reason: 'I saw it', atMs: 0 },
    expect: {
      ...{ type: 'goal', subject: null, minimumConfidence: 0.6, happens: true },
      ...{ fromUs: goalUs - 100_000, toUs: goalUs + 100_000, ...changes },
    },
    material,
  };
  return made;
}

const options = { modelsFolder, packFolders: [join(modelsFolder, 'packs')] };
const facts = { kind: 'facts', lines: tracks() } as const;

test('tracks as text pass, and fail where somebody says otherwise', async () => {
  const passed = await judgeCase(caseWith(facts), options);
  assert.deepEqual([passed.state, passed.why.slice(0, 4)], ['pass', 'goal'], passed.why);
  const none = await judgeCase(caseWith(facts, { happens: false }), options);
  assert.match(`${none.state}: ${none.why}`, /^fail: goal .* was seen, and there was none/);
  const later = { fromUs: goalUs + 500_000, toUs: goalUs + 700_000 };
  const elsewhere = await judgeCase(caseWith(facts, later), options);
  assert.match(
    `${elsewhere.state}: ${elsewhere.why}`,
    /^fail: .* [45]\d\d ms outside of the window/,
  );
  const shot = await judgeCase(caseWith(facts, { type: 'shot' }), options);
  assert.match(`${shot.state}: ${shot.why}`, /^fail: no shot was seen \(seen were: .*goal/);
});

test('a bent rule of the pack fails its case', async () => {
  const folder = join(data, 'bent');
  cpSync(join(modelsFolder, 'packs'), folder, { recursive: true });
  const path = join(folder, 'demo.json');
  const pack = JSON.parse(readFileSync(path, 'utf8'));
  for (const line of pack.goalLines) line.from[0] = line.to[0] = 0.5;
  writeFileSync(path, JSON.stringify(pack));
  const bent = await judgeCase(caseWith(facts), { modelsFolder, packFolders: [folder] });
  assert.equal(bent.state, 'fail', bent.why);
  const gone = await judgeCase({ ...caseWith(facts), pack: 'none-such' }, options);
  assert.match(`${gone.state}: ${gone.why}`, /^untried: No pack "none-such"/);
});

test('how sure it was is a part of it', () => {
  const one = caseWith(facts);
  const event = { type: 'goal', subject: 'left', captureUs: goalUs, why: 'In.' } as const;
  assert.equal(verdictOf(one, [{ ...event, confidence: 0.6 }]).state, 'pass');
  const unsure = verdictOf(one, [{ ...event, confidence: 0.5 }]);
  assert.match(`${unsure.state}: ${unsure.why}`, /^fail: .*sure to 0\.50.*0\.6 is asked for/);
});

test('a file that is no case says why', () => {
  const whole = JSON.stringify(caseWith(facts));
  assert.deepEqual(readCase(whole), caseWith(facts));
  const says = (text: string, why: RegExp) =>
    assert.throws(
      () => readCase(text),
      (cause) => cause instanceof NoCase && why.test(cause.message),
    );
  says('{', /no JSON/);
  says('{"format":"other"}', /format is not/);
  says(whole.replace('"goal"', '"gaol"'), /expect\.type/);
  says(whole.replace('"version":1', '"version":2'), /version/);
  says(JSON.stringify(caseWith(facts, { fromUs: goalUs * 2 })), /fromUs lies after toUs/);
});

test('those that come with the studio are whole, and of packs that are there', () => {
  const found = casesIn([join(modelsFolder, 'cases')]);
  assert.ok(found.length >= 4);
  for (const { file, found: one } of found) {
    assert.ok(!('reason' in one), `${file}: ${'reason' in one ? one.reason : ''}`);
    assert.ok(existsSync(join(modelsFolder, 'packs', `${one.pack}.json`)));
  }
});

test('the command judges a kept clip and names what fails', { skip }, async () => {
  const units = await drawMatch({ seed: SEED, firstFrame: FIRST, frames: 110 });
  const clip = clipOf(units, goalUs);
  assert.ok(clip);
  const material = { kind: 'clip', base64: Buffer.from(clip.mp4).toString('base64') } as const;
  const from = join(data, 'handed-on.case.json');
  writeFileSync(from, JSON.stringify(caseWith(material)));
  const studio = join(data, 'studio');
  const run = (...args: string[]) => {
    const line = [join(root, 'scripts/launch.mjs'), 'scripts/packTest.ts', ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...line, '--data', studio], {
      ...{ cwd: root, encoding: 'utf8' },
    });
    return { status, said: stdout + stderr };
  };
  assert.equal(run('--add', from).status, 0);
  assert.match(run('--add', from).said, /has a case handed-on\.case\.json already/);
  const taken = join(studio, 'cases', 'handed-on.case.json');
  assert.equal(readFileSync(taken, 'utf8'), readFileSync(from, 'utf8'));
  mkdirSync(join(data, 'more'));
  const wrong = join(data, 'more', 'wrong.case.json');
  writeFileSync(wrong, JSON.stringify(caseWith(facts, { happens: false })));
  const { status, said } = run(taken, wrong);
  assert.match(said, /^pass {6}demo · handed-on · A goal: goal \(\w+\) at \d+/m);
  assert.match(said, /^FAIL {6}demo · wrong .*\n.*what the moderator said: I saw it/m);
  assert.match(said, /1 passed, 1 failed, 0 not tried/);
  assert.equal(status, 1);
});
