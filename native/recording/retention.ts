// What is old goes: files and folders that nobody wrote to for as many days as the owner set. It
// deletes only what its caller knows by name to be its own, and never fails a show.

import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export const DAY_MS = 86_400_000;
/** How often a room looks for what is old, ms. */
export const SWEEP_EVERY_MS = 3_600_000;

/**
 * Deletes what is older and returns how many there were.
 *
 * @param days 0: nothing is too old
 */
export async function deleteOld(old: {
  folder: string;
  days: number;
  wallMs: number;
  isOurs(name: string): boolean;
}): Promise<number> {
  const { folder, days, wallMs, isOurs } = old;
  if (days === 0) return 0;
  let deleted = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!isOurs(name)) continue;
    const path = join(folder, name);
    const writtenMs = await lastWrittenMs(path).catch(() => wallMs);
    if (writtenMs >= wallMs - days * DAY_MS) continue;
    await rm(path, { recursive: true, force: true }).then(
      () => deleted++,
      () => {},
    );
  }
  return deleted;
}

/** Of a folder: when something in it was last written to. */
async function lastWrittenMs(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.mtimeMs;
  let newestMs = found.mtimeMs;
  for (const name of await readdir(path)) {
    newestMs = Math.max(newestMs, (await stat(join(path, name))).mtimeMs);
  }
  return newestMs;
}
