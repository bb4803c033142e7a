// Counts the rows that stand in a page at every change of it, so that a list which draws too many
// for a moment is caught, too. Also for the bench.

import type { Page } from 'playwright-core';

type Watched = Window & { rowsMost?: number };

/** Begins to count the elements of a selector; what was counted before is forgotten. */
export async function watchRows(
  page: Page,
  selector: string,
): Promise<{ most(): Promise<number> }> {
  await page.evaluate((wanted) => {
    const watched = window as Watched;
    watched.rowsMost = 0;
    const count = () => {
      const rows = document.querySelectorAll(wanted).length;
      watched.rowsMost = Math.max(watched.rowsMost ?? 0, rows);
    };
    count();
    new MutationObserver(count).observe(document.body, { childList: true, subtree: true });
  }, selector);
  return { most: () => page.evaluate(() => (window as Watched).rowsMost ?? 0) };
}

/** Scrolls a list from its top to its end as a wheel would, while it grows. */
export async function scrollThrough(page: Page, selector: string, stepPx: number): Promise<number> {
  return page.evaluate(
    async ([wanted, step]) => {
      const list = document.querySelector(wanted);
      if (!list) throw new Error(`There is no ${wanted}`);
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      let steps = 0;
      list.scrollTop = 0;
      const isAtEnd = () => list.scrollTop + list.clientHeight >= list.scrollHeight - 1;
      while (!isAtEnd() || list.getAttribute('aria-rowcount') === '-1') {
        list.scrollTop += step;
        steps++;
        await frame();
      }
      return steps;
    },
    [selector, stepPx] as const,
  );
}
