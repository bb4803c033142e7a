// Addresses of sources with their passwords, and without: everybody else in the studio, its pages,
// logs, facts and processes' arguments, knows a camera by the address without. A person gives the
// whole one once.

import { maskCredentials } from '../ffmpeg/spawn.ts';

export type SourceAddresses = {
  /** The address as it may be shown; the whole one is remembered. */
  shownOf(url: string): string;
  /** The whole address of a shown one; any other is its own. */
  wholeOf(url: string): string;
};

/** More cameras than this are not remembered; the oldest go first. */
const KEPT_MAX = 32;

/**
 * @param known shown address -> whole address, as kept before
 * @param keep keeps them where nobody else reads; must not throw
 */
export function createSourceAddresses(
  known: Readonly<Record<string, string>> = {},
  keep: (known: Readonly<Record<string, string>>) => void = () => {},
): SourceAddresses {
  const wholes = new Map(Object.entries(known));
  return {
    shownOf(url) {
      const shown = maskCredentials(url);
      if (shown === url || wholes.get(shown) === url) return shown;
      wholes.delete(shown);
      wholes.set(shown, url);
      for (const oldest of wholes.keys()) {
        if (wholes.size > KEPT_MAX) wholes.delete(oldest);
      }
      keep(Object.fromEntries(wholes));
      return shown;
    },
    wholeOf: (url) => wholes.get(url) ?? url,
  };
}
