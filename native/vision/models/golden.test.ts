// Proves that real people are found in real photos, exactly as the reference implementation found
// them: detections of upstream weights against golden boxes within the stated tolerance. The
// weights and photos lie beside the checkout; without them the tests are counted as skipped.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { TEST_FFMPEG_PATH } from '../../ffmpeg/testFfmpeg.ts';
import { overlapOf } from '../tracking/track.ts';
import { findModel } from './manifest.ts';
import type { Picture } from './picture.ts';
import { openSession } from './session.ts';

const shared = resolve(import.meta.dirname, '../../../../shared');
const models = join(shared, 'models');
const skip = existsSync(join(models, 'golden.json')) ? false : `no ${models}`;

type Golden = {
  tolerance_per_model: Record<string, { iou_min: number; score_tol: number }>;
  images: Record<
    string,
    {
      file: string;
      w: number;
      h: number;
      detections: Record<
        string,
        { threshold: number; boxes: { class: string; score: number; box: number[] }[] }
      >;
    }
  >;
};

/** A photo as full-range YUV 4:2:0, cut to even sides. */
function readPhoto(path: string, width: number, height: number): Picture {
  const even = { width: width & ~1, height: height & ~1 };
  const filter = `crop=${even.width}:${even.height}:0:0:exact=1,format=yuvj420p`;
  const bytes = execFileSync(
    TEST_FFMPEG_PATH,
    ['-v', 'error', '-i', path, '-vf', filter, '-f', 'rawvideo', 'pipe:1'],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return { ...even, bytes, range: 'full', matrix: 'bt601' };
}

for (const [key, id] of [
  ['yolox_nano', 'yolox_nano_416'],
  ['light_person', 'light_person_detector'],
] as const) {
  test(`${id} sees what the reference sees`, { skip }, async () => {
    const golden = JSON.parse(readFileSync(join(models, 'golden.json'), 'utf8')) as Golden;
    const tolerance = golden.tolerance_per_model[key] ?? { iou_min: 0.85, score_tol: 0.08 };
    const found = await findModel(id, [models]);
    assert.ok('model' in found, 'reason' in found ? found.reason : '');
    const session = await openSession(found.model, []);
    assert.equal(session.provider, 'cpu');
    let compared = 0;
    for (const image of Object.values(golden.images)) {
      const expected = image.detections[key];
      if (!expected) continue;
      const picture = readPhoto(join(shared, 'media', image.file), image.w, image.h);
      const { detections } = await session.detect(picture);
      for (const box of expected.boxes) {
        // Boxes close to the threshold depend on the resampler; the golden file says so.
        if (box.score < expected.threshold + 0.1) continue;
        const [left = 0, top = 0, right = 0, bottom = 0] = box.box;
        const place = { x: left, y: top, width: right - left, height: bottom - top };
        const match = detections.find((seen) => {
          const inPixels = {
            x: seen.x * picture.width,
            y: seen.y * picture.height,
            width: seen.width * picture.width,
            height: seen.height * picture.height,
          };
          const isNear = Math.abs(seen.confidence - box.score) <= tolerance.score_tol;
          return (
            seen.label === box.class && isNear && overlapOf(inPixels, place) >= tolerance.iou_min
          );
        });
        assert.ok(match, `${image.file}: ${box.class} ${box.score} at ${box.box.join(',')}`);
        compared++;
      }
    }
    assert.ok(compared >= 3, `only ${compared} boxes were compared`);
  });
}
