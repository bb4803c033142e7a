// Small texts that a page keeps between visits. Where the browser keeps nothing (storage blocked),
// memory stands in for the visit, and `isLasting` says so.

import { z } from 'zod';
import type { BetRecord, BetStorage } from './betBook.ts';

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

const betSchema = z.object({
  betId: z.string().regex(/^[0-9a-f]{32}$/),
  marketId: z.string(),
  outcome: z.number().int().nonnegative(),
  amountMinor: z.number().int().positive(),
  marketTitle: z.string(),
  outcomeLabel: z.string(),
  madeAtMs: z.number(),
  state: z.enum(['sent', 'refused', 'confirmed', 'won', 'lost', 'refunded']),
  seq: z.number().int().nonnegative(),
  hash: z.string(),
  settledSeq: z.number().int().nonnegative(),
  code: z.string(),
  message: z.string(),
  paidMinor: z.number().int().nonnegative(),
  reason: z.string(),
});

/** The bets of one channel, one entry each. What does not read as a bet is left alone. */
export function betStorageOf(store: TextStore, channel: string): BetStorage {
  const prefix = `morphine.bet.${channel}.`;
  return {
    list() {
      const records: BetRecord[] = [];
      for (const key of store.keys()) {
        if (!key.startsWith(prefix)) continue;
        const record = readBet(store.read(key));
        if (record) records.push(record);
      }
      return records;
    },
    write: (record) => store.write(prefix + record.betId, JSON.stringify(record)),
    remove: (betId) => store.remove(prefix + betId),
  };
}

function readBet(text: string | null): BetRecord | null {
  if (text === null) return null;
  try {
    const checked = betSchema.safeParse(JSON.parse(text));
    return checked.success ? checked.data : null;
  } catch {
    return null;
  }
}
