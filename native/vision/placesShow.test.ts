// Proves the whole way of places that are lost: a cut in real H.264 stops lines, zones and speeds of
// a calibrated field until the picture is back, the status says so in words, and "it did not happen"
// is not known of that time. Black and frozen pictures and a moving camera are told the same way.
// The same second half without a cut before it gives the events, so that their absence means it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import type { Unit } from '../../core/media/feed.ts';
import { createMatch, PICTURE_BYTES } from '../capture/demo/match.ts';
import { encodeClip } from './testFeed.ts';
import {
  FFMPEG_SKIP as noFfmpeg,
  openVision,
  packFolderOf,
  UNHURRIED,
} from './testing/openVision.ts';

const models = resolve(import.meta.dirname, '../../models');
const skip =
  noFfmpeg || (existsSync(resolve(models, 'manifest.json')) ? false : 'no model of our own');
const [WIDTH, HEIGHT] = [1280, 720];
const AREA = WIDTH * HEIGHT;
const INPUT = '-f rawvideo -pix_fmt yuv420p -s 1280x720 -r 30 -i pipe:0'.split(' ');

const FIELD = {
  id: 'field',
  detector: { model: 'demo-players-ball', minimumConfidence: 0.4 },
  lines: [0.35, 0.45, 0.55, 0.65].map((x) => ({ subject: `at ${x}`, from: [x, 0.45], to: [x, 1] })),
  zones: [
    {
      subject: 'middle',
      corners: [
        [0.4, 0.4],
        [0.6, 0.4],
        [0.6, 1],
        [0.4, 1],
      ],
    },
  ],
  field: {
    ...{ lengthMetres: 105, widthMetres: 68 },
    calibration: [
      { picture: [0.2, 0.5], metres: [0, 0] },
      { picture: [0.8, 0.5], metres: [105, 0] },
      { picture: [0.95, 0.9], metres: [105, 68] },
      { picture: [0.05, 0.9], metres: [0, 68] },
    ],
  },
  events: {
    zoneEntered: { minimumConfidence: 0.1 },
    sprint: {
      ...{ labels: ['player', 'person'], kilometresPerHourMin: 8, kilometresPerHourMax: 90 },
      ...{ ownHeightsPerSecondMin: null, confirmFrames: 3, minimumConfidence: 0.1 },
    },
  },
};

type Look = (picture: Uint8Array) => Uint8Array;
const same: Look = (picture) => picture;
/** Another camera of the same match: the other side, darker, in other colours. */
const mirrored: Look = (picture) => {
  const out = new Uint8Array(picture.length);
  const turn = (from: number, to: number, width: number, height: number) => {
    for (let at = 0; at < width * height; at += width) {
      out.set(picture.subarray(from + at, from + at + width), to + at);
      out.subarray(to + at, to + at + width).reverse();
    }
  };
  const [u, v] = [AREA, (AREA * 5) / 4];
  turn(0, 0, WIDTH, HEIGHT);
  turn(u, v, WIDTH / 2, HEIGHT / 2);
  turn(v, u, WIDTH / 2, HEIGHT / 2);
  for (let at = 0; at < AREA; at++) out[at] = (out[at] ?? 0) * 0.6;
  return out;
};
const black: Look = (picture) => new Uint8Array(picture.length).fill(128).fill(16, 0, AREA);

type Part = { look: Look; from: number; frames: number; isStill?: boolean };

async function clip(parts: readonly Part[], startUs: number): Promise<Unit[]> {
  const match = createMatch(7);
  function* pictures(): Generator<Uint8Array> {
    for (const { look, from, frames, isStill = false } of parts) {
      for (let frame = 0; frame < frames; frame++) {
        const picture = new Uint8Array(PICTURE_BYTES);
        match.drawFrame(isStill ? from : from + frame, picture);
        yield look(picture);
      }
    }
  }
  // Vision looks at this size, and it is encoded four times as fast.
  const filter = 'scale=640:360';
  return encodeClip({ input: INPUT, pictures: pictures(), filter, kilobits: 1500, startUs });
}

async function open(pack: typeof FIELD | { id: string } = FIELD) {
  const parts = await openVision({
    ...{ pack: 'field', packFolder: packFolderOf(pack), modelFolders: [models], ...UNHURRIED },
  });
  if ('detector' in pack) await parts.until(() => (parts.statuses.at(-1)?.model ?? '') !== '');
  let lostUntilUs = 0;
  parts.client.onJudged((_, __, untilUs) => {
    lostUntilUs = untilUs;
  });
  return { ...parts, lostUntilUs: () => lostUntilUs };
}

