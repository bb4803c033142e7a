// Proves what is kept of a decided market: the clip holds the deciding frame at the number and the
// capture time that are told, ffmpeg shows exactly that frame, the file is sealed and its hash is
// what the journal is told; corrections are kept beside it, old files go and their hashes stay.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { toHex } from '../../core/base/ids.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { MarketView } from '../../core/contract/state.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import type { Unit } from '../../core/media/feed.ts';
import { readFmp4 } from '../../core/media/fmp4Reader.ts';
import { sampleMarket } from '../../tests/studio/sampleStudio.ts';
import { TEST_FFMPEG_PATH } from '../ffmpeg/testFfmpeg.ts';
import { sha256Of } from '../hash/sha256.ts';
import { makeTestVideo, OPUS_SILENCE } from '../webrtc/testVideo.ts';
import { AFTER_US, createEvidence, type KeptStill } from './evidence.ts';
import { createReplayRing } from './replayRing.ts';
import { openEvidence, SealBroken, sealEvidence } from './sealedFile.ts';

const made = makeTestVideo({ frames: 300, size: '160x90', kilobits: 200 });
const skip = typeof made === 'string' ? made : false;
const root = mkdtempSync(join(tmpdir(), 'morphine-evidence-'));
after(() => rmSync(root, { recursive: true, force: true }));
const START_US = 1_000_000_000;
const STEP_US = 33_333;
const KEY = new Uint8Array(32).fill(7);
const MARKET = 'a'.repeat(32);
const DAY_MS = 86_400_000;
let count = 0;
const random = (length: number) => new Uint8Array(length).fill(++count & 255);

function feed(): Unit[] {
  assert.ok(typeof made !== 'string');
  return made.frames.flatMap((frame, at) => {
    const rest = { captureUs: START_US + at * STEP_US, rtpTimestamp: 0, config: 0 };
    const sound: Unit = { track: 'audio', ...rest, keyFrame: true, bytes: OPUS_SILENCE };
    return [{ track: 'video' as const, ...rest, ...frame }, sound];
  });
}

type Row = { commandId: string; file: string; captureUs: number; frame: number };

function openRoom(over: { days?: number; isAway?: () => boolean } = {}) {
  const folder = join(root, `folder-${count++}`);
  const time = new ManualTime(START_US - 5_000_000);
  const ring = createReplayRing();
  const rows: Row[] = [];
  const stills: KeptStill[] = [];
  const shown: Unit[][] = [];
  const room = createEvidence({
    ...{ folder, key: KEY, days: over.days ?? 0, clock: time, timers: time, random, ring },
    logger: silentLogger,
    wallMs: () => 100 * DAY_MS,
    async makeStill(units) {
      shown.push([...units]);
      return new Uint8Array([0xff, 0xd8, 0xff, 1]);
    },
    ledger: {
      async keepEvidence(row) {
        if (over.isAway?.()) throw new LedgerRefusal('LEDGER_UNAVAILABLE');
        rows.push(row);
        return {};
      },
    },
    factsAt: (captureUs) => [`@${captureUs} frame`],
    onStill: (still) => stills.push(still),
  });
  return { room, folder, time, ring, rows, stills, shown };
}

function decided(captureUs: number, changes: Partial<MarketView> = {}): MarketView {
  return sampleMarket(MARKET, {
    ...{ state: 'RESOLVED', winner: 0, decidedCaptureUs: captureUs },
    resolvedAtUs: captureUs + 200_000,
    horizonAtUs: captureUs + 9_000_000,
    ...changes,
  });
}

/** Lets time pass in steps until it is true; the disk has its own time. */
async function pass(time: ManualTime, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if (await isTrue()) return;
    time.advance(20);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.fail(`Waited for ${isTrue}`);
}

