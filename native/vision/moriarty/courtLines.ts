// Straight painted lines of one picture: pixels that are brighter (or darker) than the ground on
// both sides of them (Farin, Krabbe, de With, Effelsberg 2003, "Robust camera calibration for sport
// videos using court models", section 3), gathered to lines by a Hough transform and laid through
// their pixels again by least squares. It knows no sport; which lines make a court is elsewhere.

export type LinePicture = { luma: Uint8Array; width: number; height: number };

/** All points with x cos(angle) + y sin(angle) = distance; pixels. */
export type PictureLine = { cosine: number; sine: number; distance: number; pixels: number };

export type FoundLines = {
  lines: PictureLine[];
  /** 1 where a line's pixel is at most REACH away. */
  near: Uint8Array;
  /** Share of the picture of which that is so: a grainy one has such pixels everywhere. */
  nearShare: number;
};

/** The ground is looked at so far on both sides of a pixel. */
const SIDE = 5;
/** Steps of luma by which a line stands out on both sides. */
const STAND_OUT_MIN = 14;
/** More pixels than this share are no lines but a texture: the most distinct ones are taken. */
const PIXELS_MAX = 9_000;
const ANGLES = 180;
const DISTANCE_STEP = 2;
const LINES_MAX = 18;
/** Pixels of a line; fewer are an accident. */
const LINE_PIXELS_MIN = 70;
/** Two peaks nearer than this are one line. */
const APART_ANGLES = 4;
const APART_DISTANCE = 7;
const REACH = 2;

export function findLines(picture: LinePicture): FoundLines {
  const { width, height } = picture;
  const strength = standingOut(picture);
  const pixels = strongest(strength);
  const lines = peaksOf(pixels, width, height)
    .map((line) => refined(line, pixels, width))
    .filter((line) => line.pixels >= LINE_PIXELS_MIN);
  const near = spread(pixels, width, height);
  const nearShare = near.reduce((sum, one) => sum + one, 0) / near.length;
  return { lines: distinct(lines, width, height), near, nearShare };
}

/** By how much each pixel stands out of both sides, in the best of four directions. */
function standingOut({ luma, width, height }: LinePicture): Uint8Array {
  const out = new Uint8Array(width * height);
  const diagonal = Math.round(SIDE * Math.SQRT1_2);
  const across = [SIDE, SIDE * width, diagonal * (width + 1), diagonal * (width - 1)];
  for (let y = SIDE; y < height - SIDE; y++) {
    for (let x = SIDE; x < width - SIDE; x++) {
      const at = y * width + x;
      const here = luma[at] as number;
      let best = 0;
      for (const step of across) {
        const one = here - (luma[at - step] as number);
        const other = here - (luma[at + step] as number);
        const least = one > 0 ? Math.min(one, other) : Math.min(-one, -other);
        // A line's two sides are the same ground: an edge of a thing has two different ones.
        if (least > best && Math.abs(one - other) < least) best = least;
      }
      if (best >= STAND_OUT_MIN) out[at] = best;
    }
  }
  return out;
}

function strongest(strength: Uint8Array): number[] {
  const counts = new Uint32Array(256);
  for (const one of strength) counts[one] = (counts[one] as number) + 1;
  let least = 255;
  let count = 0;
  while (least > STAND_OUT_MIN && count + (counts[least] as number) <= PIXELS_MAX) {
    count += counts[least] as number;
    least--;
  }
  const pixels: number[] = [];
  strength.forEach((one, at) => {
    if (one >= Math.max(least, 1)) pixels.push(at);
  });
  return pixels;
}

const COSINES = Float64Array.from({ length: ANGLES }, (_, at) => Math.cos((at * Math.PI) / ANGLES));
const SINES = Float64Array.from({ length: ANGLES }, (_, at) => Math.sin((at * Math.PI) / ANGLES));

