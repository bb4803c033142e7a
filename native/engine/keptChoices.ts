// What the owner chose and expects to find again: templates, and where betting was suspended by
// hand. Each file is versioned, checked when read, and replaced as a whole once it is on the disk.
// A file that cannot be read is put aside, never overwritten, and said.

import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Template } from '../../core/contract/state.ts';
import {
  BUILT_IN_TEMPLATES,
  exportTemplates,
  importTemplates,
} from '../../core/markets/templates.ts';
import { replaceFile } from './replaceFile.ts';

const reason = z.string().max(300);
const suspendedSchema = z.strictObject({
  version: z.literal(1),
  /** Of the whole show; empty when nobody suspended it. */
  show: reason,
  /** Market id -> reason. */
  markets: z.record(z.string().max(64), reason),
});
export type Suspended = Omit<z.infer<typeof suspendedSchema>, 'version'>;

export type KeptChoices = {
  readonly templates: readonly Template[];
  readonly suspended: Suspended;
  /** Sentences about files that could not be read. */
  readonly complaints: readonly string[];
  keepTemplates(templates: readonly Template[]): Promise<void>;
  keepSuspended(part: Partial<Suspended>): Promise<void>;
};

/** Reads the choices of a data folder; the built-in templates where none were kept. */
export async function openKeptChoices(dataFolder: string): Promise<KeptChoices> {
  const complaints: string[] = [];
  const templates = await readKept(join(dataFolder, 'templates.json'), complaints, importTemplates);
  const found = await readKept(join(dataFolder, 'suspensions.json'), complaints, (text) =>
    suspendedSchema.parse(JSON.parse(text)),
  );
  let suspended: Suspended = { show: found?.show ?? '', markets: found?.markets ?? {} };
  const write = createWriter(dataFolder);
  return {
    templates: templates ?? BUILT_IN_TEMPLATES,
    suspended,
    complaints,
    keepTemplates: (changed) => write('templates.json', exportTemplates(changed)),
    keepSuspended(part) {
      suspended = { ...suspended, ...part };
      const file = { version: 1, ...suspended };
      return write('suspensions.json', `${JSON.stringify(file, null, 2)}\n`);
    },
  };
}

/** Null when there is none, or when it was put aside because it cannot be read. */
async function readKept<Value>(
  path: string,
  complaints: string[],
  read: (text: string) => Value,
): Promise<Value | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
  try {
    return read(text);
  } catch {
    const aside = `${path}.damaged`;
    await rename(path, aside);
    complaints.push(`${path} could not be read and was put aside as ${aside}.`);
    return null;
  }
}

/** Writes one after the other, each whole or not at all. */
function createWriter(dataFolder: string): (name: string, text: string) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (name, text) => {
    const writing = last.then(() => replaceFile(join(dataFolder, name), text));
    // A failed write is told to whoever asked; the next one is tried all the same.
    last = writing.catch(() => {});
    return writing;
  };
}
