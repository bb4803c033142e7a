// Who may register a channel: anyone, or the channels of a file, one id a line. The file is read
// anew for each registration, so that an owner is added without a restart.

import { readFile } from 'node:fs/promises';
import { isId } from '../core/wire/signing.ts';
import { BadRelaySetting } from './badRelaySetting.ts';

export type Owners = { mayRegister(channelId: string): Promise<boolean> };

/**
 * @param owners 'open' or a path
 * @throws BadRelaySetting when the file cannot be read or has a line that is no channel id
 */
export async function openOwners(owners: string): Promise<Owners> {
  if (owners === 'open') return { mayRegister: async () => true };
  await readOwners(owners);
  return {
    async mayRegister(channelId) {
      try {
        return (await readOwners(owners)).has(channelId);
      } catch {
        // A file that broke since the start lets nobody in.
        return false;
      }
    },
  };
}

async function readOwners(path: string): Promise<Set<string>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    throw new BadRelaySetting('owners', `${path} cannot be read; name a readable file or "open".`);
  }
  const owners = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const id = line.replace(/#.*/, '').trim();
    if (id === '') continue;
    if (!isId(id)) {
      const where = `${path} line ${index + 1}`;
      throw new BadRelaySetting('owners', `${where} is no channel id of 32 hex characters.`);
    }
    owners.add(id);
  }
  return owners;
}
