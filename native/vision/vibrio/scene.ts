// What the picture as a whole does: cuts, black, frozen, wipes before and after replays. Judged on
// a thumbnail of 64x36 in hue, saturation and value, after PySceneDetect's adaptive detector: a cut
// differs much more than the pictures around it do. A flash of light is no cut, so a cut is known
// one picture late. It draws no conclusions for the game.

/** The thumbnail: every tenth pixel of 640x360. */
export const THUMBNAIL = { width: 64, height: 36 } as const;
const STEP = 10;
const AREA = THUMBNAIL.width * THUMBNAIL.height;
/** A cut changes hue, saturation and value by so much on average (0..255)... */
const CUT_MIN = 15;
/** ...and so many times as much as the pictures before did (PySceneDetect's better setting). */
const CUT_RATIO = 3.5;
/** Pictures before that a cut is compared with. */
const BEFORE_COUNT = 8;
/** Below it a ratio would be one of noise. */
const USUAL_MIN = 1;
/** A picture nearer than this share to the one before the change: it was a flash. */
const FLASH_SHARE = 0.5;
/** Two cuts are at least so far apart, microseconds. */
const SCENE_US_MIN = 600_000;
/** Black is video level 16; noise and logos of broadcasters stay below these. */
const BLACK_MEAN_MAX = 24;
const BLACK_BRIGHT_SHARE_MAX = 0.02;
const BLACK_BRIGHT = 48;
const BLACK_US = 200_000;
/** Without any change for so long a picture is frozen. */
const FROZEN_US = 2_000_000;
/** Steps of value by which the encoder's own refinement changes a still picture. */
const FROZEN_CHANGE = 2;
/**
 * A key frame draws a still picture a little anew, once a second: a change that is alone for so
 * long is one of the encoder's, unless the whole picture changed by more than such a one does.
 */
const LONE_US = 700_000;
const LONE_MEAN_MAX = 2;

export type SceneFacts = {
  /** The picture before this one was the first of another scene. */
  isCut: boolean;
  isBlack: boolean;
  isFrozen: boolean;
  /** Mean change of value since the picture before, 0..255. */
  change: number;
  /** A transition just swept over the whole picture. */
  isWipe: boolean;
  /** Between a wipe and the next one. */
  isReplay: boolean;
};

type Thumbnail = { hue: Uint8Array; saturation: Uint8Array; value: Uint8Array };

export class SceneWatch {
  readonly #size: { width: number; height: number };
  #newest = makeThumbnail();
  #before = makeThumbnail();
  #beforeChange = makeThumbnail();
  readonly #usual: number[] = [];
  readonly #wipes = new WipeWatch();
  #pending: { usual: number; score: number } | null = null;
  #lastUs = -1;
  #cutUs = Number.NEGATIVE_INFINITY;
  #blackUs = -1;
  #changedUs = 0;
  #stirredUs = Number.NEGATIVE_INFINITY;

  constructor(size: { width: number; height: number }) {
    this.#size = size;
  }

  reset(): void {
    this.#lastUs = -1;
    this.#pending = null;
    this.#usual.length = 0;
    this.#blackUs = -1;
    this.#wipes.reset();
  }

