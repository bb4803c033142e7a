// Two secrets of a studio that outlive its engine: one signs the cookie, so that an open browser
// stays in over a restart; the other lets `npm run open` ask for a fresh link. Mode 0600.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fromHex, type RandomBytes, toHex } from '../../core/base/ids.ts';
import { replaceFile } from './replaceFile.ts';

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const schema = z.strictObject({ version: z.literal(1), cookie: hex, open: hex });

/** Reads the secrets, or makes them. A damaged file is replaced: people then ask for a new link. */
export async function keptSecret(
  dataFolder: string,
  random: RandomBytes,
): Promise<{ cookie: Uint8Array; open: string }> {
  const path = join(dataFolder, 'door.json');
  const text = await readFile(path, 'utf8').catch(() => '');
  const known = schema.safeParse(parsed(text));
  if (known.success) return { cookie: fromHex(known.data.cookie), open: known.data.open };
  const made = { version: 1 as const, cookie: toHex(random(32)), open: toHex(random(32)) };
  await replaceFile(path, `${JSON.stringify(made)}\n`);
  return { cookie: fromHex(made.cookie), open: made.open };
}

/** Where the studio answers, for `npm run open`. Holds no secret. */
export async function keepAddress(dataFolder: string, url: string): Promise<void> {
  await replaceFile(join(dataFolder, 'address.json'), `${JSON.stringify({ url })}\n`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
