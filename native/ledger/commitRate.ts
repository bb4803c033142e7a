// How many commits the disk under the data folder makes durable in a second, measured once at the
// start: what a bet waits for. A few pages are written and flushed as SQLite does it; the file goes
// away again. It never holds up a start for long, and says nothing of a disk it cannot write.

import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const WRITES_MAX = 32;
const WRITES_MIN = 3;
const SPENT_MS_MAX = 50;
const PAGE_BYTES = 4096;

/**
 * Commits a second, by the median of some flushed writes; 0 when the folder cannot be written. On
 * macOS the figure is one of plain fsync, which may leave data in the drive.
 */
export function probeCommitRate(folder: string, nowMs = () => performance.now()): number {
  const path = join(folder, 'commit-rate.probe');
  try {
    const file = openSync(path, 'w', 0o600);
    try {
      return 1000 / median(flushes(file, nowMs));
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
    }
  } catch {
    return 0;
  }
}

function flushes(file: number, nowMs: () => number): number[] {
  const page = Buffer.alloc(PAGE_BYTES, 1);
  const times: number[] = [];
  for (let spentMs = 0; times.length < WRITES_MIN || spentMs < SPENT_MS_MAX; ) {
    const startedMs = nowMs();
    writeSync(file, page);
    fdatasyncSync(file);
    const tookMs = Math.max(0.001, nowMs() - startedMs);
    times.push(tookMs);
    spentMs += tookMs;
    if (times.length === WRITES_MAX) break;
  }
  return times;
}

function median(times: readonly number[]): number {
  return (
    [...times].sort((one, other) => one - other)[times.length >> 1] ?? Number.POSITIVE_INFINITY
  );
}
