// Joins parts of several streams into one: a viewer that changes its layer sees sequence numbers
// that go on without a hole and timestamps that never go back, under one SSRC. Pure, on numbers. It
// remembers its last parts, because a viewer may ask again for what came before a change.

import { extendSequence, timestampDistance } from '../../core/media/rtp.ts';

/** Parts that can still be asked for again. */
const PARTS_KEPT = 4;

type Part<Source> = {
  source: Source;
  /** Number that goes out, extended, of the part's first packet. */
  firstOut: number;
  /** Added to the source's own extended number. */
  offset: number;
  /** Newest of the source's own extended numbers. */
  newestIn: number;
  /** Timestamp of the source's newest frame; null before any. */
  frame: number | null;
  /** Frames that went out under another timestamp than their own. */
  moved: Map<number, number>;
};

export class Splice<Source> {
  readonly #parts: Part<Source>[] = [];
  #highestOut = -1;
  #newestTimestamp: number | null = null;

  /** The source whose packets go out now. */
  get source(): Source | undefined {
    return this.#parts.at(-1)?.source;
  }

  /** Sources that may still be asked for packets. */
  sources(): Set<Source> {
    return new Set(this.#parts.map(({ source }) => source));
  }

  /**
   * From now on packets of this source go out, beginning with its number `sequence`.
   *
   * @param earlier packets of the first part that went out before and can be asked for
   */
  begin(source: Source, sequence: number, earlier = 0): void {
    // The first part keeps its numbers: nothing has to be rewritten for who never changes.
    const isFirst = this.#parts.length === 0;
    if (isFirst) this.#highestOut = sequence - 1;
    const offset = this.#highestOut + 1 - sequence;
    const firstOut = this.#highestOut + 1 - (isFirst ? earlier : 0);
    const part = { source, firstOut, offset, newestIn: sequence, frame: null, moved: new Map() };
    this.#parts.push(part);
    if (this.#parts.length > PARTS_KEPT) this.#parts.shift();
  }

  /** What goes out for a packet of a source; null when it has no place in any part. */
  map(
    source: Source,
    sequence: number,
    timestamp: number,
  ): { sequence: number; timestamp: number } | null {
    let end = Number.POSITIVE_INFINITY;
    for (let i = this.#parts.length - 1; i >= 0; i--) {
      const part = this.#parts[i] as Part<Source>;
      const extended = extendSequence(sequence, part.newestIn);
      const out = extended + part.offset;
      if (part.source === source && out >= part.firstOut && out < end) {
        const isNow = i === this.#parts.length - 1;
        if (isNow && extended > part.newestIn) part.newestIn = extended;
        if (isNow && out > this.#highestOut) this.#highestOut = out;
        const sent = isNow ? this.#timestampOf(part, timestamp) : movedOf(part, timestamp);
        return { sequence: out & 0xffff, timestamp: sent };
      }
      end = part.firstOut;
    }
    return null;
  }

  /** Whose packet went out under a number, and that source's own number for it. */
  locate(sequence: number): { source: Source; sequence: number } | null {
    const out = extendSequence(sequence, this.#highestOut);
    const part = this.#parts.findLast(({ firstOut }) => firstOut <= out);
    return part ? { source: part.source, sequence: (out - part.offset) & 0xffff } : null;
  }

  /**
   * Layers of one show share their clock, so a timestamp stays as it is. A layer whose key frame is
   * no newer than what went out gets the next free ticks until it has caught up.
   */
  #timestampOf(part: Part<Source>, timestamp: number): number {
    const isOlder = part.frame !== null && timestampDistance(part.frame, timestamp) <= 0;
    if (isOlder) return movedOf(part, timestamp);
    part.frame = timestamp;
    const newest = this.#newestTimestamp;
    const fits = newest === null || timestampDistance(newest, timestamp) > 0;
    const sent = fits ? timestamp : (newest + 1) >>> 0;
    if (!fits) part.moved.set(timestamp, sent);
    this.#newestTimestamp = sent;
    return sent;
  }
}

function movedOf<Source>(part: Part<Source>, timestamp: number): number {
  return part.moved.get(timestamp) ?? timestamp;
}
