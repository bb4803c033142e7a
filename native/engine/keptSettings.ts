// Writes into settings.json what was chosen in the page, beside everything else that a person wrote
// there. One after the other: two choices at once must not lose one.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '../../core/contract/rpc.ts';
import { replaceFile } from './replaceFile.ts';

export const SETTINGS_FILE = 'settings.json';

let last: Promise<void> = Promise.resolve();

/** @throws RpcError `refused` where the file that stands there cannot be read */
export function keepSetting(
  dataFolder: string,
  part: Readonly<Record<string, unknown>>,
): Promise<void> {
  const writing = last.then(() => write(join(dataFolder, SETTINGS_FILE), part));
  last = writing.catch(() => {});
  return writing;
}

async function write(path: string, part: Readonly<Record<string, unknown>>): Promise<void> {
  let settings: unknown = {};
  try {
    settings = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const isAbsent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isAbsent) {
      throw new RpcError('refused', `${path} cannot be read; mend it, then choose again.`);
    }
  }
  const others = typeof settings === 'object' && settings !== null ? settings : {};
  await replaceFile(path, `${JSON.stringify({ version: 1, ...others, ...part }, null, 2)}\n`);
}
