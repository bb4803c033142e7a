// What everybody in a channel was told lately, by number: a page that lost its line hears exactly
// what it missed, or everything that stands when that is too old. Of what replaces itself (the
// show, one market, the rules) only the newest is kept: a long absence is short to tell. It holds
// nothing that was said to one viewer alone, and nothing that is stale a moment later.

import { create, toBinary } from '@bufbuild/protobuf';
import { type ToViewer, ToViewerSchema } from '../core/wire/gen/facts_pb.js';

/** Messages and bytes of one channel: some minutes of a busy chat. */
const KEPT_MAX = 512;
const KEPT_BYTES_MAX = 128 * 1024;
/** Numbers start above zero, which means "nothing heard". */
const FIRST = 1;

type Kept = { number: number; bytes: Uint8Array };

export class KeptNews {
  /** Numbers of another feed mean nothing here. */
  readonly feed: string;
  readonly #max: number;
  readonly #bytesMax: number;
  /** By what a later message replaces; insertion order is the order of numbers. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #number = FIRST;
  /** Everything above it is here. */
  #coveredFrom = FIRST;

  constructor(feed: string, bounds: { max: number; bytesMax: number } | null = null) {
    this.feed = feed;
    this.#max = bounds?.max ?? KEPT_MAX;
    this.#bytesMax = bounds?.bytesMax ?? KEPT_BYTES_MAX;
  }

  /** The newest number. */
  get number(): number {
    return this.#number;
  }

  /** Counts a message that everybody is told, and gives its bytes. */
  take(message: ToViewer['message']): Uint8Array {
    const key = keyOf(message, this.#number + 1);
    if (key === null) return toBinary(ToViewerSchema, create(ToViewerSchema, { message }));
    const number = ++this.#number;
    const told = create(ToViewerSchema, { number: BigInt(number), message });
    const bytes = toBinary(ToViewerSchema, told);
    if (key === 'markets') {
      // The whole list stands for every change before it.
      for (const known of [...this.#kept.keys()])
        if (known.startsWith('market ')) this.#drop(known);
    }
    this.#drop(key);
    this.#kept.set(key, { number, bytes });
    this.#bytes += bytes.length;
    for (const [oldest, kept] of this.#kept) {
      if (this.#kept.size <= this.#max && this.#bytes <= this.#bytesMax) break;
      this.#coveredFrom = kept.number;
      this.#drop(oldest);
    }
    return bytes;
  }

  /** What came after `number` of `feed`, oldest first; null when that cannot be told any more. */
  since(feed: string, number: number): Uint8Array[] | null {
    if (feed !== this.feed || number < this.#coveredFrom || number > this.#number) return null;
    return [...this.#kept.values()]
      .filter((kept) => kept.number > number)
      .map(({ bytes }) => bytes);
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes.length ?? 0;
    this.#kept.delete(key);
  }
}

/** What a message replaces; null for one that is not kept. */
function keyOf(message: ToViewer['message'], number: number): string | null {
  switch (message.case) {
    case 'show':
    case 'markets':
    case 'events':
    case 'witnessed':
    case 'roomRules':
    case 'leaderboard':
      return message.case;
    case 'market':
      return `market ${message.value.id}`;
    // Read too late they say what is no longer so.
    case 'caption':
    case 'analytics':
    case undefined:
      return null;
    default:
      return `number ${number}`;
  }
}
