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
    vision: { configure: ({ pack, places }) => told.push({ pack, places }) },
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
  await assert.rejects(room.setPlaces('frob', places), { message: /No pack "frob"; there are: / });
  await assert.rejects(room.choosePack('frob'), { message: /No pack "frob"/ });
  assert.equal((await room.show()).places, null);
});

const CORNERS: [number, number][] = [
  [0, 0],
  [1, 0],
  [1, 1],
];
