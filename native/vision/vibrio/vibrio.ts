// General sight, on every picture and without any model: what does not belong, where the camera
// goes, what the picture as a whole does, and what is unusual. It only describes; rules of a game
// are elsewhere.

import type { PictureMemory } from '../pictureMemory.ts';
import { BACKGROUND_DEFAULTS, BackgroundMotion, type BackgroundResult } from './background.ts';
import type { Highlight, Highlights } from './highlights.ts';
import { PICTURE } from './motion.ts';
import { type SceneFacts, SceneWatch } from './scene.ts';

/** The camera's own cut and wipe fill the picture; that motion is nobody's. */
const MOVING_SHARE_MAX = 0.6;

export type General = BackgroundResult & {
  scene: SceneFacts;
  /** What turned out to be unusual by now. */
  highlight: Highlight | null;
};

export class Vibrio {
  readonly #background: BackgroundMotion;
  readonly #scene = new SceneWatch(PICTURE);
  readonly #highlights: Highlights;

  /**
   * @param highlights lives longer than one source: what is usual is learnt over minutes
   * @param pictures where pictures lie that are not to be copied
   */
  constructor(highlights: Highlights, pictures: PictureMemory | null = null) {
    this.#background = new BackgroundMotion(BACKGROUND_DEFAULTS, pictures);
    this.#highlights = highlights;
  }

  /** What follows shows something else. */
  reset(): void {
    this.#background.reset();
    this.#scene.reset();
  }

  /** @param yuv YUV 4:2:0 of PICTURE's size, video range */
  judge(yuv: Uint8Array, captureUs: number): General {
    const motion = this.#background.detect(yuv, captureUs);
    const scene = this.#scene.judge(yuv, captureUs, motion.state === 'moving');
    if (scene.isCut) this.#background.reset();
    if (motion.state !== 'calibrating' && motion.differingShare < MOVING_SHARE_MAX) {
      this.#highlights.add('motion', captureUs, motion.differingShare);
    }
    return { ...motion, scene, highlight: this.#highlights.judge(captureUs) };
  }
}
