// Proves that a pack written only as JSON works: a file that nobody here knows is put into a pack
// folder, read, and events in its words come out of Sight on pictures drawn here, without a model.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { findPack } from './moriarty/pack.ts';
import { Sight } from './sight.ts';
import { makeIds } from './tracking/track.ts';

const folder = await mkdtemp(join(tmpdir(), 'packs-'));
after(() => rm(folder, { recursive: true }));

const PACK = {
  version: 2,
  id: 'snail-race',
  title: 'Snail race',
  detector: null,
  ball: null,
  lines: [{ subject: 'finish', from: [0.7, 0.1], to: [0.7, 0.9] }],
  zones: [
    {
      subject: 'garden',
      corners: [
        [0.45, 0.2],
        [0.65, 0.2],
        [0.65, 0.8],
        [0.45, 0.8],
      ],
    },
  ],
  events: {
    zoneEntered: { labels: ['motion'], confirmFrames: 4, minimumConfidence: 0.3 },
    scoreChanged: { boxes: [{ subject: 'laps', from: [0.02, 0.02], to: [0.1, 0.08] }] },
  },
};

/** A grey garden with texture, a snail of 48x36 pixels, and a lap counter in the corner. */
function draw(snailX: number | null, laps: number): Uint8Array {
  const yuv = new Uint8Array((640 * 360 * 3) / 2).fill(128);
  for (let y = 0; y < 360; y++) {
    for (let x = 0; x < 640; x++) {
      yuv[y * 640 + x] = 90 + Math.round(Math.sin(x / 13) * 12 + Math.cos(y / 9) * 10);
    }
  }
  if (snailX !== null) {
    for (let y = 160; y < 196; y++) yuv.fill(230, y * 640 + snailX, y * 640 + snailX + 48);
  }
  for (let lap = 0; lap < laps; lap++) {
    for (let y = 10; y < 26; y++) yuv.fill(250, y * 640 + 16 + lap * 14, y * 640 + 26 + lap * 14);
  }
  return yuv;
}

test('a stranger’s pack: its zone, its line and its score, each told in its words', async () => {
  await writeFile(join(folder, 'snail-race.json'), JSON.stringify(PACK));
  const found = await findPack('snail-race', folder);
  assert.ok('pack' in found, 'reason' in found ? found.reason : '');
  const sight = new Sight({
    ...{ clock: { nowUs: () => 9_000_000_000 }, timers: realTimers, takeId: makeIds() },
    ...{ pack: found.pack, detector: null },
  });
  const events: GameEvent[] = [];
  const FRAMES = 260;
  const START = 150;
  for (let frame = 0; frame < FRAMES; frame++) {
    const snailX = frame < START ? null : 90 + (frame - START) * 5;
    const result = await sight.judge(
      {
        captureUs: 1_000_000 + Math.round((frame * 1_000_000) / 30),
        ...{ rtpTimestamp: frame * 3000, yuv: draw(snailX, frame < 200 ? 1 : 2) },
        ...{ receivedMs: 0, decodedMs: 0 },
      },
      true,
    );
    events.push(...result.events);
  }
  const told = events.filter(({ type }) => type !== 'highlight');
  const frameOf = (subject: string) => {
    const event = told.find((one) => one.subject === subject);
    assert.ok(event, `${subject} in ${JSON.stringify(told.map((one) => one.subject))}`);
    return Math.round(((event.captureUs - 1_000_000) * 30) / 1_000_000);
  };
  // The snail's middle is at 0.45 of the width 35 pictures after it came, at 0.7 after 67.
  assert.ok(Math.abs(frameOf('garden') - (START + 35)) <= 6, `garden ${frameOf('garden')}`);
  assert.ok(Math.abs(frameOf('finish') - (START + 67)) <= 6, `finish ${frameOf('finish')}`);
  assert.ok(Math.abs(frameOf('laps') - 200) <= 1, `laps ${frameOf('laps')}`);
  assert.equal(told.length, 3, JSON.stringify(told));
  for (const event of told) assert.ok(event.why.length > 20);
});

test('a broken pack says which field is wrong and what was expected', async () => {
  const reasonOf = async (change: object) => {
    await writeFile(join(folder, 'snail-race.json'), JSON.stringify({ ...PACK, ...change }));
    const found = await findPack('snail-race', folder);
    return 'reason' in found ? found.reason : 'taken';
  };
  const zone = { subject: 'pond', corners: [...(PACK.zones[0]?.corners ?? [])] };
  assert.match(
    await reasonOf({ zones: [{ ...zone, corners: [[1.2, 0], ...zone.corners] }] }),
    /zones\.0\.corners\.0\.0: outside the picture: between 0 and 1 was expected/,
  );
  assert.match(
    await reasonOf({ zones: [{ ...zone, corners: zone.corners.slice(0, 2) }] }),
    /zones\.0\.corners: at least three corners/,
  );
  const row = [0, 1, 2, 3].map((at) => ({ picture: [at / 4, 0.5], metres: [at, at * at] }));
  assert.match(
    await reasonOf({ field: { lengthMetres: 9, widthMetres: 9, calibration: row } }),
    /field\.calibration: three of the four picture points lie on one line/,
  );
  assert.match(await reasonOf({ events: { shot: {} } }), /events\.shot: the pack has no ball/);
  assert.match(await reasonOf({ events: { sprnt: {} } }), /events: .*sprnt/);
  assert.match(
    await reasonOf({ lines: [{ subject: 'garden', from: [0, 0], to: [1, 1] }] }),
    /"garden" names two places/,
  );
});
