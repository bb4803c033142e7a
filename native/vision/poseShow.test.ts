// Proves the whole way of a pose on a real clip: encoded, decoded, a person found, joints found in a
// thread of their own, and on the wire with the person's track, without a picture being lost or
// judged late for it. Networks and clip lie beside the checkout; without them it is skipped.

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { realTimers } from '../../core/base/clock.ts';
import { silentLogger } from '../../core/base/logger.ts';
import type { FrameFacts } from '../../core/wire/gen/facts_pb.js';
import { hasFfmpeg, resolveFfmpeg } from '../ffmpeg/resolve.ts';
import { createVisionClient, type VisionStatus } from './client.ts';
import { SHARED, SHARED_MODELS, SHARED_SKIP } from './models/testing/photo.ts';
import { encodeClip } from './testFeed.ts';
import { startVision } from './visionProcess.ts';

const ffmpeg = await resolveFfmpeg({ environmentPath: process.env.MORPHINE_FFMPEG });
const skip = SHARED_SKIP || (hasFfmpeg(ffmpeg) ? false : 'no ffmpeg');

test('joints of a person come with the track, and every picture is judged', { skip }, async (t) => {
  const packFolder = mkdtempSync(join(tmpdir(), 'packs-'));
  const pack = {
    ...{ version: 1, id: 'people', title: 'People', ball: null, goalLines: [], lines: [] },
    ...{ centreSpot: null, detector: { model: 'light_person_detector', minimumConfidence: 0.4 } },
    pose: { model: 'pp_tinypose_128x96', label: 'person' },
  };
  writeFileSync(join(packFolder, 'people.json'), JSON.stringify(pack));
  const vision = await startVision({
    ...{ ffmpeg, timers: realTimers, logger: silentLogger, providers: [], pack: null, packFolder },
    clock: { nowUs: () => Number(process.hrtime.bigint() / 1000n) },
    modelFolders: [SHARED_MODELS],
    workerUrl: new URL('./models/worker.ts', import.meta.url),
  });
  const client = createVisionClient({ timers: realTimers, logger: silentLogger });
  t.after(async () => {
    client.close();
    await vision.close();
  });
  const facts: FrameFacts[] = [];
  let status: VisionStatus | null = null;
  let onNews = () => {};
  client.onFacts((one) => {
    facts.push(one);
    onNews();
  });
  client.onStatus((one) => {
    status = one;
    onNews();
  });
  const until = (isSo: () => boolean) =>
    new Promise<void>((done) => {
      onNews = () => {
        if (isSo()) done();
      };
      onNews();
    });
  client.configure({ pack: 'people', model: null });
  client.setEndpoint(vision.endpoint);
  await until(() => status?.models.filter(({ state }) => state === 'running').length === 2);
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