function peaksOf(pixels: readonly number[], width: number, height: number): PictureLine[] {
  const reach = Math.ceil(Math.hypot(width, height));
  const bins = Math.ceil((2 * reach) / DISTANCE_STEP) + 1;
  const votes = new Uint16Array(ANGLES * bins);
  for (const at of pixels) {
    const x = at % width;
    const y = (at / width) | 0;
    for (let angle = 0; angle < ANGLES; angle++) {
      const distance = x * (COSINES[angle] as number) + y * (SINES[angle] as number) + reach;
      const bin = angle * bins + ((distance / DISTANCE_STEP + 0.5) | 0);
      votes[bin] = (votes[bin] as number) + 1;
    }
  }
  const candidates: number[] = [];
  for (let at = 0; at < votes.length; at++) {
    if ((votes[at] as number) >= LINE_PIXELS_MIN) candidates.push(at);
  }
  candidates.sort((one, other) => (votes[other] as number) - (votes[one] as number));
  const lines: PictureLine[] = [];
  for (const best of candidates) {
    const pixelCount = votes[best] as number;
    // Cleared with a stronger one nearby.
    if (pixelCount === 0) continue;
    const angle = Math.floor(best / bins);
    const bin = best % bins;
    lines.push({
      ...{ cosine: COSINES[angle] as number, sine: SINES[angle] as number, pixels: pixelCount },
      distance: bin * DISTANCE_STEP - reach,
    });
    if (lines.length === 2 * LINES_MAX) break;
    clearAround(votes, bins, angle, bin);
  }
  return lines;
}

/** Takes a peak and its flanks away; angles go round, and then the distance changes its sign. */
function clearAround(votes: Uint16Array, bins: number, angle: number, bin: number): void {
  const reach = Math.ceil(APART_DISTANCE / DISTANCE_STEP);
  for (let turn = -APART_ANGLES; turn <= APART_ANGLES; turn++) {
    const turned = angle + turn;
    const isRound = turned < 0 || turned >= ANGLES;
    const row = (turned + ANGLES) % ANGLES;
    const middle = isRound ? bins - 1 - bin : bin;
    const from = Math.max(0, middle - reach);
    votes.fill(0, row * bins + from, row * bins + Math.min(bins, middle + reach + 1));
  }
}

/** Total least squares through the pixels nearby, twice. */
function refined(line: PictureLine, pixels: readonly number[], width: number): PictureLine {
  let now = line;
  for (const reach of [3, 2]) {
    let [count, sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0, 0];
    for (const at of pixels) {
      const x = at % width;
      const y = (at / width) | 0;
      if (Math.abs(x * now.cosine + y * now.sine - now.distance) > reach) continue;
      count++;
      sx += x;
      sy += y;
      sxx += x * x;
      syy += y * y;
      sxy += x * y;
    }
    if (count < LINE_PIXELS_MIN / 2) return { ...now, pixels: count };
    const [mx, my] = [sx / count, sy / count];
    const [vx, vy, c] = [sxx / count - mx * mx, syy / count - my * my, sxy / count - mx * my];
    // The normal is the direction in which the pixels vary least.
    const angle = 0.5 * Math.atan2(2 * c, vx - vy) + Math.PI / 2;
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    now = { cosine, sine, distance: mx * cosine + my * sine, pixels: count };
  }
  return now;
}

/** Fitting may have laid two peaks on one line. */
function distinct(lines: readonly PictureLine[], width: number, height: number): PictureLine[] {
  const kept: PictureLine[] = [];
  for (const line of lines.toSorted((a, b) => b.pixels - a.pixels)) {
    const isKnown = kept.some((other) => apart(line, other, width, height) < APART_DISTANCE / 2);
    if (!isKnown) kept.push(line);
    if (kept.length === LINES_MAX) break;
  }
  return kept;
}

/** The mean distance of two lines inside the picture, pixels. */
function apart(one: PictureLine, other: PictureLine, width: number, height: number): number {
  const alike = one.cosine * other.cosine + one.sine * other.sine;
  if (Math.abs(alike) < Math.cos((APART_ANGLES * Math.PI) / 180)) return Number.POSITIVE_INFINITY;
  const sign = alike < 0 ? -1 : 1;
  const at = (line: PictureLine, x: number, y: number) =>
    x * line.cosine + y * line.sine - line.distance;
  const points = [
    [width / 4, height / 4],
    [(3 * width) / 4, (3 * height) / 4],
    [width / 4, (3 * height) / 4],
    [(3 * width) / 4, height / 4],
  ] as const;
  const sum = points.reduce(
    (total, [x, y]) => total + Math.abs(at(one, x, y) - sign * at(other, x, y)),
    0,
  );
  return sum / points.length;
}

function spread(pixels: readonly number[], width: number, height: number): Uint8Array {
  const near = new Uint8Array(width * height);
  for (const at of pixels) {
    const x = at % width;
    const y = (at / width) | 0;
    for (let row = Math.max(0, y - REACH); row <= Math.min(height - 1, y + REACH); row++) {
      const from = Math.max(0, x - REACH);
      near.fill(1, row * width + from, row * width + Math.min(width, x + REACH + 1));
    }
  }
  return near;
}
