// What moved between two pictures, without any model: luma difference, morphology, components.
// The recipe and its order are those of the OpenCV baseline it is compared with (threshold 25,
// open 3x3, close 5x5, dilate twice). Nothing here knows what a thing is.

import { type BitMask, differenceMask, dilate, erode, makeMask } from './bitMask.ts';
import { type Component, ComponentFinder } from './components.ts';

/** Size of the pictures that vision works on, pixels. */
export const PICTURE = { width: 640, height: 360 } as const;

export type MotionOptions = {
  width: number;
  height: number;
  /** Luma steps (0..255) by which a pixel must change. */
  threshold: number;
  /** Smallest component that is reported, pixels after dilation. */
  minimumArea: number;
};

/** Threshold and area of the baseline are 25 and 500; 60 keeps a ball, callers filter by area. */
export const MOTION_DEFAULTS: MotionOptions = { ...PICTURE, threshold: 25, minimumArea: 60 };

export class MotionDetector {
  readonly #options: MotionOptions;
  readonly #finder = new ComponentFinder();
  readonly #previous: Uint8Array;
  readonly #masks: [BitMask, BitMask, BitMask];
  #hasPrevious = false;

  constructor(options: MotionOptions = MOTION_DEFAULTS) {
    this.#options = options;
    this.#previous = new Uint8Array(options.width * options.height);
    const make = () => makeMask(options.width, options.height);
    this.#masks = [make(), make(), make()];
  }

  /** Forgets the previous picture: the next one shows something else. */
  reset(): void {
    this.#hasPrevious = false;
  }

  /**
   * @param luma width * height bytes; longer buffers (a whole YUV picture) are fine
   * @returns what moved since the last call, largest first; empty on the first picture
   */
  detect(luma: Uint8Array): Component[] {
    const { width, height, threshold, minimumArea } = this.#options;
    const plane = luma.subarray(0, width * height);
    if (plane.length < width * height) throw new RangeError('Luma plane is too short');
    if (!this.#hasPrevious) {
      this.#previous.set(plane);
      this.#hasPrevious = true;
      return [];
    }
    const [a, b, scratch] = this.#masks;
    differenceMask(plane, this.#previous, threshold, a);
    this.#previous.set(plane);
    // Open 3x3.
    erode(a, b, scratch);
    dilate(b, a, scratch);
    // Close 5x5: a 5x5 box is two 3x3 passes.
    dilate(a, b, scratch);
    dilate(b, a, scratch);
    erode(a, b, scratch);
    erode(b, a, scratch);
    // Dilate twice.
    dilate(a, b, scratch);
    dilate(b, a, scratch);
    return this.#finder.find(a, minimumArea);
  }
}
