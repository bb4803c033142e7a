// Small texts that a page keeps between visits. Where the browser keeps nothing (storage blocked),
// memory stands in for the visit, and `isLasting` says so.

import * as z from 'zod/mini';
import type { BetRecord, BetStorage } from './betRecord.ts';
import type { LimitStorage, LimitWish } from './limitBook.ts';

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

const count = z.int().check(z.nonnegative());
const moveSchema = z.object({
  kind: z.enum(['withdraw', 'sale']),
  id: z.string(),
  state: z.enum(['sent', 'confirmed', 'refused']),
  milliShares: count,
  amountMinor: count,
  quoteSeq: count,
  code: z.string(),
  message: z.string(),
});
/** Bets of earlier versions of this page lack what has a default. */
const betSchema = z.object({
  betId: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  marketId: z.string(),
  outcome: z.int().check(z.nonnegative()),
  amountMinor: z.int().check(z.positive()),
  marketTitle: z.string(),
  outcomeLabel: z.string(),
  madeAtMs: z.number(),
  quoteSeq: z._default(z.nullable(count), null),
  milliSharesMin: z._default(z.nullable(count), null),
  state: z.enum(['sent', 'refused', 'confirmed', 'won', 'lost', 'refunded']),
  seq: z.int().check(z.nonnegative()),
  hash: z.string(),
  epoch: z._default(count, 0),
  isWitnessed: z._default(z.boolean(), false),
  isContested: z._default(z.boolean(), false),
  milliShares: z._default(count, 0),
  move: z._default(z.nullable(moveSchema), null),
  settledSeq: z.int().check(z.nonnegative()),
  code: z.string(),
  message: z.string(),
  paidMinor: z.int().check(z.nonnegative()),
  reason: z.string(),
});

const limitSchema = z.object({
  commandId: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  limit: z.enum(['stakeDay', 'lossDay', 'pausedUntil', 'excludedUntil']),
  value: z.nullable(count),
});

/** The bets of one channel, one entry each. What does not read as a bet is left alone. */
export function betStorageOf(store: TextStore, channel: string): BetStorage {
  const entries = entriesOf<BetRecord>(store, `morphine.bet.${channel}.`, betSchema);
  return { ...entries, write: (record) => entries.write(record.betId, record) };
}

/** Own limits that were wished for and not answered, one entry each. */
export function limitStorageOf(store: TextStore, channel: string): LimitStorage {
  const entries = entriesOf<LimitWish>(store, `morphine.limit.${channel}.`, limitSchema);
  return { ...entries, write: (wish) => entries.write(wish.commandId, wish) };
}

function entriesOf<Entry>(store: TextStore, prefix: string, schema: z.ZodMiniType<Entry>) {
  return {
    list(): Entry[] {
      return store
        .keys()
        .filter((key) => key.startsWith(prefix))
        .map((key) => readEntry(store.read(key), schema))
        .filter((entry) => entry !== null);
    },
    write: (id: string, entry: Entry) => store.write(prefix + id, JSON.stringify(entry)),
    remove: (id: string) => store.remove(prefix + id),
  };
}

function readEntry<Entry>(text: string | null, schema: z.ZodMiniType<Entry>): Entry | null {
  if (text === null) return null;
  try {
    const checked = schema.safeParse(JSON.parse(text));
    return checked.success ? checked.data : null;
  } catch {
    return null;
  }
}
