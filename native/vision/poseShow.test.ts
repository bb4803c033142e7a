// Proves the whole way of a pose on a real clip: encoded, decoded, a person found, joints found in a
// thread of their own, and on the wire with the person's track, without a picture being lost or
// judged late for it. Networks and clip lie beside the checkout; without them it is skipped.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { SHARED, SHARED_MODELS, SHARED_SKIP } from './models/testing/photo.ts';
import { encodeClip } from './testFeed.ts';
import { FFMPEG_SKIP, openVision, packFolderOf } from './testing/openVision.ts';

const skip = SHARED_SKIP || FFMPEG_SKIP;

test('joints of a person come with the track, and every picture is judged', { skip }, async (t) => {
  const packFolder = packFolderOf({
    ...{ id: 'people', detector: { model: 'light_person_detector', minimumConfidence: 0.4 } },
    pose: { model: 'pp_tinypose_128x96', label: 'person' },
  });
  const opened = await openVision({ pack: 'people', packFolder, modelFolders: [SHARED_MODELS] });
  t.after(() => opened.close());
  const { client, facts, statuses, until } = opened;
  await until(
    () => statuses.at(-1)?.models.filter(({ state }) => state === 'running').length === 2,
  );
  const units = await encodeClip({
    input: ['-ss', '12', '-i', join(SHARED, 'media/intel_one_by_one_person.mp4')],
    ...{ filter: 'scale=640:360', frames: 120 },
  });
  for (const [index, unit] of units.entries()) {
    client.push(unit);
    // One after the other, so that the pose's thread sees several pictures.
    await until(() => facts.length > index);
  }
  assert.deepEqual(
    facts.map(({ captureUs }) => Number(captureUs)),
    units.map(({ captureUs }) => captureUs),
  );
  const posed = facts.flatMap(({ tracks }) => tracks.filter((track) => track.keypoints.length > 0));
  assert.ok(posed.length >= 10, `${posed.length} tracks with joints`);
  for (const { box, keypoints, keypointsAgeUs, label } of posed) {
    assert.deepEqual([label, keypoints.length], ['person', 17]);
    assert.ok(box && keypointsAgeUs <= 700_000);
    const sure = keypoints.filter(({ confidence }) => confidence > 0.5);
    const inside = sure.filter(
      ({ x, y }) =>
        x > box.x - box.width / 4 &&
        x < box.x + box.width * 1.25 &&
        y > box.y - box.height / 4 &&
        y < box.y + box.height * 1.25,
    );
    assert.ok(inside.length >= sure.length * 0.8, `${inside.length} of ${sure.length} joints`);
  }
});
