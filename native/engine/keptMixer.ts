// How the sound of each source was set, in mixer.json of the data folder. Bounded: sources that
// were not touched for longest are forgotten first. A file that cannot be read is put aside.

import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Logger } from '../../core/base/logger.ts';
import {
  FIRST_SOUND_SETTINGS,
  type SoundSettings,
  soundSettingsSchema,
} from '../../core/contract/mixer.ts';
import { replaceFile } from './replaceFile.ts';

const FILE = 'mixer.json';
const SOURCES_MAX = 200;
const schema = z.strictObject({
  version: z.literal(1),
  /** Those touched last stand last. */
  sources: z.array(z.strictObject({ key: z.string().min(1), settings: soundSettingsSchema })),
});

export type KeptMixer = {
  all(): ReadonlyMap<string, SoundSettings>;
  settingsOf(key: string): SoundSettings;
  keep(key: string, settings: SoundSettings): Promise<void>;
};

export async function openKeptMixer(dataFolder: string, logger: Logger): Promise<KeptMixer> {
  const path = join(dataFolder, FILE);
  const known = await readKnown(path, logger);
  let last: Promise<void> = Promise.resolve();
  return {
    all: () => known,
    settingsOf: (key) => known.get(key) ?? FIRST_SOUND_SETTINGS,
    keep(key, settings) {
      known.delete(key);
      known.set(key, settings);
      for (const oldest of known.keys()) {
        if (known.size <= SOURCES_MAX) break;
        known.delete(oldest);
      }
      const sources = [...known].map(([one, its]) => ({ key: one, settings: its }));
      const text = `${JSON.stringify({ version: 1, sources }, null, 2)}\n`;
      const writing = last.then(() => replaceFile(path, text));
      last = writing.catch(() => {});
      return writing;
    },
  };
}

async function readKnown(path: string, logger: Logger): Promise<Map<string, SoundSettings>> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return new Map();
  try {
    const { sources } = schema.parse(JSON.parse(text));
    return new Map(sources.map(({ key, settings }) => [key, settings]));
  } catch (cause) {
    const aside = `${path}.damaged`;
    logger.warn('The mixer cannot be read and begins anew', { aside, reason: String(cause) });
    await rename(path, aside).catch(() => {});
    return new Map();
  }
}
