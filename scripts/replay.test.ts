// Proves that a recorded show runs again to the same journal: a drawn match is encoded, judged by
// the real vision, bet on in a real ledger and recorded; the command then shows the recording to
// vision anew, decides by what it sees and ends in the same hash. A command that is missing is
// found at its row, and another guard flips exactly the bets between the two cut-offs.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { realTimers } from '../core/base/clock.ts';
import { silentLogger } from '../core/base/logger.ts';
import type { GameEvent } from '../core/contract/events.ts';
import type { Unit } from '../core/media/feed.ts';
import { writeEvent } from '../core/wire/factLines.ts';
import { wireEvent } from '../native/audience/messages.ts';
import { createMatch, PICTURE_BYTES } from '../native/capture/demo/match.ts';
import {
  act,
  hexId,
  hexKey,
  rulesAt,
  startLedger,
  type TestLedger,
} from '../native/ledger/testLedger.ts';
import { createRecorder } from '../native/recording/recorder.ts';
import { encodeClip } from '../native/vision/testFeed.ts';
import { FFMPEG_SKIP } from '../native/vision/testing/openVision.ts';
import { guardFlips } from './replay/guardFlips.ts';
import { readAbout, readCommands, readUnits } from './replay/readShow.ts';
import { replayLedger } from './replay/replayLedger.ts';
import { seeAgain } from './replay/replayVision.ts';

const root = resolve(import.meta.dirname, '..');
const modelsFolder = join(root, 'models');
const skip =
  FFMPEG_SKIP || (existsSync(join(modelsFolder, 'manifest.json')) ? false : 'no model of our own');
const data = mkdtempSync(join(tmpdir(), 'morphine-replay-'));
const START_US = 1_700_000_000_000_000;
const [ANNA, BERT, LATE] = [hexId(1), hexId(2), hexId(3)];
const MARKET = hexId(50);
let ledger: TestLedger;
let show = '';
let goal: GameEvent;

before(async () => {
  if (skip) return;
  const units = await match();
  goal = (await seeAgain(units, { pack: 'demo', modelsFolder })).find(
    ({ type }) => type === 'goal',
  ) as GameEvent;
  assert.ok(goal, 'vision sees the goal');
  ledger = await startLedger(data);
  for (const subject of [ANNA, BERT]) await bind(subject);
  show = await record(units);
});
after(() => {
  ledger?.close();
  rmSync(data, { recursive: true, force: true });
});

function bind(subject: string) {
  const bound = { subject, publicKey: hexKey(Number.parseInt(subject, 16)), isStaff: false };
  return ledger.client.bindSubject({ ...bound, atUs: START_US });
}

/** The pictures around a goal. */
function match(): Promise<Unit[]> {
  const drawn = createMatch(1);
  const first = drawn.nextGoalFrame(0) - 75;
  function* pictures(): Generator<Uint8Array> {
    for (let frame = first; frame < first + 110; frame++) {
      const picture = new Uint8Array(PICTURE_BYTES);
      drawn.drawFrame(frame, picture, {});
      yield picture;
    }
  }
  const input = '-f rawvideo -pix_fmt yuv420p -s 1280x720 -r 30 -i pipe:0'.split(' ');
  return encodeClip({ input, pictures: pictures(), startUs: START_US });
}

function bet(number: number, subject: string, outcome: number, beforeMs: number) {
  const arrivedUs = goal.captureUs - beforeMs * 1000;
  const placed = { betId: hexId(100 + number), subject, marketId: MARKET };
  return ledger.client.placeBet({ ...placed, outcome, amountMinor: 100, arrivedUs });
}

