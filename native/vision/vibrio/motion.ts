// What moved between two pictures, without any model: luma difference, morphology, components.
// The recipe and its order are those of the OpenCV baseline it is compared with (threshold 25,
// open 3x3, close 5x5, dilate twice). Nothing here knows what a thing is.

import { type Component, ComponentFinder } from './components.ts';
import { Pixels } from './wasm/pixels.ts';

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
  readonly #pixels: Pixels;
  #hasPrevious = false;

  constructor(options: MotionOptions = MOTION_DEFAULTS) {
    this.#options = options;
    this.#pixels = new Pixels(options);
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
    this.#pixels.put(luma);
    if (!this.#hasPrevious) {
      this.#hasPrevious = true;
      return [];
    }
    this.#pixels.compare(this.#options.threshold);
    return this.#finder.find(this.#pixels.clean(), this.#options.minimumArea);
  }
}
