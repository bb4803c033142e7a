// What people do, as sight follows it: poses that the network has finished go to the rules on
// joints, moved to where they would be if the camera had stood still since the first picture.
// Poses belong to earlier pictures than the one that is judged, so the camera's way is remembered.

import type { Poser } from './models/poser.ts';
import { Actions } from './moriarty/actions.ts';
import type { Begun } from './moriarty/rules/rule.ts';
import { PICTURE } from './vibrio/motion.ts';

/** Pictures whose camera is remembered: more than a pose is late. */
const WAY_MAX = 128;

type Stand = { captureUs: number; x: number; y: number };

export class ActionWatch {
  readonly #poser: Poser | null;
  readonly #actions = new Actions();
  #way: Stand[] = [];

  constructor(poser: Poser | null) {
    this.#poser = poser;
  }

  reset(): void {
    this.#actions.reset();
    this.#way = [];
  }

  /**
   * Takes note of a picture and of the poses that have come.
   *
   * @param shift pixels that the content moved since the last picture; null: by an unknown way
   * @returns who began to do something
   */
  follow(captureUs: number, shift: { x: number; y: number } | null): Begun[] {
    const poser = this.#poser;
    if (!poser) return [];
    // Joints before and after cannot be compared.
    if (!shift) this.reset();
    const last = this.#way.at(-1);
    const x = (last?.x ?? 0) + (shift?.x ?? 0) / PICTURE.width;
    const y = (last?.y ?? 0) + (shift?.y ?? 0) / PICTURE.height;
    this.#way = [...this.#way.slice(1 - WAY_MAX), { captureUs, x, y }];
    return poser.takeNew().flatMap(({ id, keypoints, captureUs: atUs }) => {
      const stand = this.#way.find((one) => one.captureUs === atUs);
      if (!stand) return [];
      const joints = keypoints.map((joint) => ({
        ...{ x: joint.x - stand.x, y: joint.y - stand.y, confidence: joint.confidence },
      }));
      const seen = this.#actions.follow(id, joints, atUs);
      return seen ? [{ ...seen, id }] : [];
    });
  }

  /** What the person on this track does; empty where nobody knows. */
  doing(id: number, nowUs: number): string {
    return this.#actions.doing(id, nowUs) ?? '';
  }
}
