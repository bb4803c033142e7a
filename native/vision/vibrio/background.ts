// What does not belong here, without any model: a picture is compared with a running average of
// what is usually there, so that a person who stands still stays a thing and one who is gone leaves
// none. A camera that moves takes its background along; a change of light starts it anew instead of
// firing. The idea of guards and recalibration is Frigate's; the loops are in wasm/kernels.ts.

import type { PictureMemory } from '../pictureMemory.ts';
import { CameraMotion, NO_SHIFT, type Shift } from './cameraMotion.ts';
import { type Component, ComponentFinder } from './components.ts';
import { PICTURE } from './motion.ts';
import { isLightOnly } from './shade.ts';
import { StillFilter } from './stillFilter.ts';
import { BACKGROUND_BITS } from './wasm/kernels.ts';
import { Pixels } from './wasm/pixels.ts';

export type BackgroundOptions = {
  width: number;
  height: number;
  /** Luma steps from the background that count. */
  threshold: number;
  /** Smallest component that is reported, pixels after dilation. */
  minimumArea: number;
};

/** A little below the difference mode's: a background is calmer than one noisy picture. */
export const BACKGROUND_DEFAULTS: BackgroundOptions = {
  ...PICTURE,
  threshold: 20,
  minimumArea: 60,
};

/** calibrating: the background is still being learnt. light: the light changed; learnt anew. */
export type BackgroundState = 'calibrating' | 'steady' | 'moving' | 'light';

export type BackgroundResult = {
  state: BackgroundState;
  components: Component[];
  /** How far the camera's picture moved since the one before. */
  shift: Shift;
  /** Share of pixels that differ from the background, before cleaning. */
  differingShare: number;
};

/** Seconds in which the background follows what does not differ; what differs it never follows. */
const NEAR_SECONDS = 3;
/** While it is learnt, and while the camera moves. */
const CALIBRATION_SECONDS = 0.25;
const CALIBRATION_US = 600_000;
/** More of the picture than this does not move at once: the light changed. */
const LIGHT_SHARE = 0.6;
/** ...or most cells got brighter by so much at once. */
const LIGHT_LIFT = 25;
/** Steps by which most cells got brighter together; the background goes along. */
const LIFT_MIN = 1.5;
/** Added to the threshold while the camera moves: edges are a pixel off. */
const MOVING_THRESHOLD = 15;
/** The camera counts as moving this long after its last shift, microseconds. */
const MOVING_US = 300_000;
/** A shift that leaves more than this per cell is no plain shift: zoom, turn, a cut. */
const REST_MAX = 9;

export class BackgroundMotion {
  readonly #options: BackgroundOptions;
  readonly #pixels: Pixels;
  readonly #finder = new ComponentFinder();
  readonly #camera: CameraMotion;
  readonly #previousCells: Uint8Array;
  readonly #still: StillFilter;
  #calibratedUs = 0;
  #movedUs = Number.NEGATIVE_INFINITY;
  #lastUs = -1;

  /** @param pictures where pictures lie that are not to be copied */
  constructor(
    options: BackgroundOptions = BACKGROUND_DEFAULTS,
    pictures: PictureMemory | null = null,
  ) {
    this.#options = options;
    this.#pixels = new Pixels(options, pictures);
    this.#camera = new CameraMotion(options);
    this.#still = new StillFilter(this.#pixels, options.threshold);
    this.#previousCells = new Uint8Array(this.#pixels.cells.length);
  }

  /** Forgets the background: what follows shows something else. */
  reset(): void {
    this.#lastUs = -1;
    this.#camera.reset();
  }

  /** Thumbnail of the last picture, one byte per 8x8 pixels; it changes with the next call. */
  cells(): Uint8Array {
    return this.#pixels.cells;
  }

