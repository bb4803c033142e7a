// Upstream files that people already have: a manifest entry that names one of them by its hash
// needs no description of input and output. The bytes decide, never the name.

const yoloxInput = {
  name: 'images',
  channels: 'BGR',
  scale: 1,
  fit: 'letterbox',
  pad: 114,
} as const;

const tinyPose = {
  layout: 'heatmaps',
  labels: 'coco17',
  input: {
    name: 'image',
    channels: 'RGB',
    scale: 1 / 255,
    mean: [0.485, 0.456, 0.406],
    deviation: [0.229, 0.224, 0.225],
    fit: 'stretch',
    pad: 0,
  },
} as const;

const KNOWN: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  // YOLOX-nano 416 of Megvii-BaseDetection/YOLOX, Apache-2.0.
  '695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14': {
    layout: 'yolox',
    input: { ...yoloxInput, width: 416, height: 416 },
    labels: 'coco80',
  },
  // Light person detector 192 of Kazuhito Takahashi, Apache-2.0.
  '4bf5f704cd3bd900645a4303e0934ede13d9fb2135058b38005f4c2886c68576': {
    layout: 'yolox',
    input: { ...yoloxInput, width: 192, height: 192 },
    labels: ['person'],
  },
  // NanoDet-m 416 of RangiLyu/nanodet, Apache-2.0.
  '08b62b9ee4a7878e7a64d6ef4faf3074322c033a0252c83a20f41b86c76e8146': {
    layout: 'nanodet',
    input: {
      ...{ name: 'input.1', width: 416, height: 416, channels: 'BGR', scale: 1, fit: 'stretch' },
      ...{ mean: [103.53, 116.28, 123.675], deviation: [57.375, 57.12, 58.395], pad: 0 },
    },
    labels: 'coco80',
  },
  // FastestDet of dog-qiuqiu/FastestDet, BSD-3-Clause. Its scores are roots, so they are high.
  '31cb14c017fce347cb4c846ec62fdf00d76bb3beecdf4be21e7116ac67feb880': {
    layout: 'fastestdet',
    input: {
      ...{ name: 'input.1', width: 352, height: 352, channels: 'BGR', scale: 1 / 255 },
      ...{ fit: 'stretch', pad: 0 },
    },
    labels: 'coco80',
    minimumConfidence: 0.4,
    overlapMax: 0.45,
  },
  // PP-TinyPose 128x96 and 256x192 of PaddlePaddle/PaddleDetection, Apache-2.0.
  fd50472ff27a7b7fc8fd60926f2eee7085d3ae58deb38df8aa1c0e948b6cbf06: {
    ...tinyPose,
    input: { ...tinyPose.input, width: 96, height: 128 },
    cropScale: 1,
  },
  b3f170d870d64fdd36d65cf0a3737699a76b59fd8534f8304dbb1b0c4715a4b4: {
    ...tinyPose,
    input: { ...tinyPose.input, width: 192, height: 256 },
    cropScale: 1.1,
  },
};

/** A whole entry for a short one whose hash is known; null when the entry must speak for itself. */
export function knownFile(entry: unknown): Record<string, unknown> | null {
  if (typeof entry !== 'object' || entry === null) return null;
  const { sha256, layout } = entry as Record<string, unknown>;
  if (layout !== undefined || typeof sha256 !== 'string') return null;
  const known = KNOWN[sha256];
  return known ? { ...entry, ...known } : null;
}
