// The one queue of the product. It has a bound, a drop policy and counters that say whose queue it
// is; nothing else may hold items between a producer and a consumer of different speed.

/** What happens to an item that does not fit. */
export type DropPolicy = 'drop-oldest' | 'drop-newest';

/** First in, first out, with a fixed capacity. */
export class BoundedQueue<Item> {
  /** Whose queue this is; appears in metrics and logs. */
  readonly owner: string;
  readonly capacity: number;
  readonly policy: DropPolicy;
  /** Items dropped since the queue was made. */
  droppedCount = 0;
  #items: Item[] = [];
  #head = 0;

  constructor(options: { owner: string; capacity: number; policy: DropPolicy }) {
    if (!Number.isInteger(options.capacity) || options.capacity < 1) {
      throw new RangeError(`Queue ${options.owner} needs a capacity of at least 1`);
    }
    this.owner = options.owner;
    this.capacity = options.capacity;
    this.policy = options.policy;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item. Returns the item that was dropped to keep the bound, or undefined. */
  push(item: Item): Item | undefined {
    if (this.length < this.capacity) {
      this.#items.push(item);
      return undefined;
    }
    this.droppedCount++;
    if (this.policy === 'drop-newest') return item;
    const dropped = this.shift();
    this.#items.push(item);
    return dropped;
  }

  /** Takes the oldest item, or undefined when empty. */
  shift(): Item | undefined {
    if (this.#head >= this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#head++;
    // Compacting at half keeps shift() constant on average without moving items on each call.
    if (this.#head * 2 > this.#items.length && this.#head > 32) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
