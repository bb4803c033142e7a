// Drawn pictures for the search for balls: a textured ground, a lit disc that flies, a limb.

import { PICTURE } from '../../vibrio/motion.ts';

const { width: WIDTH, height: HEIGHT } = PICTURE;

/** Soft hills and a few edges, the same for a place of the world on every picture. */
function ground(x: number, y: number): number {
  const hills = Math.sin(x / 37) * 18 + Math.cos(y / 23 + x / 91) * 15;
  return 110 + hills + (x % 160 < 80 ? 12 : 0) + (y > 220 ? -25 : 0);
}

export type Disc = { x: number; y: number; radius: number };
export type Limb = { x: number; y: number; angle: number; length: number; half: number };

/** A picture of PICTURE's size: the ground, moved by `pan` pixels, with a disc or a limb on it. */
export function draw(pan: number, disc: Disc | null, limb: Limb | null): Uint8Array {
  const luma = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      let value = ground(x - pan, y);
      if (disc) {
        const far = Math.hypot(x - disc.x, y - disc.y);
        const cover = Math.min(1, Math.max(0, disc.radius - far + 0.5));
        const light = 205 - ((x - disc.x + y - disc.y) / disc.radius) * 20;
        value += (light - value) * cover;
      }
      if (limb) {
        const [dx, dy] = [Math.cos(limb.angle), Math.sin(limb.angle)];
        const along = (x - limb.x) * dx + (y - limb.y) * dy;
        const at = Math.min(limb.length, Math.max(0, along));
        const far = Math.hypot(x - limb.x - at * dx, y - limb.y - at * dy);
        value += (40 - value) * Math.min(1, Math.max(0, limb.half - far + 0.5));
      }
      luma[y * WIDTH + x] = Math.round(value);
    }
  }
  return luma;
}

/** A throw over the picture. */
export const flight = (frame: number): Disc => ({
  ...{ x: 60 + frame * 11, y: 250 - frame * 9 + 0.22 * frame * frame, radius: 9 },
});
