// For tests only: the two kinds of witness store, so that one suite can run over both. PostgreSQL
// is the server of DATABASE_URL, or the one that .ci/postgres sets up; elsewhere its tests are
// skipped and counted, but in CI a missing server is a failure.

import { join } from 'node:path';
import { openPostgres } from '../postgres.ts';
import { openPostgresStore } from '../witness/postgresStore.ts';
import type { WitnessStore } from '../witness/store.ts';
import { openThreadedStore } from '../witness/threadedStore.ts';
import { randomHex, removeFolder, STORE_THREAD_PATH, temporaryFolder } from './harness.ts';

export const TEST_DATABASE_URL =
  process.env.DATABASE_URL || 'postgres://morphine_test:morphine_test@127.0.0.1:5432/morphine_test';

export type TestStores = {
  name: string;
  /** Why tests over it are skipped; false when they run. */
  skip: string | false;
  /** A place to keep a store, opened again as often as a test likes. */
  place(): string;
  open(place: string): Promise<WitnessStore>;
  /** A channel that no other test uses. */
  channel(): string;
  /** A channel made elsewhere is removed at the end too. */
  forget(channelId: string): void;
  /** Removes what tests left behind. */
  clear(): Promise<void>;
};

const TABLES = ['row', 'account', 'bet', 'mark', 'about', 'text'];

export async function bothStores(): Promise<TestStores[]> {
  return [embeddedStores(), await postgresStores()];
}

export function embeddedStores(): TestStores {
  const folders: string[] = [];
  return {
    name: 'embedded',
    skip: false,
    place() {
      const folder = temporaryFolder();
      folders.push(folder);
      return join(folder, 'witness.sqlite');
    },
    open: (path) => openThreadedStore(path, STORE_THREAD_PATH),
    channel: () => randomHex(16),
    forget() {},
    async clear() {
      for (const folder of folders) removeFolder(folder);
    },
  };
}

export async function postgresStores(): Promise<TestStores> {
  const channels: string[] = [];
  return {
    name: 'PostgreSQL',
    skip: await whyNoPostgres(),
    place: () => TEST_DATABASE_URL,
    open: openPostgresStore,
    channel() {
      const channel = randomHex(16);
      channels.push(channel);
      return channel;
    },
    forget: (channelId) => void channels.push(channelId),
    async clear() {
      if (channels.length === 0) return;
      const postgres = await openPostgres(TEST_DATABASE_URL);
      for (const channel of channels) {
        await postgres.inChannel(channel, async (query) => {
          for (const table of TABLES) await query(`DELETE FROM morphine.${table}`);
        });
      }
      await postgres.close();
    },
  };
}

async function whyNoPostgres(): Promise<string | false> {
  try {
    await (await openPostgresStore(TEST_DATABASE_URL)).close();
    return false;
  } catch (error) {
    if (process.env.CI) throw error;
    return error instanceof Error ? error.message : 'PostgreSQL cannot be used.';
  }
}
