// Shapes drawn on the picture, as plain geometry: shares of it, 0..1, so that they mean the same
// on every screen. Pure; the page refuses by it while one draws, the studio before it keeps.

export type PlacePoint = readonly [number, number];

/** On which side of a line a point lies: above 0 on one, below 0 on the other. */
function sideOf([ax, ay]: PlacePoint, [bx, by]: PlacePoint, [x, y]: PlacePoint): number {
  return (bx - ax) * (y - ay) - (by - ay) * (x - ax);
}

/** A point on the line through both lies between them. */
function isBetween(a: PlacePoint, b: PlacePoint, point: PlacePoint): boolean {
  const within = (at: 0 | 1) =>
    point[at] >= Math.min(a[at], b[at]) && point[at] <= Math.max(a[at], b[at]);
  return within(0) && within(1);
}

/** Two stretches cross or touch. */
function doMeet(a: PlacePoint, b: PlacePoint, c: PlacePoint, d: PlacePoint): boolean {
  const sides = [sideOf(a, b, c), sideOf(a, b, d), sideOf(c, d, a), sideOf(c, d, b)] as const;
  if (sides[0] * sides[1] < 0 && sides[2] * sides[3] < 0) return true;
  return (
    (sides[0] === 0 && isBetween(a, b, c)) ||
    (sides[1] === 0 && isBetween(a, b, d)) ||
    (sides[2] === 0 && isBetween(c, d, a)) ||
    (sides[3] === 0 && isBetween(c, d, b))
  );
}

/** Whether two sides of a polygon meet that are no neighbours, or neighbours lie on each other. */
export function crossesItself(corners: readonly PlacePoint[]): boolean {
  const count = corners.length;
  const corner = (at: number) => corners[at % count] ?? ([0, 0] as const);
  for (let one = 0; one < count; one++) {
    const [a, b, next] = [corner(one), corner(one + 1), corner(one + 2)];
    const isBack = sideOf(a, b, next) === 0 && count > 2;
    if (isBack && (isBetween(a, b, next) || isBetween(b, next, a))) return true;
    for (let other = one + 2; other < count; other++) {
      if (one === 0 && other === count - 1) continue;
      if (doMeet(a, b, corner(other), corner(other + 1))) return true;
    }
  }
  return false;
}

/** Whether a point lies in a polygon: an odd number of edges to the right of it. */
export function isInsidePlace([x, y]: PlacePoint, corners: readonly PlacePoint[]): boolean {
  let inside = false;
  let before = corners.at(-1);
  for (const corner of corners) {
    if (before) {
      const [ax, ay] = before;
      const [bx, by] = corner;
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    before = corner;
  }
  return inside;
}
