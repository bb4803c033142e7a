// A curve as the path of an SVG. Pure.

/** @param points from the left and from the bottom, 0 to 1 */
export function curveLine(
  points: readonly { x: number; y: number }[],
  width: number,
  height: number,
): string {
  const round = (value: number) => Math.round(value * 10) / 10;
  // Inside the drawing by a line's width, at the top and at the bottom.
  const at = ({ x, y }: { x: number; y: number }) =>
    `${round(x * width)} ${round(1 + (1 - y) * (height - 2))}`;
  const [first, ...rest] = points;
  if (first === undefined) return '';
  // One point alone is a line that can be seen.
  if (rest.length === 0) return `M0 ${at(first).split(' ')[1]}L${at({ ...first, x: 1 })}`;
  return `M${at(first)}${rest.map((point) => `L${at(point)}`).join('')}`;
}