/** Records the show while it happens; returns its folder. */
async function record(units: readonly Unit[]): Promise<string> {
  const { client } = ledger;
  const recorder = createRecorder({
    folder: join(data, 'recordings'),
    timers: realTimers,
    logger: silentLogger,
    wallMs: () => START_US / 1000,
    onChange() {},
    freeBytes: async () => Number.MAX_SAFE_INTEGER,
  });
  client.onCommand((name, args) => recorder.command(JSON.stringify({ name, args })));
  const { seq, hash, ledgerId } = await client.head();
  const at = { headSeq: seq, headHash: hash, ledgerId };
  await recorder.start('Recorded', { pack: 'demo', videoClockOffset: 12_345, ...at });
  for (const unit of units) recorder.push(unit);
  recorder.fact(writeEvent(wireEvent(goal)));
  await bind(LATE);
  const rules = rulesAt(START_US + 1000, {
    lockAtUs: START_US + 20_000_000,
    horizonAtUs: START_US + 30_000_000,
    deadlineAtUs: START_US + 60_000_000,
  });
  const opened = act(MARKET, 'open', START_US + 1000);
  await client.openMarket({ ...opened, rules, reason: 'By hand' });
  await bet(1, ANNA, 0, 1_500);
  await bet(2, BERT, 1, 1_200);
  await bet(3, LATE, 0, 300);
  await assert.rejects(bet(4, ANNA, 7, 1_100), 'a refusal is recorded, too');
  const { id, type, captureUs, detectedUs, confidence, why } = goal;
  const confidencePermille = Math.round(confidence * 1000);
  const evidence = { id, type, captureUs, detectedUs, confidencePermille };
  const decided = act(MARKET, 'resolve', captureUs + 200_000, 'vision');
  await client.resolveMarket({ ...decided, outcome: 0, reason: why, evidence });
  const corrected = act(MARKET, 'correct', captureUs + 900_000);
  await client.correctMarket({ ...corrected, outcome: 1, tCapUs: null, reason: 'Offside' });
  await recorder.stop();
  const [name = ''] = readdirSync(join(data, 'recordings'));
  return join(data, 'recordings', name);
}

test('the command ends in the same hash, through vision and ledger', { skip }, () => {
  const args = [join(root, 'scripts/launch.mjs'), 'scripts/replay.ts', show, '--guard-ms', '0'];
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stdout + run.stderr);
  assert.match(run.stdout, /The journal ends in the same hash\./);
  assert.match(run.stdout, /A guard of 0 ms would have flipped 1 bets\./);
  assert.doesNotMatch(run.stdout, /Not seen again/);
});

test('rows are made anew, and a command that is missing is found', { skip }, async () => {
  const about = readAbout(show);
  const commands = readCommands(show);
  const { hash } = await ledger.client.head();
  const whole = replayLedger(data, about, commands);
  assert.equal(whole.differsAt, 0, JSON.stringify(whole));
  assert.equal(whole.hash, hash);
  assert.equal(whole.refused, 1);
  assert.ok(whole.rows > 10);
  const without = commands.filter(({ args }) => args.betId !== hexId(102));
  const lacking = replayLedger(data, about, without);
  assert.ok(lacking.differsAt > (about.headSeq ?? 0), JSON.stringify(lacking));
  const sooner = commands.map((command) =>
    command.name === 'resolveMarket'
      ? { ...command, args: { ...command.args, reason: 'Another reason' } }
      : command,
  );
  assert.notEqual(replayLedger(data, about, sooner).differsAt, 0);
});

test('another guard flips what lies between the two cut-offs', { skip }, () => {
  const commands = readCommands(show);
  const { bets } = replayLedger(data, readAbout(show), commands);
  const flipped = (guardMs: number) =>
    guardFlips(commands, guardMs, bets).map(({ betId, now }) => [betId, now]);
  assert.deepEqual(flipped(500), []);
  assert.deepEqual(flipped(0), [[hexId(103), 'stands']]);
  assert.deepEqual(flipped(1_400), [[hexId(102), 'void']]);
  assert.deepEqual(flipped(1_500), [
    [hexId(101), 'void'],
    [hexId(102), 'void'],
  ]);
});

test('a recording gives back the units of the feed', { skip }, () => {
  const units = [...readUnits(show, readAbout(show))];
  assert.equal(units.length, 110);
  assert.equal(units[0]?.captureUs, START_US);
  assert.equal(units[0]?.keyFrame, true);
});
