// A straight line through points by least squares, and how uncertain its slope is. Pure.

/** @throws Error with fewer than three points, or all at one place */
export function slopeOf(
  xs: readonly number[],
  ys: readonly number[],
): { slope: number; standardError: number } {
  const count = Math.min(xs.length, ys.length);
  if (count < 3) throw new Error('A slope with its error needs three points');
  const mean = (values: readonly number[]) =>
    values.slice(0, count).reduce((sum, value) => sum + value, 0) / count;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  let [squares, products] = [0, 0];
  for (let at = 0; at < count; at++) {
    const x = (xs[at] ?? 0) - meanX;
    squares += x * x;
    products += x * ((ys[at] ?? 0) - meanY);
  }
  if (squares === 0) throw new Error('All points are at one place');
  const slope = products / squares;
  let rest = 0;
  for (let at = 0; at < count; at++) {
    rest += ((ys[at] ?? 0) - meanY - slope * ((xs[at] ?? 0) - meanX)) ** 2;
  }
  return { slope, standardError: Math.sqrt(rest / (count - 2) / squares) };
}
