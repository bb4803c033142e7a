// Proves that what was known at a time can be asked for over two minutes and not longer, that the
// text on the disk is read back to the facts and keeps its bound, that listeners hear every fact,
// and that a disk that refuses costs lines, which are counted, and nothing else.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { ManualTime } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { readFactLines } from '../../core/wire/factLines.ts';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import { createFactLog, type FactLog, FILE_NAME } from './factLog.ts';

const STEP_US = 100_000;
const START_US = 5_000_000;

function openLog(fileBytesMax?: number) {
  const dataFolder = mkdtempSync(join(tmpdir(), 'morphine-facts-'));
  const timers = new ManualTime();
  const limit = fileBytesMax === undefined ? {} : { fileBytesMax };
  const log = createFactLog({ dataFolder, timers, logger: silentLogger, ...limit });
  return { log, dataFolder };
}

function tell(log: FactLog, frame: number): void {
  const captureUs = BigInt(START_US + frame * STEP_US);
  const tracks = [{ id: frame + 1, label: 'person', box: { x: 0.5, y: 0.25, width: 1 } }];
  const facts = create(FrameFactsSchema, { captureUs, tracks });
  log.frame(facts, toBinary(FrameFactsSchema, facts));
}

function eventAt(captureUs: number): GameEvent {
  const rest = { confidence: 1, why: 'The ball crossed the line.', subject: 'left', trackIds: [1] };
  return { id: `e${captureUs}`, type: 'goal', captureUs, rtpTimestamp: 1, detectedUs: 2, ...rest };
}

test('what was known at a time is the picture before it and its events, for two minutes', async () => {
  const { log, dataFolder } = openLog();
  assert.equal(log.at(START_US), null);
  for (let frame = 0; frame < 1_500; frame++) {
    tell(log, frame);
    if (frame === 1_000) log.event(eventAt(START_US + frame * STEP_US));
  }
  const newestUs = START_US + 1_499 * STEP_US;
  assert.deepEqual(log.range(), { oldestUs: newestUs - 120_000_000, newestUs });
  const known = log.at(START_US + 1_005 * STEP_US + 7);
  assert.equal(known?.captureUs, START_US + 1_005 * STEP_US);
  const [frame, event, ...rest] = readFactLines(known?.lines.join('\n') ?? '');
  assert.deepEqual(rest, []);
  assert.ok(frame && 'tracks' in frame && frame.tracks[0]?.id === 1_006);
  assert.ok(event && 'why' in event && event.type === 'goal');
  assert.equal(log.at(START_US + 999 * STEP_US)?.lines.length, 2, 'a later event was not known');
  assert.equal(log.at(START_US + 100 * STEP_US), null, 'too long ago');
  assert.equal(log.at(newestUs + 1), null, 'not yet');
  await log.close();
  rmSync(dataFolder, { recursive: true });
});

test('the file is read back to what was told, and both files keep the bound', async () => {
  const limit = 40_000;
  const { log, dataFolder } = openLog(limit);
  const heard: string[] = [];
  const stop = log.listen((text) => heard.push(text));
  for (let frame = 0; frame < 300; frame++) tell(log, frame);
  stop();
  tell(log, 300);
  await log.close();
  assert.equal(heard.length, 300);
  const text = readFileSync(join(dataFolder, FILE_NAME), 'utf8');
  assert.equal(readFactLines(text).length, 301);
  assert.ok(text.startsWith(heard.join('')));
  // Later engines go on with the same files.
  for (let round = 0; round < 5; round++) {
    const later = createFactLog({
      ...{ dataFolder, timers: new ManualTime(), logger: silentLogger, fileBytesMax: limit },
    });
    for (let frame = 0; frame < 200; frame++) tell(later, frame);
    await later.close();
    assert.equal(later.droppedCount(), 0);
  }
  const sizes = readdirSync(dataFolder).map((name) => statSync(join(dataFolder, name)).size);
  assert.equal(sizes.length, 2);
  assert.ok(sizes.reduce((sum, one) => sum + one, 0) <= limit, `${sizes}`);
  rmSync(dataFolder, { recursive: true });
});

test('a disk that refuses costs lines and nothing else', async () => {
  const { log, dataFolder } = openLog();
  rmSync(dataFolder, { recursive: true });
  for (let frame = 0; frame < 700; frame++) tell(log, frame);
  await log.close();
  assert.equal(log.droppedCount(), 700);
  assert.ok(log.at(START_US + 500 * STEP_US));
});
