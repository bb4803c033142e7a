// What this browser keeps of the page: sizes, language, keys. Every kept text is checked when it is
// read; one that is broken, or of another version, counts as none. Where the browser keeps nothing,
// the choice lasts as long as the page.

import type { z } from 'zod';

/** Every key of ours begins so. */
const PREFIX = 'morphine.studio.';

/** What was kept under this name, or `otherwise`. Never throws. */
export function readKept<Value>(name: string, schema: z.ZodType<Value>, otherwise: Value): Value {
  try {
    const kept = localStorage.getItem(PREFIX + name);
    if (kept === null) return otherwise;
    const parsed = schema.safeParse(JSON.parse(kept));
    return parsed.success ? parsed.data : otherwise;
  } catch {
    return otherwise;
  }
}

/** Keeps a value; silently for this visit only where the browser refuses. */
export function writeKept(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage is blocked or full. The page itself goes on with the value.
  }
}