  /**
   * @param luma width * height bytes; longer buffers (a whole YUV picture) are fine
   * @param nowUs capture time
   */
  detect(luma: Uint8Array, nowUs: number): BackgroundResult {
    const pixels = this.#pixels;
    pixels.put(luma);
    pixels.shrink();
    const seconds = this.#lastUs < 0 ? 0 : (nowUs - this.#lastUs) / 1_000_000;
    const isFirst = this.#lastUs < 0 || seconds <= 0 || seconds > 2;
    this.#lastUs = nowUs;
    if (isFirst) return this.#begin(nowUs, 'calibrating');
    const { shift, lift } = this.#follow(nowUs);
    this.#still.watch(this.#previousCells, nowUs);
    this.#remember();
    if (Math.abs(lift) >= LIGHT_LIFT) return this.#begin(nowUs, 'light');
    if (shift.rest > REST_MAX) this.#movedUs = nowUs;
    const isMoving = nowUs - this.#movedUs < MOVING_US;
    const isCalibrating = nowUs - this.#calibratedUs < CALIBRATION_US;
    const near = isCalibrating || isMoving ? CALIBRATION_SECONDS : NEAR_SECONDS;
    const threshold = this.#options.threshold + (isMoving ? MOVING_THRESHOLD : 0);
    pixels.learn(threshold, powerOf(near / seconds), isMoving);
    const differingShare = pixels.markedCount() / (this.#options.width * this.#options.height);
    if (differingShare > LIGHT_SHARE) {
      return { ...this.#begin(nowUs, isMoving ? 'moving' : 'light'), shift, differingShare };
    }
    const found = isCalibrating ? [] : this.#finder.find(pixels.clean(), this.#options.minimumArea);
    const components = isMoving ? found : found.filter((one) => this.#isThing(one, nowUs));
    const state = isMoving ? 'moving' : isCalibrating ? 'calibrating' : 'steady';
    return { state, components, shift, differingShare };
  }

  #isThing(component: Component, nowUs: number): boolean {
    const limit = this.#options.threshold << BACKGROUND_BITS;
    if (!isLightOnly(this.#pixels, component, limit)) {
      return !this.#still.takes(component, nowUs);
    }
    this.#still.takeLight(component, nowUs);
    return false;
  }

  #begin(nowUs: number, state: BackgroundState): BackgroundResult {
    this.#pixels.adopt();
    this.#still.reset(nowUs);
    this.#calibratedUs = nowUs;
    this.#remember();
    return { state, components: [], shift: NO_SHIFT, differingShare: 0 };
  }

  /** Moves and brightens the background as the whole picture did. */
  #follow(nowUs: number): { shift: Shift; lift: number } {
    const { cells } = this.#pixels;
    const newest = this.#pixels.newest();
    const before = this.#pixels.before();
    const shift = this.#camera.estimate(cells, this.#previousCells, newest, before);
    if (shift.x !== 0 || shift.y !== 0) {
      this.#movedUs = nowUs;
      this.#move(shift.x, shift.y);
      return { shift, lift: 0 };
    }
    const lift = liftOf(cells, this.#previousCells);
    if (Math.abs(lift) >= LIFT_MIN) this.#pixels.lift(lift);
    return { shift, lift };
  }

  /** Moves the background; what comes into view is taken from the picture. */
  #move(x: number, y: number): void {
    const { width, height } = this.#options;
    const { background } = this.#pixels;
    const newest = this.#pixels.newest();
    const down = y > 0;
    for (let step = 0; step < height; step++) {
      const row = down ? height - 1 - step : step;
      const start = row * width;
      const from = row - y;
      if (from >= 0 && from < height) {
        const source = from * width;
        const left = Math.max(0, x);
        const right = Math.min(width, width + x);
        background.copyWithin(start + left, source + left - x, source + right - x);
        fill(background, newest, start, start + left);
        fill(background, newest, start + right, start + width);
      } else {
        fill(background, newest, start, start + width);
      }
    }
  }

  #remember(): void {
    this.#previousCells.set(this.#pixels.cells);
  }
}

function fill(background: Int16Array, luma: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at++) background[at] = (luma[at] as number) << BACKGROUND_BITS;
}

/** The exponent of the power of two next to `frames`: how slowly the background follows. */
function powerOf(frames: number): number {
  return Math.min(14, Math.max(1, Math.round(Math.log2(Math.max(1, frames)))));
}

/** Steps by which the middle cell became brighter since the picture before. */
function liftOf(cells: Uint8Array, previous: Uint8Array): number {
  const counts = new Int32Array(511);
  for (let at = 0; at < cells.length; at++) {
    const index = (cells[at] as number) - (previous[at] as number) + 255;
    counts[index] = (counts[index] as number) + 1;
  }
  let passed = 0;
  for (let index = 0; index < counts.length; index++) {
    passed += counts[index] as number;
    if (passed * 2 >= cells.length) return index - 255;
  }
  return 0;
}
