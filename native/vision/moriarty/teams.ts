// Which side somebody plays for, by the colour of the shirt: the median CIE Lab colour of the upper
// third of the box, and two means of them. It names nobody until two colours really differ; a
// referee or a goalkeeper falls to the nearer side and may be wrong.

import type { Box } from '../tracking/track.ts';

export type Team = 'A' | 'B';
type Lab = [number, number, number];

/** The two means must lie this far apart (CIE 1976 delta E), and this often their own spread. */
const APART_MIN = 22;
const SPREADS_APART = 2.2;
/** A colour this much nearer to one mean is of that side. */
const NEARER = 0.75;
/** People seen before anybody is named. */
const PEOPLE_MIN = 4;
/** Share of the newest look in somebody's colour. */
const NEWEST_SHARE = 0.2;
const FORGET_US = 5_000_000;
/** One look at somebody in this time is enough, microseconds. */
const LOOK_EVERY_US = 200_000;

/** CIE Lab (D65) of an sRGB colour, 0..255 each. */
export function labOf(red: number, green: number, blue: number): Lab {
  const linear = (value: number) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const [r, g, b] = [linear(red), linear(green), linear(blue)];
  const curve = (value: number) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const x = curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = curve(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

export type YuvPicture = { bytes: Uint8Array; width: number; height: number };

/** Median colour of the upper third of a box, its middle half; null when it is too small. */
export function shirtOf(picture: YuvPicture, box: Box): Lab | null {
  const { width, height, bytes } = picture;
  const from = Math.max(0, Math.round((box.x + box.width * 0.25) * width));
  const to = Math.min(width, Math.round((box.x + box.width * 0.75) * width));
  // The head is left out: the upper third of the body begins under it.
  const top = Math.max(0, Math.round((box.y + box.height * 0.18) * height));
  const bottom = Math.min(height, Math.round((box.y + box.height * 0.45) * height));
  if (to - from < 2 || bottom - top < 2) return null;
  const half = width >> 1;
  const planeU = width * height;
  const planeV = planeU + half * (height >> 1);
  const colours: [number[], number[], number[]] = [[], [], []];
  const stepX = Math.max(1, Math.floor((to - from) / 12));
  const stepY = Math.max(1, Math.floor((bottom - top) / 12));
  for (let y = top; y < bottom; y += stepY) {
    for (let x = from; x < to; x += stepX) {
      const chroma = (y >> 1) * half + (x >> 1);
      colours[0].push(bytes[y * width + x] ?? 0);
      colours[1].push(bytes[planeU + chroma] ?? 128);
      colours[2].push(bytes[planeV + chroma] ?? 128);
    }
  }
  const [luma, u, v] = colours.map(median);
  // BT.709, video range.
  const grey = 1.1644 * ((luma ?? 16) - 16);
  const [cb, cr] = [(u ?? 128) - 128, (v ?? 128) - 128];
  const clip = (value: number) => Math.min(255, Math.max(0, value));
  return labOf(
    clip(grey + 1.7927 * cr),
    clip(grey - 0.2132 * cb - 0.5329 * cr),
    clip(grey + 2.1124 * cb),
  );
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? 0;
}

const apart = (a: Lab, b: Lab) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

type Known = { colour: Lab; seenUs: number };

export class Teams {
  readonly #known = new Map<number, Known>();
  #means: [Lab, Lab] | null = null;

  reset(): void {
    this.#known.clear();
    this.#means = null;
  }

  /** Looks at somebody's shirt. */
  look(id: number, picture: YuvPicture, box: Box, captureUs: number): void {
    const known = this.#known.get(id);
    if (known && captureUs - known.seenUs < LOOK_EVERY_US) return;
    const colour = shirtOf(picture, box);
    if (colour) this.learn(id, colour, captureUs);
  }

  /** Takes one look's colour. */
  learn(id: number, colour: Lab, captureUs: number): void {
    const known = this.#known.get(id);
    if (known) {
      known.colour = known.colour.map(
        (value, index) => value + NEWEST_SHARE * ((colour[index] ?? value) - value),
      ) as Lab;
      known.seenUs = captureUs;
    } else {
      this.#known.set(id, { colour, seenUs: captureUs });
    }
    for (const [other, { seenUs }] of this.#known) {
      if (captureUs - seenUs > FORGET_US) this.#known.delete(other);
    }
    this.#part();
  }

  /** The side of somebody, or null while it is not clear. */
  of(id: number): Team | null {
    const known = this.#known.get(id);
    if (!known || !this.#means) return null;
    const [a, b] = this.#means.map((mean) => apart(known.colour, mean));
    if (a === undefined || b === undefined) return null;
    if (a < b * NEARER) return 'A';
    return b < a * NEARER ? 'B' : null;
  }

  /** Two means (Lloyd 1982), from the last ones or from the two that differ most. */
  #part(): void {
    const colours = [...this.#known.values()].map(({ colour }) => colour);
    if (colours.length < PEOPLE_MIN) return;
    let means = this.#means ?? farthest(colours);
    let spread = 0;
    for (let round = 0; round < 8; round++) {
      const sides: [Lab[], Lab[]] = [[], []];
      spread = 0;
      for (const colour of colours) {
        const [a, b] = [apart(colour, means[0]), apart(colour, means[1])];
        sides[a <= b ? 0 : 1].push(colour);
        spread += Math.min(a, b);
      }
      if (sides[0].length === 0 || sides[1].length === 0) {
        this.#means = null;
        return;
      }
      means = [mean(sides[0]), mean(sides[1])];
    }
    const distance = apart(means[0], means[1]);
    const isClear = distance >= APART_MIN && distance >= SPREADS_APART * (spread / colours.length);
    this.#means = isClear ? means : null;
  }
}

function mean(colours: readonly Lab[]): Lab {
  const sum = (at: number) => colours.reduce((total, colour) => total + (colour[at] ?? 0), 0);
  return [sum(0) / colours.length, sum(1) / colours.length, sum(2) / colours.length];
}

function farthest(colours: readonly Lab[]): [Lab, Lab] {
  let best: [Lab, Lab] = [colours[0] ?? [0, 0, 0], colours[0] ?? [0, 0, 0]];
  for (const a of colours) {
    for (const b of colours) if (apart(a, b) > apart(best[0], best[1])) best = [a, b];
  }
  // The lighter one is A, so that a restart names the sides alike.
  return best[0][0] >= best[1][0] ? best : [best[1], best[0]];
}
