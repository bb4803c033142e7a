// Score changed: the picture inside the score's box is another one and stays so. It reads no
// digits; it says that they changed. A box in which everything moves all the time says nothing.

import { PICTURE } from '../../vibrio/motion.ts';
import type { RuleOf } from '../packRules.ts';
import { agreed, type Happening, Quiet, type Rule, type Scene } from './rule.ts';

const CELLS_X = 12;
const CELLS_Y = 6;
/** A cell that differs by this from the last picture is still changing, steps of 255. */
const SETTLED = 6;

type Kept = { stable: number[] | null; newest: number[]; sinceUs: number; frames: number };
type ScoreBox = RuleOf<'scoreChanged'>['boxes'][number];

/** Mean luma of each cell of a box. */
function look(yuv: Uint8Array, box: ScoreBox): number[] {
  const { width, height } = PICTURE;
  const left = Math.min(box.from[0], box.to[0]) * width;
  const top = Math.min(box.from[1], box.to[1]) * height;
  const stepX = (Math.abs(box.to[0] - box.from[0]) * width) / CELLS_X;
  const stepY = (Math.abs(box.to[1] - box.from[1]) * height) / CELLS_Y;
  return Array.from({ length: CELLS_X * CELLS_Y }, (_, index) => {
    const x0 = Math.floor(left + (index % CELLS_X) * stepX);
    const y0 = Math.floor(top + Math.floor(index / CELLS_X) * stepY);
    const x1 = Math.min(width, Math.max(x0 + 1, Math.floor(x0 + stepX)));
    const y1 = Math.min(height, Math.max(y0 + 1, Math.floor(y0 + stepY)));
    let sum = 0;
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) sum += yuv[y * width + x] ?? 0;
    return sum / Math.max(1, (x1 - x0) * (y1 - y0));
  });
}

/** Mean of the most changed quarter of the cells: one digit fills no more of the box. */
function change(a: readonly number[], b: readonly number[]): number {
  const steps = a.map((value, index) => Math.abs(value - (b[index] ?? value)));
  const most = steps.sort((x, y) => y - x).slice(0, Math.ceil(steps.length / 4));
  return most.reduce((sum, step) => sum + step, 0) / most.length;
}

export function scoreRule(rule: RuleOf<'scoreChanged'>): Rule {
  const kept = new Map<string, Kept>();
  const quiet = new Quiet(rule.quietSeconds);

  function follow(box: ScoreBox, scene: Scene, yuv: Uint8Array): Happening | null {
    const newest = look(yuv, box);
    const known = kept.get(box.subject);
    if (!known) {
      kept.set(box.subject, { stable: null, newest, sinceUs: scene.captureUs, frames: 1 });
      return null;
    }
    if (change(newest, known.newest) > SETTLED) {
      Object.assign(known, { newest, sinceUs: scene.captureUs, frames: 1 });
      return null;
    }
    known.frames++;
    if (known.frames !== rule.confirmFrames) return null;
    const before = known.stable;
    known.stable = known.newest;
    if (!before) return null;
    const changed = change(before, known.stable);
    const confidence = agreed(0.5 + Math.min(0.35, changed / 255), 2);
    if (changed < rule.changeMin || confidence < rule.minimumConfidence) return null;
    if (!quiet.pass(box.subject, known.sinceUs)) return null;
    return {
      ...{ type: 'scoreChanged', captureUs: known.sinceUs, subject: box.subject, confidence },
      why:
        `The picture in "${box.subject}" changed by ${changed.toFixed(0)} steps of brightness ` +
        `and stayed so for ${known.frames} pictures.`,
      trackIds: [],
    };
  }

  return {
    needsPlaces: false,
    judge(scene) {
      const { yuv } = scene;
      if (!yuv) return [];
      return rule.boxes.map((box) => follow(box, scene, yuv)).filter((found) => found !== null);
    },
    pendingUs() {
      const waiting = [...kept.values()].filter(
        ({ stable, frames, newest }) =>
          stable && frames < rule.confirmFrames && change(stable, newest) >= rule.changeMin,
      );
      return waiting.length > 0 ? Math.min(...waiting.map(({ sinceUs }) => sinceUs)) : null;
    },
    reset() {
      kept.clear();
      quiet.reset();
    },
  };
}