  /**
   * @param yuv YUV 4:2:0, video range
   * @param isMoving the camera moves: what sweeps over the picture is no wipe
   */
  judge(yuv: Uint8Array, captureUs: number, isMoving: boolean): SceneFacts {
    const oldest = this.#before;
    this.#before = this.#newest;
    this.#newest = oldest;
    readThumbnail(yuv, this.#size, this.#newest);
    const isFirst = this.#lastUs < 0 || captureUs <= this.#lastUs;
    this.#lastUs = captureUs;
    const isBlack = this.#judgeBlack(captureUs);
    if (isFirst) {
      this.#changedUs = captureUs;
      return { isCut: false, isBlack, isFrozen: false, change: 0, isWipe: false, isReplay: false };
    }
    const score = differenceOf(this.#newest, this.#before);
    const isCut = this.#judgeCut(score, captureUs);
    const columns = columnChanges(this.#newest, this.#before);
    const change = columns.reduce((sum, one) => sum + one, 0) / columns.length;
    this.#judgeStill(change, captureUs);
    const isFrozen = captureUs - this.#changedUs >= FROZEN_US;
    const isWipe = this.#wipes.judge(columns, captureUs, isMoving || isCut);
    return { isCut, isBlack, isFrozen, change, isWipe, isReplay: this.#wipes.isReplay(captureUs) };
  }

  #judgeStill(mean: number, captureUs: number): void {
    if (largestChange(this.#newest, this.#before) <= FROZEN_CHANGE) return;
    const isAlone = captureUs - this.#stirredUs > LONE_US;
    this.#stirredUs = captureUs;
    if (!isAlone || mean > LONE_MEAN_MAX) this.#changedUs = captureUs;
  }

  #judgeCut(score: number, captureUs: number): boolean {
    const pending = this.#pending;
    this.#pending = null;
    if (pending) {
      const isFlash = differenceOf(this.#newest, this.#beforeChange) < pending.score * FLASH_SHARE;
      // Something that keeps changing as much is motion: its own neighbour says so.
      const isLone = pending.score >= CUT_RATIO * Math.max(USUAL_MIN, score, pending.usual);
      // The way back from a flash is no change of its own.
      if (isFlash) return false;
      if (isLone && captureUs - this.#cutUs >= SCENE_US_MIN) {
        this.#cutUs = captureUs;
        this.#usual.length = 0;
        return true;
      }
    }
    const usual = this.#usual.reduce((sum, one) => sum + one, 0) / Math.max(1, this.#usual.length);
    if (score >= CUT_MIN && score >= CUT_RATIO * Math.max(USUAL_MIN, usual)) {
      this.#pending = { usual, score };
      copyThumbnail(this.#before, this.#beforeChange);
    } else {
      this.#usual.push(score);
      if (this.#usual.length > BEFORE_COUNT) this.#usual.shift();
    }
    return false;
  }

  #judgeBlack(captureUs: number): boolean {
    const { value } = this.#newest;
    let sum = 0;
    let bright = 0;
    for (const one of value) {
      sum += one;
      if (one > BLACK_BRIGHT) bright++;
    }
    const isDark = sum / AREA <= BLACK_MEAN_MAX && bright / AREA <= BLACK_BRIGHT_SHARE_MAX;
    if (!isDark) this.#blackUs = -1;
    else if (this.#blackUs < 0) this.#blackUs = captureUs;
    return this.#blackUs >= 0 && captureUs - this.#blackUs >= BLACK_US;
  }
}

/** A column changes once in a wipe by at least so much value (0..255). */
const WIPE_CHANGE = 18;
const WIPE_US_MAX = 1_500_000;
const WIPE_US_MIN = 120_000;
/** Pairs of columns of which the one further on changed later. */
const WIPE_ORDER_MIN = 0.93;
/** Share of the columns that changed. */
const WIPE_SHARE_MIN = 0.95;
/** A replay lasts at most this long; a wipe without a second one was none. */
const REPLAY_US_MAX = 40_000_000;
/** Two wipes are further apart than one takes. */
const WIPE_GAP_US = 2_000_000;

/** A wipe changes column after column, one way, within a second or so, and each of them once. */
class WipeWatch {
  readonly #strongestUs = new Float64Array(THUMBNAIL.width).fill(Number.NEGATIVE_INFINITY);
  readonly #strongest = new Float64Array(THUMBNAIL.width);
  #wipeUs = Number.NEGATIVE_INFINITY;
  #replayUs = Number.NEGATIVE_INFINITY;

  reset(): void {
    this.#strongestUs.fill(Number.NEGATIVE_INFINITY);
    this.#wipeUs = Number.NEGATIVE_INFINITY;
    this.#replayUs = Number.NEGATIVE_INFINITY;
  }

  isReplay(captureUs: number): boolean {
    return captureUs - this.#replayUs <= REPLAY_US_MAX;
  }

  judge(columns: readonly number[], captureUs: number, isExcluded: boolean): boolean {
    if (isExcluded) {
      this.#strongestUs.fill(Number.NEGATIVE_INFINITY);
      return false;
    }
    columns.forEach((change, column) => {
      const isOld = captureUs - (this.#strongestUs[column] as number) > WIPE_US_MAX;
      if (change < WIPE_CHANGE || (!isOld && change <= (this.#strongest[column] as number))) return;
      this.#strongest[column] = change;
      this.#strongestUs[column] = captureUs;
    });
    const times = [...this.#strongestUs].filter((one) => captureUs - one <= WIPE_US_MAX);
    if (times.length < WIPE_SHARE_MIN * columns.length) return false;
    const spreadUs = Math.max(...times) - Math.min(...times);
    // Only once it is over: nothing changed strongly on the newest picture.
    const isOver = columns.every((change) => change < WIPE_CHANGE);
    if (!isOver || spreadUs < WIPE_US_MIN || !isOrdered(times)) return false;
    if (captureUs - this.#wipeUs < WIPE_GAP_US) return false;
    this.#wipeUs = captureUs;
    this.#strongestUs.fill(Number.NEGATIVE_INFINITY);
    this.#replayUs = this.isReplay(captureUs) ? Number.NEGATIVE_INFINITY : captureUs;
    return true;
  }
}

/** Nearly all pairs of columns changed in the order of their places, one way or the other. */
function isOrdered(times: readonly number[]): boolean {
  let ordered = 0;
  let compared = 0;
  for (let one = 0; one < times.length; one++) {
    for (let other = one + 1; other < times.length; other++) {
      const apart = (times[other] as number) - (times[one] as number);
      if (apart === 0) continue;
      compared++;
      if (apart > 0) ordered++;
    }
  }
  const share = compared === 0 ? 0 : ordered / compared;
  return Math.max(share, 1 - share) >= WIPE_ORDER_MIN && compared > 0;
}

function makeThumbnail(): Thumbnail {
  const plane = () => new Uint8Array(AREA);
  return { hue: plane(), saturation: plane(), value: plane() };
}

function copyThumbnail(from: Thumbnail, to: Thumbnail): void {
  to.hue.set(from.hue);
  to.saturation.set(from.saturation);
  to.value.set(from.value);
}

/** Hue 0..255 for the whole circle, saturation and value 0..255; value is luma. */
function readThumbnail(
  yuv: Uint8Array,
  { width, height }: { width: number; height: number },
  out: Thumbnail,
): void {
  const half = width >> 1;
  const uAt = width * height;
  const vAt = uAt + half * (height >> 1);
  const hasColour = yuv.length >= (width * height * 3) / 2;
  for (let row = 0; row < THUMBNAIL.height; row++) {
    for (let column = 0; column < THUMBNAIL.width; column++) {
      const x = column * STEP + STEP / 2;
      const y = row * STEP + STEP / 2;
      const at = y * width + x;
      const index = row * THUMBNAIL.width + column;
      const sum = (yuv[at] as number) + (yuv[at + 1] as number);
      out.value[index] = (sum + (yuv[at + width] as number) + (yuv[at + width + 1] as number)) >> 2;
      if (!hasColour) continue;
      const chroma = (y >> 1) * half + (x >> 1);
      const u = (yuv[uAt + chroma] as number) - 128;
      const v = (yuv[vAt + chroma] as number) - 128;
      out.saturation[index] = Math.min(255, 2 * Math.hypot(u, v));
      out.hue[index] = Math.round(((Math.atan2(v, u) / Math.PI + 1) / 2) * 255);
    }
  }
}

/** Mean difference of hue, saturation and value; the hue of grey counts nothing. */
function differenceOf(one: Thumbnail, other: Thumbnail): number {
  let sum = 0;
  for (let at = 0; at < AREA; at++) {
    const [saturation, otherSaturation] = [one.saturation[at], other.saturation[at]] as [
      number,
      number,
    ];
    const turned = Math.abs((one.hue[at] as number) - (other.hue[at] as number));
    const coloured = Math.min(saturation, otherSaturation) / 255;
    sum += 2 * Math.min(turned, 256 - turned) * coloured;
    sum += Math.abs(saturation - otherSaturation);
    sum += Math.abs((one.value[at] as number) - (other.value[at] as number));
  }
  return sum / (3 * AREA);
}

function columnChanges(one: Thumbnail, other: Thumbnail): number[] {
  const sums = new Array<number>(THUMBNAIL.width).fill(0);
  for (let at = 0; at < AREA; at++) {
    const column = at % THUMBNAIL.width;
    const apart = Math.abs((one.value[at] as number) - (other.value[at] as number));
    sums[column] = (sums[column] as number) + apart / THUMBNAIL.height;
  }
  return sums;
}

function largestChange(one: Thumbnail, other: Thumbnail): number {
  let largest = 0;
  for (let at = 0; at < AREA; at++) {
    const apart = Math.abs((one.value[at] as number) - (other.value[at] as number));
    if (apart > largest) largest = apart;
  }
  return largest;
}
