// One file that grows while it is recorded. Its pace is its own: what waits for the disk has a
// bound, and who pushes never waits. Written in small steps and made durable every few seconds, so
// that the system never has much of it to write back at once: the ledger shares the disk.

import { open } from 'node:fs/promises';
import { BoundedQueue } from '../../core/base/boundedQueue.ts';

/** Fragments that wait: about ten seconds of the show. */
export const WAITING_MAX = 20;
/** How often what was written is made durable, in bytes: about every five seconds. */
const SYNC_BYTES = 2 * 1024 * 1024;

/** The part of node's FileHandle that is used. */
export type OpenFile = {
  write(bytes: Uint8Array): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
  close(): Promise<void>;
};
export type OpenFileAt = (path: string) => Promise<OpenFile>;

/** A new file of mode 0600; rejects when there is one. */
export const openNewFile: OpenFileAt = (path) => open(path, 'wx', 0o600);

export type DiskFile = {
  /** False when too much waits or the disk failed: these bytes are not in the file. */
  push(bytes: Uint8Array): boolean;
  bytesWritten(): number;
  droppedCount(): number;
  /** Writes what waits, then closes. Never rejects. */
  close(): Promise<void>;
};

export type DiskFileOptions = {
  path: string;
  openFile: OpenFileAt;
  /** Said once: the file cannot go on. What it holds stays. */
  onTrouble(reason: string): void;
};

/** Opens at the first bytes. */
export function createDiskFile(options: DiskFileOptions): DiskFile {
  const { path, openFile, onTrouble } = options;
  const waiting = new BoundedQueue<Uint8Array>({
    owner: 'recording for the disk',
    capacity: WAITING_MAX,
    policy: 'drop-newest',
  });
  let file: OpenFile | null = null;
  let written = 0;
  let notDurable = 0;
  let isTroubled = false;
  let working: Promise<void> | null = null;

  function fail(reason: string): void {
    waiting.clear();
    if (!isTroubled) onTrouble(reason);
    isTroubled = true;
  }

  async function writeAll(): Promise<void> {
    try {
      file ??= await openFile(path);
      for (let bytes = waiting.shift(); bytes; bytes = waiting.shift()) {
        for (let at = 0; at < bytes.length; ) {
          const { bytesWritten } = await file.write(bytes.subarray(at));
          at += bytesWritten;
          written += bytesWritten;
        }
        notDurable += bytes.length;
        if (notDurable < SYNC_BYTES) continue;
        notDurable = 0;
        await file.datasync();
      }
    } catch (cause) {
      fail(sentenceOf(cause));
    }
  }

  function work(): Promise<void> {
    working ??= writeAll().finally(() => {
      working = null;
      if (waiting.length > 0) void work();
    });
    return working;
  }

  return {
    push(bytes) {
      if (isTroubled) return false;
      if (waiting.push(bytes)) {
        fail('The disk is too slow for a recording.');
        return false;
      }
      void work();
      return true;
    },
    bytesWritten: () => written,
    droppedCount: () => waiting.droppedCount,
    async close() {
      while (working) await working;
      try {
        if (!isTroubled) await file?.datasync();
        await file?.close();
      } catch (cause) {
        fail(sentenceOf(cause));
      }
      file = null;
    },
  };
}

/** What went wrong with a file, for people. */
export function sentenceOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'The disk is full.';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return 'The folder for recordings may not be written.';
  }
  return `The disk refused: ${code || String(cause)}.`;
}
