// Where the picture of now lies in the picture that lines, zones and calibration were drawn on. A
// camera that pans carries them along by its shift from picture to picture; every step adds a
// little error, and when that grows too large, or the shift is not known, the places are lost: no
// line, zone or speed is judged until somebody draws them again or the scene comes back.

import type { Point } from './geometry.ts';
import { View } from './view.ts';

/** How far the scene moved since the last picture, in pictures (1 = its width or height). */
export type CameraShift = { x: number; y: number };

export type CameraState = { state: 'still' | 'carried' | 'lost'; reason: string };

/** A shift below this is a still camera, pictures: a fifth of a pixel of 640. */
const STILL = 0.0003;
/** Standard error of one measured shift, pictures: half a pixel of 640. */
const STEP_ERROR = 0.0008;
/** Places that may lie further off than this are lost, pictures. */
const ERROR_MAX = 0.02;
/** Further away from where they were drawn the plane is seen from elsewhere, pictures. */
const DISTANCE_MAX = 1;
/** Pictures in a row without a known shift. */
const UNKNOWN_MAX = 3;
/** Nearer than this to where it was drawn the picture is compared with the one then, pictures. */
const NEAR = 0.006;

export class Camera {
  #x = 0;
  #y = 0;
  #variance = 0;
  #unknown = 0;
  #lost = '';
  #view = new View();

  /** Lines and zones were drawn on the next picture. */
  restart(): void {
    this.#view = new View();
    this.#back();
  }

  #back(): void {
    this.#x = 0;
    this.#y = 0;
    this.#variance = 0;
    this.#unknown = 0;
    this.#lost = '';
  }

  /** The scene was cut: nobody knows where things lie now. */
  cut(): void {
    this.#lost = 'the picture was cut';
  }

  /** Takes each picture's shift; null: it is not known. */
  move(shift: CameraShift | null): void {
    if (this.#lost !== '') return;
    if (shift === null) {
      this.#unknown++;
      this.#variance += STEP_ERROR ** 2;
      if (this.#unknown > UNKNOWN_MAX) this.#lost = 'how the camera moved is not known';
      return;
    }
    this.#unknown = 0;
    if (Math.hypot(shift.x, shift.y) < STILL) return;
    this.#x += shift.x;
    this.#y += shift.y;
    this.#variance += STEP_ERROR ** 2;
    if (this.error() > ERROR_MAX) this.#lost = 'the camera moved for too long';
    if (Math.hypot(this.#x, this.#y) > DISTANCE_MAX) this.#lost = 'the camera looks elsewhere';
  }

  /**
   * Takes a picture of 640x360. The first is the one that was drawn on. Where the camera is said to
   * have moved, or nobody knows, and the picture still is that one, it stands as it was drawn.
   */
  look(luma: Uint8Array): void {
    if (!this.#view.isKept()) {
      this.#view.keep(luma);
      return;
    }
    const isNear = Math.hypot(this.#x, this.#y) < NEAR;
    const isDoubted = this.isLost() || this.#unknown > 0 || (isNear && this.#variance > 0);
    if (isDoubted && this.#view.isBack(luma)) this.#back();
  }

  /** Standard error of where the places lie now, pictures. */
  error(): number {
    return Math.sqrt(this.#variance);
  }

  state(): CameraState {
    if (this.#lost !== '') return { state: 'lost', reason: this.#lost };
    return { state: this.#variance > 0 ? 'carried' : 'still', reason: '' };
  }

  isLost(): boolean {
    return this.#lost !== '';
  }

  /** A point of the picture of now, in the picture that the places were drawn on. */
  toDrawn({ x, y }: Point): Point {
    return { x: x - this.#x, y: y - this.#y };
  }
}
