// Proves what an owner draws on the picture: it is checked with the field and what was expected,
// kept over a restart for its own pack, told to vision, and taken away again.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import type { Places } from '../../core/contract/places.ts';
import { createGamePlaces } from './gamePlaces.ts';

const folder = await mkdtemp(join(tmpdir(), 'places-'));
after(() => rm(folder, { recursive: true }));
const shipped = resolve(import.meta.dirname, '../../models/packs');

async function open() {
  const told: { pack: string | null; places?: Places | null | undefined }[] = [];
  const room = await createGamePlaces({
    vision: {
      configure: ({ pack, places }) => told.push({ pack, places }),
      proposeCourt: async () => ({ corners: null, painted: 0, reason: 'no lines' }),
    },
    ...{ dataFolder: folder, packFolders: [join(folder, 'packs'), shipped] },
  });
  return { room, told };
}

const places: Places = {
  goalLines: null,
  lines: [{ subject: 'touch line', from: [0.1, 0.9], to: [0.9, 0.9] }],
  zones: null,
  calibration: [
    { picture: [0.1, 0.2], metres: [0, 0] },
    { picture: [0.9, 0.2], metres: [105, 0] },
    { picture: [0.95, 0.9], metres: [105, 68] },
    { picture: [0.05, 0.9], metres: [0, 68] },
  ],
};

test('drawn places are kept for their pack and told to vision', async () => {
  const { room, told } = await open();
  room.sourceChanged('generic');
  assert.deepEqual(told.pop(), { pack: 'generic', places: null });
  const shown = await room.show();
  assert.ok(shown.packs.some(({ id }) => id === 'football'));
  assert.deepEqual([shown.pack, shown.isChosen, shown.places], ['generic', false, null]);
  await room.setPlaces('football', places);
  await room.choosePack('football');
  assert.deepEqual(told.pop(), { pack: 'football', places });

  const again = await open();
  again.room.sourceChanged('generic');
  assert.deepEqual(again.told.pop(), { pack: 'football', places }, 'the choice stands');
  assert.deepEqual((await again.room.show()).places, places);
  await again.room.setPlaces('football', null);
  await again.room.choosePack(null);
  assert.deepEqual(again.told.pop(), { pack: 'generic', places: null });
});

test('places that cannot be used are refused and change nothing', async () => {
  const { room } = await open();
  const line = (places.calibration ?? []).map((pair, index) => ({
    ...{ ...pair, picture: [index / 4, index / 4] as [number, number] },
  }));
  await assert.rejects(room.setPlaces('football', { ...places, calibration: line }), {
    message: /^calibration: three of the four picture points lie on one line/,
  });
  const twice = { ...places, zones: [{ subject: 'touch line', corners: CORNERS }] };
  await assert.rejects(room.setPlaces('football', twice), { message: /names two places/ });
  // With an area of its own: only its sides tell that they cross.
  const corners: [number, number][] = [
    ...([
      [0.1, 0.1],
      [0.9, 0.9],
      [0.95, 0.3],
      [0.2, 0.8],
    ] as const),
  ].map(([x, y]) => [x, y]);
  const bent = { subject: 'bow', corners };
  await assert.rejects(room.putZone('football', bent, null), {
    message: 'zones: the sides of "bow" cross each other.',
  });
  await assert.rejects(room.setPlaces('frob', places), { message: /No pack "frob"; there are: / });
  await assert.rejects(room.choosePack('frob'), { message: /No pack "frob"/ });
  assert.equal((await room.show()).places, null);
});

test('zones are added, moved and taken away one by one, and a court by four corners', async () => {
  const { room, told } = await open();
  const zone = { subject: 'box', corners: CORNERS };
  const names = async () => (await room.show()).places?.zones?.map(({ subject }) => subject);
  await room.choosePack('football');
  await room.putZone('football', zone, null);
  await room.putZone('football', { ...zone, subject: 'corner' }, null);
  assert.deepEqual(await names(), ['box', 'corner']);
  const moved = CORNERS.map(([x, y]): [number, number] => [x / 2, y / 2]);
  await room.putZone('football', { subject: 'area', corners: moved }, 'box');
  assert.deepEqual(told.at(-1)?.places?.zones?.[0], { subject: 'area', corners: moved });
  assert.deepEqual(await names(), ['area', 'corner']);
  await assert.rejects(room.putZone('football', zone, 'box'), {
    message: 'There is no zone "box"; there are: "area", "corner".',
  });
  await assert.rejects(room.putZone('football', { ...zone, subject: 'corner' }, 'area'), {
    message: /"corner" names two places/,
  });
  await room.removeZone('football', 'corner');
  assert.deepEqual(await names(), ['area']);
  await assert.rejects(room.removeZone('football', 'corner'), { message: /no zone "corner"/ });
  const court = { lengthMetres: 105, widthMetres: 68 };
  const corners: [number, number][] = [
    [0.2, 0.2],
    [0.8, 0.2],
    [0.9, 0.9],
    [0.1, 0.9],
  ];
  await room.calibrate('football', { ...court, corners });
  assert.deepEqual(told.at(-1)?.places?.calibration?.[2], {
    ...{ picture: [0.9, 0.9], metres: [105, 68] },
  });
  assert.deepEqual(await names(), ['area'], 'zones stay');
  const row = corners.map(([x]): [number, number] => [x, x]);
  await assert.rejects(room.calibrate('football', { ...court, corners: row }), {
    message: /^calibration: three of the four picture points lie on one line/,
  });
  const twisted = corners.with(1, [0.9, 0.9]).with(2, [0.8, 0.2]);
  await assert.rejects(room.calibrate('football', { ...court, corners: twisted }), {
    message: /^calibration: the points are in another order/,
  });
  assert.equal((await room.proposeCourt()).reason, 'no lines');
  await room.setPlaces('football', null);
  await room.choosePack(null);
});

const CORNERS: [number, number][] = [
  [0, 0],
  [1, 0],
  [1, 1],
];
