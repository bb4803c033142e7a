// What the pictures of the last second say about the picture as a whole: a camera that moves does
// so in bursts, and a sentence that comes and goes ten times a second cannot be read.

import {
  CALM_SCENE,
  NO_PLACES,
  type PlacesState,
  type SceneState,
} from '../../core/contract/visionState.ts';

/** How long something is shown after the last picture that had it, microseconds. */
const HOLD_US = 1_000_000;

export class PictureState {
  #scene: SceneState = CALM_SCENE;
  #places: PlacesState = NO_PLACES;
  readonly #lastUs = new Map<keyof SceneState, number>();

  get scene(): SceneState {
    return this.#scene;
  }

  get places(): PlacesState {
    return this.#places;
  }

  /** Takes one judged picture's; true when there is something else to show than before. */
  take(scene: SceneState, places: PlacesState, captureUs: number): boolean {
    const held = (name: keyof SceneState) => {
      if (scene[name]) this.#lastUs.set(name, captureUs);
      const agoUs = captureUs - (this.#lastUs.get(name) ?? Number.NEGATIVE_INFINITY);
      // A replay or another source goes back in time.
      return agoUs >= 0 && agoUs < HOLD_US;
    };
    const next: SceneState = {
      // These two hold by their own definition; a new picture ends them at once.
      isBlack: scene.isBlack,
      isFrozen: scene.isFrozen,
      isCameraMoving: held('isCameraMoving'),
      isReplay: scene.isReplay,
    };
    const names = Object.keys(next) as (keyof SceneState)[];
    const isOther =
      names.some((name) => next[name] !== this.#scene[name]) ||
      places.state !== this.#places.state ||
      places.reason !== this.#places.reason;
    this.#scene = next;
    this.#places = places;
    return isOther;
  }

  /** Nothing is judged any more. */
  reset(): void {
    this.#scene = CALM_SCENE;
    this.#places = NO_PLACES;
    this.#lastUs.clear();
  }
}