test('a cut stops lines, zones and speeds until the picture is back', { skip }, async (t) => {
  const parts = await open();
  t.after(() => parts.close());
  const { events, statuses, client, judge, until } = parts;
  const seen = () => [...new Set(events.map(({ type }) => type))].sort();
  const places = () => statuses.at(-1)?.places;

  // The second picture alone: this is what there is to be seen in it.
  await judge(await clip([{ look: mirrored, from: 300, frames: 150 }], 5_000_000));
  assert.deepEqual(seen(), ['lineCrossed', 'sprint', 'zoneEntered']);
  await until(() => places()?.state === 'still');
  assert.equal(parts.lostUntilUs(), 0);

  client.streamReset();
  const first = { look: same, from: 200, frames: 100 };
  const cut = await clip([first, { look: mirrored, from: 300, frames: 150 }], 20_000_000);
  events.length = 0;
  await judge(cut.slice(0, 100));
  assert.ok(events.length > 0, 'the first picture has its events');
  events.length = 0;
  await judge(cut.slice(100));
  const cutUs = cut[100]?.captureUs ?? 0;
  assert.deepEqual(
    events.filter(({ captureUs }) => captureUs > cutUs),
    [],
  );
  await until(() => places()?.state === 'lost');
  assert.deepEqual(places(), { state: 'lost', reason: 'the picture was cut' });
  await until(() => parts.lostUntilUs() >= (cut.at(-1)?.captureUs ?? 0));

  // The first picture again, in the same stream: everything is judged as before.
  const back = await clip([{ ...first, frames: 150 }], (cut.at(-1)?.captureUs ?? 0) + 33_333);
  await judge(back);
  await until(() => places()?.state !== 'lost');
  assert.ok(seen().includes('lineCrossed') && seen().includes('sprint'), seen().join());
  const foundUs = parts.lostUntilUs();
  const [firstUs, lastUs] = [back[0]?.captureUs ?? 0, back.at(-1)?.captureUs ?? 0];
  assert.ok(foundUs > firstUs && foundUs < lastUs, `lost until ${foundUs - firstUs} us after it`);
});

test('what is drawn while the show runs is judged from then on, and drawn again it holds again', {
  skip,
}, async (t) => {
  const parts = await open();
  t.after(() => parts.close());
  const { events, statuses, client, judge, until } = parts;
  const drawing = (subject: string, drawn: number) => {
    const zones = [{ subject, corners: FIELD.zones[0]?.corners as [number, number][] }];
    const nothing = { goalLines: null, lines: [], calibration: null };
    client.configure({ ...{ pack: 'field', model: null, drawn }, places: { ...nothing, zones } });
  };
  const subjects = () => [...new Set(events.map(({ subject }) => subject))].filter(Boolean);
  const first = await clip([{ look: same, from: 300, frames: 110 }], 5_000_000);
  assert.match((await client.proposeCourt()).reason, /no picture yet/);
  await judge(first);
  assert.ok(subjects().includes('middle'), subjects().join());
  const court = await client.proposeCourt();
  // The demo's pitch is drawn with its lines; where a corner is hidden the answer is a sentence.
  assert.ok(court.corners ? court.painted > 0.7 : court.reason.length > 20, JSON.stringify(court));
  t.diagnostic(JSON.stringify(court));
  drawing('centre', 1);
  await judge(await clip([{ look: same, from: 300, frames: 110 }], 12_000_000));
  assert.ok(subjects().includes('centre'), subjects().join());
  await judge(await clip([{ look: mirrored, from: 300, frames: 60 }], 15_700_000));
  await until(() => statuses.at(-1)?.places.state === 'lost');
  drawing('centre', 2);
  events.length = 0;
  await judge(await clip([{ look: mirrored, from: 360, frames: 150 }], 17_733_333));
  await until(() => statuses.at(-1)?.places.state === 'still');
  assert.ok(subjects().includes('centre'), subjects().join());
});

test('black, frozen and a moving camera are told, each only while it is so', {
  skip,
}, async (t) => {
  // No model is needed for it.
  const parts = await open({ id: 'field' });
  t.after(() => parts.close());
  const { statuses, judge } = parts;
  const told = (from: number) => {
    const scenes = statuses.slice(from).map(({ scene }) => scene);
    const names = ['isBlack', 'isFrozen', 'isCameraMoving', 'isReplay'] as const;
    return names.filter((name) => scenes.some((scene) => scene[name]));
  };
  await judge(await clip([{ look: same, from: 0, frames: 60 }], 5_000_000));
  assert.deepEqual(told(0), [], JSON.stringify(statuses.at(-1)));
  let from = statuses.length;
  await judge(await clip([{ look: black, from: 0, frames: 30 }], 7_000_000));
  await judge(await clip([{ look: same, from: 60, frames: 15 }], 8_000_000));
  assert.ok(told(from).includes('isBlack'), told(from).join());
  await parts.until(() => statuses.at(-1)?.scene.isBlack === false);
  from = statuses.length;
  await judge(await clip([{ look: same, from: 90, frames: 150, isStill: true }], 9_000_000));
  assert.ok(told(from).includes('isFrozen'), told(from).join());
  await judge(await clip([{ look: same, from: 91, frames: 30 }], 15_000_000));
  await parts.until(() => statuses.at(-1)?.scene.isFrozen === false);
  from = statuses.length;
  const pan: Part[] = Array.from({ length: 45 }, (_, at) => ({
    look: (picture) => panned(picture, at * 10),
    ...{ from: 122 + at, frames: 1 },
  }));
  await judge(await clip(pan, 17_000_000));
  assert.ok(told(from).includes('isCameraMoving'), told(from).join());
});

/** Every row moved to the left by so many pixels; what comes in is the row's other end. */
function panned(picture: Uint8Array, pixels: number): Uint8Array {
  const out = new Uint8Array(picture.length);
  const shift = (start: number, width: number, height: number, by: number) => {
    for (let y = 0; y < height; y++) {
      const row = picture.subarray(start + y * width, start + (y + 1) * width);
      out.set(row.subarray(by), start + y * width);
      out.set(row.subarray(0, by), start + (y + 1) * width - by);
    }
  };
  shift(0, WIDTH, HEIGHT, pixels);
  shift(AREA, WIDTH / 2, HEIGHT / 2, pixels / 2);
  shift((AREA * 5) / 4, WIDTH / 2, HEIGHT / 2, pixels / 2);
  return out;
}
