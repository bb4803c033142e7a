// Small texts that a page keeps between visits. Where the browser keeps nothing (storage blocked),
// memory stands in for the visit, and `isLasting` says so.

import type { BetRecord, BetStorage } from './betRecord.ts';
import type { LimitStorage, LimitWish } from './limitBook.ts';
import {
  count,
  hexOf,
  number,
  oneOf,
  orElse,
  orNull,
  positive,
  readShape,
  record,
  type Shape,
  text,
  truth,
} from './shape.ts';

export type TextStore = {
  /** False when all is forgotten with the page. */
  isLasting: boolean;
  read(key: string): string | null;
  /** Throws when the text cannot be kept. */
  write(key: string, text: string): void;
  remove(key: string): void;
  keys(): string[];
};

/** The browser's own store, or memory where that one refuses. */
export function openTextStore(browserStore: () => Storage): TextStore {
  try {
    const storage = browserStore();
    const probe = 'morphine.probe';
    storage.setItem(probe, '1');
    storage.removeItem(probe);
    return {
      isLasting: true,
      read: (key) => storage.getItem(key),
      write: (key, text) => storage.setItem(key, text),
      remove: (key) => storage.removeItem(key),
      keys: () => Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? ''),
    };
  } catch {
    return memoryStore();
  }
}

/** Forgets with the page. */
export function memoryStore(): TextStore {
  const texts = new Map<string, string>();
  return {
    isLasting: false,
    read: (key) => texts.get(key) ?? null,
    write: (key, text) => void texts.set(key, text),
    remove: (key) => void texts.delete(key),
    keys: () => [...texts.keys()],
  };
}

const id = hexOf(32);
const moveShape = record({
  kind: oneOf('withdraw', 'sale'),
  id: text,
  state: oneOf('sent', 'confirmed', 'refused'),
  milliShares: count,
  amountMinor: count,
  quoteSeq: count,
  code: text,
  message: text,
});
/** Bets of earlier versions of this page lack what has a stand-in. */
const betShape: Shape<BetRecord> = record({
  betId: id,
  marketId: text,
  outcome: count,
  amountMinor: positive,
  marketTitle: text,
  outcomeLabel: text,
  madeAtMs: number,
  quoteSeq: orElse(orNull(count), null),
  milliSharesMin: orElse(orNull(count), null),
  state: oneOf('sent', 'refused', 'confirmed', 'won', 'lost', 'refunded'),
  seq: count,
  hash: text,
  epoch: orElse(count, 0),
  isWitnessed: orElse(truth, false),
  isContested: orElse(truth, false),
  milliShares: orElse(count, 0),
  move: orElse(orNull(moveShape), null),
  settledSeq: count,
  code: text,
  message: text,
  paidMinor: count,
  reason: text,
});

const limitShape: Shape<LimitWish> = record({
  commandId: id,
  limit: oneOf('stakeDay', 'lossDay', 'pausedUntil', 'excludedUntil'),
  value: orNull(count),
});

/** The bets of one channel, one entry each. What does not read as a bet is left alone. */
export function betStorageOf(store: TextStore, channel: string): BetStorage {
  const entries = entriesOf<BetRecord>(store, `morphine.bet.${channel}.`, betShape);
  return { ...entries, write: (record) => entries.write(record.betId, record) };
}

/** Own limits that were wished for and not answered, one entry each. */
export function limitStorageOf(store: TextStore, channel: string): LimitStorage {
  const entries = entriesOf<LimitWish>(store, `morphine.limit.${channel}.`, limitShape);
  return { ...entries, write: (wish) => entries.write(wish.commandId, wish) };
}

function entriesOf<Entry>(store: TextStore, prefix: string, shape: Shape<Entry>) {
  return {
    list(): Entry[] {
      return store
        .keys()
        .filter((key) => key.startsWith(prefix))
        .map((key) => readShape(store.read(key), shape))
        .filter((entry) => entry !== null);
    },
    write: (id: string, entry: Entry) => store.write(prefix + id, JSON.stringify(entry)),
    remove: (id: string) => store.remove(prefix + id),
  };
}
