// What this device already knows when it checks a proof: the relay's key, kept at the first proof
// that held (so that another key later is seen), and the words of the bet, which the viewer page
// keeps. Where the browser stores nothing, every key is seen for the first time.

import { z } from 'zod';

const KEY = 'morphine.relayKey';
const betSchema = z.object({ marketTitle: z.string(), outcomeLabel: z.string() });
export type BetWords = z.infer<typeof betSchema>;

export type DeviceMemory = {
  /** Null when none was kept. */
  relayKey(): string | null;
  keepRelayKey(key: string): void;
  /** Title and outcome as the viewer page showed them; null when this device did not bet. */
  wordsOf(channel: string, betId: string): BetWords | null;
};

/** Reads and writes the browser's store; one that refuses is an empty one. */
export function openDeviceMemory(browserStore: () => Storage): DeviceMemory {
  const tryWith = <Result>(run: (store: Storage) => Result): Result | null => {
    try {
      return run(browserStore());
    } catch {
      return null;
    }
  };
  return {
    relayKey() {
      const key = tryWith((store) => store.getItem(KEY));
      return key !== null && /^[0-9a-f]{64}$/.test(key) ? key : null;
    },
    keepRelayKey: (key) => void tryWith((store) => store.setItem(KEY, key)),
    wordsOf: (channel, betId) =>
      tryWith((store) => {
        const text = store.getItem(`morphine.bet.${channel}.${betId}`);
        return text === null ? null : betSchema.parse(JSON.parse(text));
      }),
  };
}