test('the deciding frame stands in the clip at its number and time', { skip }, async () => {
  assert.ok(typeof made !== 'string');
  const { room, folder, time, ring, rows, stills, shown } = openRoom();
  const units = feed();
  const decidingUs = START_US + 164 * STEP_US;
  // The picture of two seconds later comes after the decision.
  const untilUs = decidingUs + 300_000;
  for (const unit of units.filter(({ captureUs }) => captureUs <= untilUs)) ring.push(unit);
  room.marketChanged(decided(decidingUs + 10_000));
  time.advance(500);
  assert.equal(rows.length, 0, 'it waits for what comes after');
  for (const unit of units.filter(({ captureUs }) => captureUs > untilUs)) ring.push(unit);
  await pass(time, () => rows.length === 1);
  const view = await room.show(MARKET);
  assert.ok(view);
  assert.equal(view.captureUs, decidingUs);
  assert.equal(view.said, 'event');
  assert.deepEqual(view.facts, [`@${decidingUs} frame`]);
  const clip = await room.read({ marketId: MARKET, part: 'clip', offset: 0, length: 10_000_000 });
  assert.equal(clip.length, view.clipBytes);
  const pictures = [...readFmp4(clip)].filter(({ track }) => track === 'video');
  assert.equal(pictures[view.frame]?.captureUs, decidingUs);
  assert.deepEqual(
    Buffer.from(pictures[view.frame]?.bytes ?? []),
    Buffer.from(made.frames[164]?.bytes ?? []),
  );
  assert.equal(pictures[0]?.captureUs, view.fromUs);
  const lastUs = pictures.at(-1)?.captureUs ?? 0;
  assert.ok(decidingUs + 10_000 + AFTER_US - lastUs < STEP_US, 'to two seconds after');
  assert.equal(shown[0]?.at(-1)?.captureUs, decidingUs, 'its picture is of that very frame');
  assert.equal(shown[0]?.[0]?.keyFrame, true);
  assert.deepEqual(
    stills.map(({ marketId, captureUs }) => ({ marketId, captureUs })),
    [{ marketId: MARKET, captureUs: decidingUs }],
  );
  // The journal is told the hash of the very bytes on the disk, which show nothing by themselves.
  const [name = ''] = readdirSync(folder);
  const sealed = readFileSync(join(folder, name));
  assert.equal(rows[0]?.file, toHex(sha256Of(sealed)));
  assert.equal(view.hash, rows[0]?.file);
  assert.equal(rows[0]?.frame, view.frame);
  assert.equal(sealed.indexOf('moov'), -1);
  assert.throws(() => openEvidence(sealed, MARKET, new Uint8Array(32)), SealBroken);
  assert.throws(() => openEvidence(sealed, 'b'.repeat(32), KEY), SealBroken);
  await room.close();
});

test('one is kept per decision, by whatever moment decided it', { skip }, async () => {
  const { room, folder, time, ring, rows } = openRoom();
  for (const unit of feed()) ring.push(unit);
  const horizonAtUs = START_US + 6_000_000;
  room.marketChanged(sampleMarket(MARKET, { state: 'LOCKED' }));
  const byClock = decided(0, { decidedCaptureUs: 0, horizonAtUs, resolvedAtUs: horizonAtUs + 9 });
  room.marketChanged(byClock);
  room.marketChanged({ ...byClock, paidMinor: 5 });
  await pass(time, () => rows.length === 1);
  assert.equal((await room.show(MARKET))?.said, 'clock');
  assert.ok(horizonAtUs - (rows[0]?.captureUs ?? 0) < STEP_US);
  // A moderator corrects it and says which moment shows it.
  const statedUs = START_US + 3_000_000;
  room.stated(MARKET, statedUs);
  room.marketChanged({ ...byClock, winner: 1, reason: 'Looked again' });
  await pass(time, () => rows.length === 2);
  const view = await room.show(MARKET);
  assert.equal(view?.said, 'person');
  assert.ok(statedUs - (view?.captureUs ?? 0) < STEP_US);
  assert.equal(readdirSync(folder).length, 2, 'the earlier one is kept, too');
  assert.notEqual(rows[0]?.commandId, rows[1]?.commandId);
  await room.close();
});

test('a ledger that is away is told later, with the same id', { skip }, async () => {
  let isAway = true;
  const { room, time, ring, rows } = openRoom({ isAway: () => isAway });
  for (const unit of feed()) ring.push(unit);
  room.marketChanged(decided(START_US + 5_000_000));
  await pass(time, () => room.stills().length === 1);
  await pass(time, () => time.nowUs() > START_US + 3_000_000);
  assert.equal(rows.length, 0);
  isAway = false;
  await pass(time, () => rows.length === 1);
  await room.close();
});

