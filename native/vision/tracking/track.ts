// What trackers take and give. All positions are normalised to the picture: 0..1 from the left and
// from the top; velocities are pictures per second.

export type Box = { x: number; y: number; width: number; height: number };

/** One thing that a detector saw on one picture. */
export type Detection = Box & { label: string; confidence: number };

/** One thing that is followed. The id is given after confirmation and never used again. */
export type TrackView = Box & {
  id: number;
  label: string;
  velocityX: number;
  velocityY: number;
  confidence: number;
  ageFrames: number;
  /** Carried forward; not seen on this picture. */
  predicted: boolean;
  /** Has not moved for a while: a detector need not look there again. */
  isStill?: boolean;
};

/** Width of a picture in heights, for distances and directions. */
export const ASPECT = 16 / 9;

/** Gives the next public id; shared by all trackers of one process. */
export type TakeId = () => number;

export function makeIds(): TakeId {
  let last = 0;
  return () => ++last;
}

/** Intersection over union of two boxes, 0..1. */
export function overlapOf(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** The box grown by a share of its size on each side: fast things still meet their last place. */
export function grown(box: Box, share: number): Box {
  return {
    x: box.x - box.width * share,
    y: box.y - box.height * share,
    width: box.width * (1 + 2 * share),
    height: box.height * (1 + 2 * share),
  };
}
