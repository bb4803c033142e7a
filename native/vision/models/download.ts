// Downloads one file: in parts that are kept and resumed where a server or a network cut them off,
// checked by size and SHA-256 before it gets its name. What does not arrive is a sentence.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import type { Timers } from '../../../core/base/clock.ts';

export type DownloadOptions = {
  url: string;
  /** Where it goes; the part lies beside it as `.part`. */
  path: string;
  /** 0 where it is not known. */
  bytes: number;
  sha256: string;
  fetch: typeof fetch;
  timers: Timers;
  signal: AbortSignal;
  /** Runs with what has arrived in all, bytes. */
  onProgress(receivedBytes: number): void;
};

/** Attempts in a row that bring nothing before it is given up. */
const ATTEMPTS_MAX = 5;
const RETRY_MS = 500;
/** A server that sends nothing for this long is left, ms. */
const STALL_MS = 20_000;
/** Where the size is not known: no model of ours is a tenth of it, bytes. */
const BYTES_MAX = 2 * 1024 ** 3;

/** Why a download failed, as a sentence. */
export class DownloadError extends Error {
  override name = 'DownloadError';
}

/** @throws DownloadError with a sentence; what has arrived stays for the next attempt */
export async function download(options: DownloadOptions): Promise<void> {
  const { path, sha256, url, signal } = options;
  const part = `${path}.part`;
  let fruitless = 0;
  for (;;) {
    const before = await sizeOf(part);
    const trouble = await fetchRest(options, part, before);
    if (trouble === null) break;
    if (signal.aborted) throw new DownloadError('The download was stopped; it can be resumed.');
    fruitless = (await sizeOf(part)) > before ? 0 : fruitless + 1;
    if (trouble.isFinal || fruitless >= ATTEMPTS_MAX) throw new DownloadError(trouble.reason);
    await new Promise<void>((done) => options.timers.after(RETRY_MS, done));
  }
  const found = await hashOfFile(part);
  if (found !== sha256) {
    await rm(part, { force: true });
    throw new DownloadError(
      `${url} is not the file that the manifest names: expected sha256 ${sha256}, got ${found}.`,
    );
  }
  await rename(part, path);
}

type Trouble = { reason: string; isFinal: boolean };

async function fetchRest(
  options: DownloadOptions,
  part: string,
  from: number,
): Promise<Trouble | null> {
  const { url, bytes, timers, onProgress } = options;
  const most = bytes || BYTES_MAX;
  if (bytes > 0 && from === bytes) return null;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let cancelStall = timers.after(STALL_MS, () => stop.abort());
  try {
    const headers: Record<string, string> = from > 0 ? { Range: `bytes=${from}-` } : {};
    const response = await options.fetch(url, { headers, signal });
    if (response.status === 416) {
      // What lies here is longer than what is there: begin anew.
      await rm(part, { force: true });
      return { reason: `${url} has no bytes from ${from} on.`, isFinal: false };
    }
    if (!response.ok || !response.body) {
      const isFinal = response.status < 500;
      return { reason: `${url} answers ${response.status} ${response.statusText}.`, isFinal };
    }
    // A server that knows no ranges sends the whole file again.
    const isResumed = response.status === 206;
    let received = isResumed ? from : 0;
    const file = await open(part, isResumed ? 'a' : 'w');
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        cancelStall();
        cancelStall = timers.after(STALL_MS, () => stop.abort());
        received += chunk.length;
        if (received > most) {
          return { reason: `${url} sends more than the ${most} bytes expected.`, isFinal: true };
        }
        await file.write(chunk);
        onProgress(received);
      }
    } finally {
      await file.close();
    }
    if (bytes > 0 && received < bytes) {
      return { reason: `${url} ended after ${received} of ${bytes} bytes.`, isFinal: false };
    }
    return null;
  } catch (cause) {
    if (isOutOfSpace(cause)) return { reason: 'The disk is full.', isFinal: true };
    const why = stop.signal.aborted ? `nothing came for ${STALL_MS / 1000} s` : reasonOf(cause);
    return { reason: `${url} broke off: ${why}.`, isFinal: false };
  } finally {
    cancelStall();
  }
}

/** fetch says "fetch failed" and puts the reason into the cause. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}

function isOutOfSpace(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC';
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
