// The search for small fast balls as the pipeline sees it: hand it a picture and how the camera
// moved, get balls or nothing. While it works on one picture others pass it by; the next one that
// it gets is the newest, with the camera's way summed up. A fault of it costs its balls only.

import type { FoundBall } from '../moriarty/ballFinder.ts';
import type { SeenBalls } from './ballSession.ts';
import type { Model } from './manifest.ts';
import { type ModelState, ModelWorker, type ModelWorkerOptions } from './modelWorker.ts';
import type { Picture } from './picture.ts';

export type BallSeer = {
  model: Model;
  state(): ModelState;
  onChange(run: () => void): void;
  /**
   * Takes note of each picture; looks at it when it may and is free.
   *
   * @param shift pixels that the content moved since the last picture; null: by an unknown way
   * @returns balls in pixels, or null when it did not look, broke or took too long; never throws
   */
  offer(picture: Picture, shift: { x: number; y: number } | null, mayLook: boolean): Offer | null;
  /** What follows shows something else. */
  reset(): void;
  close(): Promise<void>;
};
export type Offer = Promise<readonly FoundBall[] | null>;

/** Starts a ball classifier whose file was checked. */
export function createBallSeer(options: Omit<ModelWorkerOptions, 'consolation'>): BallSeer {
  const consolation = 'Balls are seen by the detector alone.';
  const worker = new ModelWorker<SeenBalls>({ ...options, consolation });
  let moved = { isFirst: true, x: 0, y: 0, steps: 0 };
  // A thread that was started anew remembers no picture.
  worker.onChange(() => {
    moved.isFirst = true;
  });
  return {
    model: options.model,
    state: () => worker.state(),
    onChange: (run) => worker.onChange(run),
    offer(picture, shift, mayLook) {
      moved.steps++;
      if (shift) {
        moved.x += shift.x;
        moved.y += shift.y;
      } else moved.isFirst = true;
      if (!mayLook || !worker.isIdle()) return null;
      const looking = worker.look({ picture, moved });
      moved = { isFirst: false, x: 0, y: 0, steps: 0 };
      return looking.then((seen) => seen?.balls ?? null);
    },
    reset() {
      moved.isFirst = true;
    },
    close: () => worker.close(),
  };
}