test('without the picture nothing is claimed; damage is found; old files go', {
  skip,
}, async () => {
  const { room, folder, time, ring, rows } = openRoom({ days: 30 });
  room.marketChanged(decided(START_US + 5_000_000));
  await pass(time, () => time.nowUs() > START_US + 5_000_000);
  assert.equal(await room.show(MARKET), null);
  assert.equal(rows.length, 0);
  for (const unit of feed()) ring.push(unit);
  room.marketChanged(decided(START_US + 5_000_000, { reason: 'again' }));
  await pass(time, () => rows.length === 1);
  const [name = ''] = readdirSync(folder);
  const path = join(folder, name);
  const sealed = readFileSync(path);
  const damaged = Buffer.from(sealed);
  damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, damaged);
  assert.equal(await room.show(MARKET), null);
  writeFileSync(path, sealed);
  assert.ok(await room.show(MARKET));
  // This wall clock stands at day 100.
  utimesSync(path, new Date(71 * DAY_MS), new Date(71 * DAY_MS));
  room.setDays(30);
  await pass(time, () => readdirSync(folder).length === 1);
  utimesSync(path, new Date(69 * DAY_MS), new Date(69 * DAY_MS));
  room.setDays(30);
  await pass(time, async () => (await room.show(MARKET)) === null);
  assert.equal(readdirSync(folder).length, 0);
  await room.close();
});

test('ffmpeg shows the frame that is told', { skip }, () => {
  assert.ok(typeof made !== 'string');
  const units = feed().filter(({ track }) => track === 'video');
  const frame = 42;
  const key = 30;
  const run = (input: Uint8Array, pick: number) => {
    const filter = `select=eq(n\\,${pick})`;
    const head = '-v error -f h264 -i - -vf'.split(' ');
    const rest = '-vsync passthrough -frames:v 1 -f framemd5 -c:v rawvideo -'.split(' ');
    const done = spawnSync(TEST_FFMPEG_PATH, [...head, filter, ...rest], { input });
    return done.stdout.toString().trim().split(',').at(-1);
  };
  const whole = Buffer.concat(units.map(({ bytes }) => bytes));
  const shown = Buffer.concat(units.slice(key, frame + 1).map(({ bytes }) => bytes));
  assert.match(run(whole, frame) ?? '', /[0-9a-f]{32}/);
  assert.equal(run(shown, frame - key), run(whole, frame));
});

test('the ring is bound by time and by bytes, and gives what it has', { skip }, () => {
  const units = feed();
  const byTime = createReplayRing({ us: 3_000_000 });
  for (const unit of units) byTime.push(unit);
  const kept = byTime.cut(0, Number.MAX_SAFE_INTEGER);
  const spanUs = byTime.newestUs() - (kept[0]?.captureUs ?? 0);
  assert.ok(spanUs <= 3_000_000 && spanUs > 1_900_000, `${spanUs}`);
  assert.equal(kept[0]?.keyFrame, true);
  assert.deepEqual(byTime.cut(0, START_US + 1_000_000), [], 'that time is gone');
  const byBytes = createReplayRing({ bytesMax: 50_000 });
  for (const unit of units) byBytes.push(unit);
  assert.ok(byBytes.bytes() <= 50_000 && byBytes.bytes() > 40_000);
  byBytes.push({ ...(units[0] as Unit), layer: 'low' });
  assert.ok(byBytes.bytes() <= 50_000);
});

test('a seal holds whatever it holds', () => {
  const meta = {
    ...{ marketId: MARKET, captureUs: 1, frame: 0, fromUs: 1, said: 'person' as const, facts: [] },
  };
  const sealed = sealEvidence(
    { meta, still: new Uint8Array(0), clip: new Uint8Array(0) },
    KEY,
    random,
  );
  assert.deepEqual(openEvidence(sealed, MARKET, KEY).meta, meta);
  for (const length of [0, 8, 20, sealed.length - 1]) {
    assert.throws(() => openEvidence(sealed.subarray(0, length), MARKET, KEY), SealBroken);
  }
});
