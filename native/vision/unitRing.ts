// The last seconds of a feed's video with a reading cursor: at once the memory from which a new
// vision process is caught up and the only queue towards a slow one. Oldest goes first; what the
// cursor had not sent by then is counted. It never holds audio.

import type { Unit } from '../../core/media/feed.ts';

/** A unit, or the mark that what follows shows something else. */
export type RingItem = { type: 'unit'; unit: Unit } | { type: 'reset' };

/** Guards memory when a source sends far more than a sane bitrate: 8 s at 16 Mbit/s. */
const BYTES_MAX = 16 * 1024 * 1024;
/** 8 s at 60 pictures a second, and resets. */
const ITEMS_MAX = 640;

export class UnitRing {
  /** Units that left the ring before they were sent. */
  droppedCount = 0;
  #items: RingItem[] = [];
  #firstIndex = 0;
  #cursor = 0;
  #bytes = 0;
  readonly #spanUs: number;

  constructor(seconds: number) {
    this.#spanUs = Math.round(seconds * 1_000_000);
  }

  push(item: RingItem): void {
    this.#items.push(item);
    if (item.type === 'unit') this.#bytes += item.unit.bytes.length;
    const newestUs = item.type === 'unit' ? item.unit.captureUs : null;
    while (this.#items.length > 1 && this.#mustDrop(newestUs)) this.#dropOldest();
  }

  /** The next item to send, or undefined when all was sent. After a loss it is a key frame. */
  next(): RingItem | undefined {
    let item = this.#items[this.#cursor - this.#firstIndex];
    while (this.#needsKeyFrame && item?.type === 'unit' && !item.unit.keyFrame) {
      this.droppedCount++;
      this.#cursor++;
      item = this.#items[this.#cursor - this.#firstIndex];
    }
    if (!item) return undefined;
    if (item.type === 'unit') this.#needsKeyFrame = false;
    this.#cursor++;
    return item;
  }

  #needsKeyFrame = true;

  /** Sets the cursor to the newest key frame at or before `captureUs`, else to the oldest one. */
  rewind(captureUs: number): void {
    let found = -1;
    for (let index = 0; index < this.#items.length; index++) {
      const item = this.#items[index];
      if (item?.type !== 'unit' || !item.unit.keyFrame) continue;
      if (found >= 0 && item.unit.captureUs > captureUs) break;
      found = index;
    }
    this.#cursor = this.#firstIndex + Math.max(0, found);
    this.#needsKeyFrame = true;
  }

  #mustDrop(newestUs: number | null): boolean {
    if (this.#items.length > ITEMS_MAX || this.#bytes > BYTES_MAX) return true;
    const oldest = this.#items[0];
    if (oldest?.type === 'reset') return true;
    if (newestUs === null || !oldest) return false;
    return newestUs - oldest.unit.captureUs > this.#spanUs;
  }

  #dropOldest(): void {
    const dropped = this.#items.shift();
    if (dropped?.type === 'unit') this.#bytes -= dropped.unit.bytes.length;
    if (this.#cursor === this.#firstIndex) {
      this.#cursor++;
      if (dropped?.type === 'unit') {
        this.droppedCount++;
        this.#needsKeyFrame = true;
      }
    }
    this.#firstIndex++;
  }
}
