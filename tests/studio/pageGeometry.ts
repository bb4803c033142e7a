// What is wrong with a page as it lies there, computed from its boxes: words that are cut off, a page
// that scrolls sideways, controls and parts that lie over each other, and a focus that nobody sees.
// Each function runs in the page and says its faults in words; none is an empty list.

import type { Page } from 'playwright-core';

/** Words wider than their control, and anything that makes the page itself scroll sideways. */
export const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const wide = document.documentElement.scrollWidth > innerWidth ? ['the page'] : [];
    const buttons = [...document.querySelectorAll<HTMLElement>('button:not(.source), h2')];
    const cut = buttons.filter(
      (one) => one.offsetWidth > 0 && one.scrollWidth > one.clientWidth + 1,
    );
    return [...wide, ...cut.map((one) => one.outerHTML.slice(0, 120))];
  });

/** Pairs of what can be seen of `selector` that lie over each other, none inside the other. */
export const overlaps = (page: Page, selector: string): Promise<string[]> =>
  page.evaluate((wanted) => {
    /** So much of two neighbours may touch, px: borders are drawn on one another. */
    const touch = 2;
    const seen = [...document.querySelectorAll<HTMLElement>(wanted)].flatMap((element) => {
      const { left, top, right, bottom } = element.getBoundingClientRect();
      const box = { left, top, right, bottom };
      // Of what scrolls only the part that is not scrolled away is seen; what is fixed scrolls not.
      for (let part: HTMLElement | null = element; part; part = part.parentElement) {
        const { overflow, position } = getComputedStyle(part);
        if (position === 'fixed') break;
        if (part === element || overflow === 'visible') continue;
        const around = part.getBoundingClientRect();
        box.left = Math.max(box.left, around.left);
        box.top = Math.max(box.top, around.top);
        box.right = Math.min(box.right, around.right);
        box.bottom = Math.min(box.bottom, around.bottom);
      }
      const isSeen = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
      return isSeen && box.right > box.left && box.bottom > box.top ? [{ element, box }] : [];
    });
    return seen.flatMap(({ element, box }, index) =>
      seen.slice(index + 1).flatMap((other) => {
        if (element.contains(other.element) || other.element.contains(element)) return [];
        const width = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const height = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (width <= touch || height <= touch) return [];
        const words = [element, other.element].map((one) => one.outerHTML.slice(0, 90));
        return [`${words.join(' over ')}: ${Math.round(width)} × ${Math.round(height)}`];
      }),
    );
  }, selector);

/** Everything that a person presses, types into or chooses from. */
export const CONTROLS = 'button, a[href], input:not([type=hidden]), select, textarea, summary';

/** Controls whose focus by key cannot be seen: no outline, out of the window, or covered. */
export async function unseenFocus(page: Page): Promise<{ faults: string[]; count: number }> {
  // From a key on, the browser shows the focus.
  await page.keyboard.press('Tab');
  return page.evaluate((wanted) => {
    const faults: string[] = [];
    let count = 0;
    for (const element of document.querySelectorAll<HTMLElement>(wanted)) {
      const isOff = element.matches(':disabled') || element.tabIndex < 0;
      if (isOff || !element.checkVisibility({ visibilityProperty: true })) continue;
      element.focus();
      if (document.activeElement !== element) continue;
      count++;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const { left, top, right, bottom } = element.getBoundingClientRect();
      const [x, y] = [(left + right) / 2, (top + bottom) / 2];
      const on = document.elementFromPoint(x, y);
      const isOn = on !== null && (element.contains(on) || on.contains(element));
      const why = [
        element.matches(':focus-visible') ? '' : 'shows no focus',
        outlineStyle === 'none' || Number.parseFloat(outlineWidth) < 2 ? 'has no outline' : '',
        left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1
          ? 'is out of the window'
          : '',
        isOn || (element as HTMLInputElement).labels?.[0]?.contains(on)
          ? ''
          : `is covered by ${on?.outerHTML.slice(0, 90)}`,
      ].filter((one) => one !== '');
      if (why.length > 0) faults.push(`${element.outerHTML.slice(0, 110)} ${why.join(', ')}`);
    }
    return { faults, count };
  }, CONTROLS);
}
