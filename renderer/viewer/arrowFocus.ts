// Arrow keys move the focus to what lies in that direction, so that a television's remote reaches
// everything. The choice is plain geometry: nearest along the arrow, with what lies beside it
// counting double; nothing behind is ever chosen.

export type Arrow = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight';
export type Place = { left: number; top: number; right: number; bottom: number };

const FOCUSABLE = 'button:not(:disabled), a[href], input:not(:disabled), summary, select';
/** What lies beside the way counts so much more than what lies along it. */
const BESIDE = 2;

export function isArrow(key: string): key is Arrow {
  return /^Arrow(Up|Down|Left|Right)$/.test(key);
}

/** Index of the place to go to from `from`, or -1 when nothing lies there. */
export function placeTowards(from: Place, arrow: Arrow, places: readonly Place[]): number {
  const isUpright = arrow === 'ArrowUp' || arrow === 'ArrowDown';
  const sign = arrow === 'ArrowDown' || arrow === 'ArrowRight' ? 1 : -1;
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const [at, place] of places.entries()) {
    const [along, beside] = isUpright
      ? [middle(place.top, place.bottom) - middle(from.top, from.bottom), gap(place, from, 'x')]
      : [middle(place.left, place.right) - middle(from.left, from.right), gap(place, from, 'y')];
    const ahead = along * sign;
    if (ahead <= 1) continue;
    const cost = ahead + BESIDE * beside;
    if (cost < least) {
      least = cost;
      best = at;
    }
  }
  return best;
}

/**
 * Moves the focus within `page`; false when there is nothing in that direction.
 *
 * @param first selector of where the first arrow goes, if that is there; null: what comes first
 */
export function moveFocus(page: HTMLElement, arrow: Arrow, first: string | null = null): boolean {
  const all = [...page.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (element) => element.getClientRects().length > 0,
  );
  const now = document.activeElement;
  if (!(now instanceof HTMLElement) || !all.includes(now)) {
    const wished = first === null ? undefined : all.find((element) => element.matches(first));
    (wished ?? all[0])?.focus();
    return all.length > 0;
  }
  const others = all.filter((element) => element !== now);
  const places = others.map((element) => element.getBoundingClientRect());
  const target = others[placeTowards(now.getBoundingClientRect(), arrow, places)];
  target?.focus();
  return target !== undefined;
}

function middle(one: number, other: number): number {
  return (one + other) / 2;
}

/** How far two places are apart across the way; 0 where they overlap. */
function gap(one: Place, other: Place, axis: 'x' | 'y'): number {
  const [from, to] = axis === 'x' ? (['left', 'right'] as const) : (['top', 'bottom'] as const);
  return Math.max(0, one[from] - other[to], other[from] - one[to]);
}
