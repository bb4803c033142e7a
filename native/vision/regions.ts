// Where the detector looks next when the picture is larger than its input: things that would be
// only a few pixels there are looked at in a part of the picture at full size, in turn with looks
// at the whole, whoever was not looked at for longest first. What stands still with nothing
// stirring near it needs no look; the whole picture is looked at once a second for its sake.
// Pure: it knows boxes and time, no pixels. Surprising: large things ask for no parts, for the
// whole shows them well enough.

import type { InputShape, Region } from './models/picture.ts';
import { type Box, grown } from './tracking/track.ts';

type Size = { width: number; height: number };

/** A part is worth its look when the whole picture has less than this scale in the input. */
const SCALE_MAX = 0.75;
/** A thing with a longer side than this in the input is seen well in the whole, input pixels. */
const SMALL_MAX = 64;
/** Room around what is looked at, pixels of the picture. */
const MARGIN = 16;
/** The whole is looked at at least each so many looks; the second is for when large things move. */
const WHOLE_EVERY = 4;
const WHOLE_EVERY_WITH_LARGE = 2;
/** Where nothing stirs and everything known stands still, one look a second is enough. */
const RELOOK_US = 1_000_000;
/** Looks at parts that are remembered: more than there are things to look at in turn. */
const LOOKS_MAX = 32;
/** Motion this near to something that stands still may be its own, share of its size. */
const NEAR = 0.25;

/** What could be looked at: a followed thing or motion, in shares of the picture. */
export type Followed = { box: Box; isStill: boolean };
/** `region` null: the whole picture. */
export type LookPlan = { region: Region | null } | null;

/** Things that need a look: what moves or is new, and motion that no followed thing explains. */
export function stirring(followed: readonly Followed[], motion: readonly Box[]): Box[] {
  const near = (box: Box) => motion.some((blob) => overlaps(grown(box, NEAR), blob));
  const moving = followed.filter(({ box, isStill }) => !isStill || near(box));
  const unexplained = motion.filter((blob) => !followed.some(({ box }) => holds(box, blob)));
  return [...moving.map(({ box }) => box), ...unexplained];
}

/** The largest part that a model's input shows at full size; null: no part is needed. */
export function partSize(picture: Size, input: InputShape): Size | null {
  const scale = Math.min(input.width / picture.width, input.height / picture.height);
  if (input.fit !== 'letterbox' || scale >= SCALE_MAX) return null;
  const { width, height } = picture;
  return { width: Math.min(width, input.width), height: Math.min(height, input.height) };
}

export class LookPlanner {
  readonly #picture: Size;
  readonly #part: Size | null;
  readonly #scale: number;
  #looks: { region: Region; atUs: number }[] = [];
  #wholeUs = Number.NEGATIVE_INFINITY;
  #sinceWhole = 0;

  constructor(picture: Size, input: InputShape | null) {
    this.#picture = picture;
    this.#part = input && partSize(picture, input);
    this.#scale = input ? Math.min(input.width / picture.width, input.height / picture.height) : 1;
  }

  reset(): void {
    this.#wholeUs = Number.NEGATIVE_INFINITY;
    this.#sinceWhole = 0;
    this.#looks = [];
  }

  /**
   * Where to look on this picture; null: nowhere. The look is taken for done once it is `note`d.
   *
   * @param boxes what stirs, in shares of the picture
   */
  next(boxes: readonly Box[], nowUs: number): LookPlan {
    const isDue = nowUs - this.#wholeUs >= RELOOK_US;
    if (boxes.length === 0) return isDue ? { region: null } : null;
    const wanted = boxes.map((box) => this.#pixelsOf(box));
    const small = wanted.filter((box) => this.#isForPart(box));
    const every = small.length < wanted.length ? WHOLE_EVERY_WITH_LARGE : WHOLE_EVERY;
    if (small.length === 0 || isDue || this.#sinceWhole >= every - 1) return { region: null };
    return { region: this.#regionOf(small) };
  }

  /** The look was begun. */
  note({ region }: { region: Region | null }, nowUs: number): void {
    if (!region) {
      this.#wholeUs = nowUs;
      this.#sinceWhole = 0;
      return;
    }
    this.#sinceWhole++;
    this.#looks = [{ region, atUs: nowUs }, ...this.#looks.slice(0, LOOKS_MAX - 1)];
  }

  #pixelsOf({ x, y, width, height }: Box): Box {
    const { width: w, height: h } = this.#picture;
    const [left, top] = [Math.max(0, x * w), Math.max(0, y * h)];
    const right = Math.min(w, (x + width) * w);
    const bottom = Math.min(h, (y + height) * h);
    return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
  }

  #isForPart({ width, height }: Box): boolean {
    const part = this.#part;
    if (!part) return false;
    const isSmall = Math.max(width, height) * this.#scale < SMALL_MAX;
    return isSmall && width + 2 * MARGIN <= part.width && height + 2 * MARGIN <= part.height;
  }

  /** The part about the one that waits longest, with as many others as fit, nearest first. */
  #regionOf(small: readonly Box[]): Region {
    const first = small.reduce((a, b) => (this.#waitsSince(b) < this.#waitsSince(a) ? b : a));
    const part = this.#part ?? this.#picture;
    let union = first;
    const others = [...small].sort((a, b) => apart(a, first) - apart(b, first));
    for (const box of others) {
      const both = unionOf(union, box);
      const fits = both.width + 2 * MARGIN <= part.width && both.height + 2 * MARGIN <= part.height;
      if (fits) union = both;
    }
    const place = (start: number, length: number, side: number, all: number) =>
      Math.round(Math.min(all - side, Math.max(0, start + length / 2 - side / 2)));
    return {
      x: place(union.x, union.width, part.width, this.#picture.width),
      y: place(union.y, union.height, part.height, this.#picture.height),
      ...part,
    };
  }

  /** When a part last showed the whole of it, the newest look first. */
  #waitsSince(box: Box): number {
    const look = this.#looks.find(({ region }) => sees(region, box));
    return look?.atUs ?? Number.NEGATIVE_INFINITY;
  }
}

/** Whether a look at this part can have seen the whole of a box. */
export function sees(region: Box, box: Box): boolean {
  const right = Math.min(region.x + region.width, box.x + box.width);
  const bottom = Math.min(region.y + region.height, box.y + box.height);
  const width = right - Math.max(region.x, box.x);
  const height = bottom - Math.max(region.y, box.y);
  return width > 0 && height > 0 && width * height >= 0.95 * box.width * box.height;
}

function holds(box: Box, inner: Box): boolean {
  const x = inner.x + inner.width / 2;
  const y = inner.y + inner.height / 2;
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

function overlaps(a: Box, b: Box): boolean {
  return (
    a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height
  );
}

function apart(a: Box, b: Box): number {
  return Math.hypot(a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2);
}

function unionOf(a: Box, b: Box): Box {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return {
    ...{ x, y, width: Math.max(a.x + a.width, b.x + b.width) - x },
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}
