// Object keypoint similarity of COCO (cocodataset.org, "Keypoint Evaluation"): how near keypoints
// lie to labelled ones, in units of the person's size and of how exactly people label that joint.
// Used by tests and measurements only.

/** The labelling deviation of each of the 17 keypoints, as COCO's evaluation has it. */
const SIGMAS = [
  0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087,
  0.087, 0.089, 0.089,
];

/**
 * @param labelled x, y, visibility of each keypoint, in pixels; visibility 0 is not labelled
 * @param area of the labelled person, square pixels
 * @returns 0..1; null when nothing is labelled
 */
export function keypointSimilarity(
  found: readonly { x: number; y: number }[],
  labelled: readonly number[],
  area: number,
): number | null {
  let sum = 0;
  let count = 0;
  for (const [index, sigma] of SIGMAS.entries()) {
    const [x = 0, y = 0, visibility = 0] = labelled.slice(index * 3, index * 3 + 3);
    const place = found[index];
    if (visibility === 0 || !place) continue;
    const squared = (place.x - x) ** 2 + (place.y - y) ** 2;
    const variance = (2 * sigma) ** 2;
    sum += Math.exp(-squared / (2 * variance * (area + Number.EPSILON)));
    count++;
  }
  return count === 0 ? null : sum / count;
}
