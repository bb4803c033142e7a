// Proves that every layout reads its real network as the reference implementation reads it: boxes
// and keypoints on real photos, and whole tensors on noise, against golden answers within their
// stated tolerances. The weights and photos lie beside the checkout; without them the tests are
// counted as skipped.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlapOf } from '../tracking/track.ts';
import type { Model } from './manifest.ts';
import { cropOf, openPoseSession } from './poseSession.ts';
import { noiseFor, shapeOf } from './providers.ts';
import { openModelFile } from './runtime.ts';
import { openSession } from './session.ts';
import { readPhoto, readShared, SHARED_SKIP, sharedModel } from './testing/photo.ts';

type Numbers = { dims: number[]; mean: number; absmax: number; first: number[] };
type GoldenPose = { box: number[]; keypoints: [number, number, number][] };
type Golden = {
  tolerance: { kp_px: number; kp_score_tol: number };
  tolerance_per_model: Record<string, { iou_min: number; score_tol: number }>;
  tensor: { models: Record<string, { scale: number; outputs: Record<string, Numbers> }> };
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
      pose?: { models: Record<string, GoldenPose[]> };
    }
  >;
};
const skip = SHARED_SKIP;
const WHOLE = { x: 0, y: 0, width: 1, height: 1 };
const golden = skip ? null : readShared<Golden>('models/golden.json');

/** Detector by its name in the golden file, its file, and how many boxes must be compared. */
const DETECTORS = [
  ['yolox_nano', 'yolox_nano_416', 7],
  ['light_person', 'light_person_detector', 3],
  ['nanodet_m_416', 'nanodet_m_416', 5],
  ['fastestdet', 'fastestdet', 5],
] as const;

const POSES = ['pp_tinypose_128x96', 'pp_tinypose_256x192'];

for (const [key, id, least] of DETECTORS) {
  test(`${id} sees what the reference sees`, { skip }, async () => {
    assert.ok(golden);
    const tolerance = golden.tolerance_per_model[key];
    assert.ok(tolerance);
    const session = await openSession(await sharedModel(id), { allowed: [] });
    assert.equal(session.provider, 'cpu');
    let compared = 0;
    for (const image of Object.values(golden.images)) {
      const expected = image.detections[key];
      if (!expected) continue;
      const picture = readPhoto(image.file, image.w, image.h);
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
          return (
            seen.label === box.class.replaceAll('_', ' ') &&
            Math.abs(seen.confidence - box.score) <= tolerance.score_tol &&
            overlapOf(inPixels, place) >= tolerance.iou_min
          );
        });
        assert.ok(match, `${image.file}: ${box.class} ${box.score} at ${box.box.join(',')}`);
        compared++;
      }
    }
    assert.ok(compared >= least, `only ${compared} boxes were compared`);
    await session.close();
  });
}

for (const id of POSES) {
  test(`${id} sees the keypoints that the reference sees`, { skip }, async () => {
    assert.ok(golden);
    const { kp_px: pixelsMax, kp_score_tol: scoreMax } = golden.tolerance;
    // The golden answers were taken from crops 1.25 times the box.
    const model: Model = { ...(await sharedModel(id)), cropScale: 1.25 };
    const session = await openPoseSession(model, { allowed: [] });
    let compared = 0;
    for (const image of Object.values(golden.images)) {
      const expected = image.pose?.models[`${id}.onnx`] ?? [];
      const picture = readPhoto(image.file, image.w, image.h);
      const boxes = expected.map(({ box: [left = 0, top = 0, right = 0, bottom = 0] }) => ({
        x: left / picture.width,
        y: top / picture.height,
        width: (right - left) / picture.width,
        height: (bottom - top) / picture.height,
      }));
      const { poses } = await session.look(picture, boxes);
      // The golden answers lie on quarters of a heatmap's cell, ours between them.
      const cellOf = (box: (typeof boxes)[number]) =>
        cropOf(box, picture, model).height / (model.input.height / 4);
      for (const [person, { keypoints }] of expected.entries()) {
        for (const [index, [x, y, score]] of keypoints.entries()) {
          const seen = poses[person]?.[index];
          assert.ok(seen);
          // The heatmap's peak may be above 1; a confidence is not.
          const scoreError = Math.abs(seen.confidence - Math.min(1, score));
          const place = [seen.x * picture.width, seen.y * picture.height] as const;
          const error = Math.hypot(place[0] - x, place[1] - y);
          // Where the network is not sure, two cells of the heatmap are as good as each other.
          if (score < 0.5) continue;
          const where = `${image.file} person ${person} ${model.labels[index]}`;
          const most = Math.max(pixelsMax, 0.55 * cellOf(boxes[person] ?? WHOLE));
          assert.ok(error <= most, `${where}: ${place.join(',')} is not ${x},${y}`);
          assert.ok(scoreError <= scoreMax, `${where}: ${seen.confidence} is not ${score}`);
          compared++;
        }
      }
    }
    assert.ok(compared >= 40, `only ${compared} keypoints were compared`);
    await session.close();
  });
}

for (const id of [...DETECTORS.map(([, id]) => id), ...POSES]) {
  test(`${id} answers noise as it did elsewhere`, { skip }, async () => {
    const expected = golden?.tensor.models[`${id}.onnx`];
    assert.ok(expected);
    const model = await sharedModel(id);
    const open = await openModelFile(model.path, 'cpu');
    const values = noiseFor(model).map((value) => value * expected.scale);
    const outputs = await open.run({ [model.input.name]: { dims: shapeOf(model), data: values } });
    for (const [name, numbers] of Object.entries(expected.outputs)) {
      const data = outputs[name]?.data ?? new Float32Array(0);
      assert.deepEqual(outputs[name]?.dims, numbers.dims);
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      const most = data.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
      const near = (a: number, b: number) => Math.abs(a - b) <= 1e-3 * numbers.absmax;
      assert.ok(near(mean, numbers.mean), `${name}: mean ${mean}, not ${numbers.mean}`);
      assert.ok(near(most, numbers.absmax), `${name}: largest ${most}, not ${numbers.absmax}`);
      for (const [index, value] of numbers.first.entries()) {
        assert.ok(near(data[index] ?? Number.NaN, value), `${name}[${index}]: ${data[index]}`);
      }
    }
    await open.close();
  });
}
