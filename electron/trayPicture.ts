// The tray's picture, drawn here so that a state has a shape and not only a colour: a ring while
// starting, a disc when ready, a disc in a ring when live, a triangle in trouble. Pure.

export type TrayState = 'starting' | 'ready' | 'live' | 'trouble';

/** Red, green, blue: the tokens of the pages. */
const COLOURS: Record<TrayState, readonly [number, number, number]> = {
  starting: [0x8e, 0x99, 0xac],
  ready: [0xf2, 0xf5, 0xfa],
  live: [0xff, 0x3b, 0x4e],
  trouble: [0xf5, 0xb6, 0x42],
};
/** Each pixel is asked at 4 by 4 points, which makes edges smooth. */
const POINTS = 4;

/** How much of the shape is at a place; both from -1 to 1 around the middle. */
function isInside(state: TrayState, x: number, y: number): boolean {
  const distance = Math.hypot(x, y);
  switch (state) {
    case 'starting':
      return distance <= 0.8 && distance >= 0.55;
    case 'ready':
      return distance <= 0.65;
    case 'live':
      return distance <= 0.5 || (distance <= 0.95 && distance >= 0.75);
    case 'trouble':
      return y <= 0.8 && y >= -0.85 && Math.abs(x) <= ((y + 0.85) / 1.65) * 0.95;
  }
}

/** @returns pixels as blue, green, red, opacity, premultiplied: what Electron calls a bitmap */
export function trayPicture(state: TrayState, size: number): Uint8Array {
  const pixels = new Uint8Array(size * size * 4);
  const [red, green, blue] = COLOURS[state];
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let hits = 0;
      for (let point = 0; point < POINTS * POINTS; point++) {
        const x = column + ((point % POINTS) + 0.5) / POINTS;
        const y = row + (Math.floor(point / POINTS) + 0.5) / POINTS;
        if (isInside(state, (x / size) * 2 - 1, (y / size) * 2 - 1)) hits++;
      }
      const share = hits / (POINTS * POINTS);
      const at = (row * size + column) * 4;
      pixels.set(
        [blue, green, red, 255].map((value) => Math.round(value * share)),
        at,
      );
    }
  }
  return pixels;
}
