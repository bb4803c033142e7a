// What vision knew, kept for questions: the facts of the last two minutes in memory ("what did you
// know at t?"), and as text, one line per fact, in a file with a bound and live to whoever listens.
// It never slows vision or the show down: a disk or a listener that cannot keep up misses lines,
// and those are counted. It outlives vision’s restarts, not the engine’s; the file outlives both.

import { appendFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { BoundedQueue } from '../../core/base/boundedQueue.ts';
import type { Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { writeEvent, writeFacts } from '../../core/wire/factLines.ts';
import { type FrameFacts, FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import { wireEvent } from '../audience/messages.ts';

/** How far back one may ask, microseconds. */
export const KEPT_US = 120_000_000;
/** Pictures kept: two minutes at 60 a second. Their bytes are those that came from vision. */
const PICTURES_MAX = 7_200;
const BYTES_MAX = 32 * 1024 * 1024;
const EVENTS_MAX = 1_000;
/** An answer holds the events of this long before the time that is asked for, microseconds. */
const EVENTS_US = 10_000_000;
/** Lines that wait for the disk, in pictures: about ten seconds. */
const WAITING_MAX = 600;
const WRITE_EVERY_MS = 1_000;
/** Both files together; at half of it the newer one is put aside as facts.1.txt. */
export const FILE_BYTES_MAX = 256 * 1024 * 1024;
export const FILE_NAME = 'facts.txt';
const OLD_FILE_NAME = 'facts.1.txt';

export type KnownThen = {
  /** Capture time of the newest picture that was known, microseconds. */
  captureUs: number;
  /** Lines of that picture, and of the events of the ten seconds before. */
  lines: string[];
  /** What can be asked for. */
  oldestUs: number;
  newestUs: number;
};

export type FactLog = {
  frame(facts: FrameFacts, bytes: Uint8Array): void;
  event(event: GameEvent): void;
  /** What was known at a capture time; null when that is not kept. */
  at(captureUs: number): KnownThen | null;
  /** Oldest and newest capture time that can be asked for; null before the first picture. */
  range(): { oldestUs: number; newestUs: number } | null;
  /** Hears each text as it comes; returns how to stop. */
  listen(hear: (text: string) => void): () => void;
  /** Texts that the disk was too slow for or refused. */
  droppedCount(): number;
  /** Writes what waits. */
  close(): Promise<void>;
};

export type FactLogOptions = {
  dataFolder: string;
  timers: Timers;
  logger: Logger;
  fileBytesMax?: number;
};

export function createFactLog(options: FactLogOptions): FactLog {
  const memory = new Memory();
  const listeners = new Set<(text: string) => void>();
  const file = new BoundedFile(options);
  function tell(text: string): void {
    file.add(text);
    for (const hear of listeners) hear(text);
  }
  return {
    frame(facts, bytes) {
      memory.addPicture(Number(facts.captureUs), bytes);
      tell(writeFacts(facts));
    },
    event(event) {
      const text = writeEvent(wireEvent(event));
      memory.addEvent(event.captureUs, text);
      tell(text);
    },
    at: (captureUs) => memory.at(captureUs),
    range: () => memory.range(),
    listen(hear) {
      listeners.add(hear);
      return () => void listeners.delete(hear);
    },
    droppedCount: () => file.droppedCount(),
    close: () => file.close(),
  };
}

type Picture = { captureUs: number; bytes: Uint8Array };

/** The last two minutes, oldest first. */
class Memory {
  #pictures: Picture[] = [];
  #first = 0;
  #bytes = 0;
  readonly #events: { captureUs: number; text: string }[] = [];

  addPicture(captureUs: number, bytes: Uint8Array): void {
    this.#pictures.push({ captureUs, bytes });
    this.#bytes += bytes.length;
    for (;;) {
      const oldest = this.#pictures[this.#first];
      const count = this.#pictures.length - this.#first;
      const isOver = count > PICTURES_MAX || this.#bytes > BYTES_MAX;
      if (!oldest || count === 1) break;
      if (!isOver && captureUs - oldest.captureUs <= KEPT_US) break;
      this.#bytes -= oldest.bytes.length;
      this.#first++;
    }
    if (this.#first > PICTURES_MAX) {
      this.#pictures = this.#pictures.slice(this.#first);
      this.#first = 0;
    }
  }

  addEvent(captureUs: number, text: string): void {
    this.#events.push({ captureUs, text });
    if (this.#events.length > EVENTS_MAX) this.#events.shift();
  }

  range(): { oldestUs: number; newestUs: number } | null {
    const oldest = this.#pictures[this.#first];
    const newest = this.#pictures.at(-1);
    if (!oldest || !newest) return null;
    return { oldestUs: oldest.captureUs, newestUs: newest.captureUs };
  }

  at(captureUs: number): KnownThen | null {
    const range = this.range();
    if (!range || captureUs < range.oldestUs || captureUs > range.newestUs) return null;
    const picture = this.#pictures.findLast((one) => one.captureUs <= captureUs);
    if (!picture) return null;
    const events = this.#events.filter(
      (one) => one.captureUs <= captureUs && one.captureUs > captureUs - EVENTS_US,
    );
    const text = writeFacts(fromBinary(FrameFactsSchema, picture.bytes));
    const lines = [text, ...events.map((event) => event.text)].join('').trimEnd().split('\n');
    return { captureUs: picture.captureUs, lines, ...range };
  }
}

/** Text that is written once a second; the file is put aside when it is full. */
class BoundedFile {
  readonly #options: FactLogOptions;
  readonly #queue = new BoundedQueue<string>({
    owner: 'lines of facts for the disk',
    capacity: WAITING_MAX,
    policy: 'drop-oldest',
  });
  readonly #cancel: () => void;
  #size: number | null = null;
  #writing: Promise<void> | null = null;
  #refusedCount = 0;
  #isTroubled = false;

  constructor(options: FactLogOptions) {
    this.#options = options;
    this.#cancel = options.timers.every(WRITE_EVERY_MS, () => void this.#write());
  }

  add(text: string): void {
    this.#queue.push(text);
  }

  droppedCount(): number {
    return this.#queue.droppedCount + this.#refusedCount;
  }

  async close(): Promise<void> {
    this.#cancel();
    await this.#writing;
    await this.#write();
  }

  #write(): Promise<void> {
    if (this.#writing) return this.#writing;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    const parts: string[] = [];
    for (let part = this.#queue.shift(); part !== undefined; part = this.#queue.shift()) {
      parts.push(part);
    }
    if (parts.length === 0) return;
    const text = parts.join('');
    const { dataFolder, logger, fileBytesMax = FILE_BYTES_MAX } = this.#options;
    const path = join(dataFolder, FILE_NAME);
    try {
      this.#size ??= await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
      const bytes = Buffer.byteLength(text);
      if (this.#size > 0 && this.#size + bytes > fileBytesMax / 2) {
        await rename(path, join(dataFolder, OLD_FILE_NAME));
        this.#size = 0;
      }
      await appendFile(path, text, { mode: 0o600 });
      this.#size += bytes;
      this.#isTroubled = false;
    } catch (cause) {
      this.#refusedCount += parts.length;
      this.#size = null;
      // A full disk is said once, until writing works again.
      if (!this.#isTroubled) logger.warn('facts are not written', { reason: String(cause) });
      this.#isTroubled = true;
    }
  }
}
