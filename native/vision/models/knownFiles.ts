// Upstream files that people already have: a manifest entry that names one of them by its hash
// needs no description of input and output. The bytes decide, never the name.

const yoloxInput = {
  name: 'images',
  channels: 'BGR',
  scale: 1,
  fit: 'letterbox',
  pad: 114,
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
};

/** A whole entry for a short one whose hash is known; null when the entry must speak for itself. */
export function knownFile(entry: unknown): Record<string, unknown> | null {
  if (typeof entry !== 'object' || entry === null) return null;
  const { id, file, sha256, licence, layout } = entry as Record<string, unknown>;
  if (layout !== undefined || typeof sha256 !== 'string') return null;
  const known = KNOWN[sha256];
  return known ? { ...(id === undefined ? {} : { id }), file, sha256, licence, ...known } : null;
}
