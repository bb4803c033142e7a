// Two secrets of a studio that outlive its engine: one signs the cookie, so that an open browser
// stays in over a restart; the other lets `npm run open` ask for a fresh link. Mode 0600.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fromHex, type RandomBytes, toHex } from '../../core/base/ids.ts';

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
  await mkdir(dataFolder, { recursive: true });
  await writeFile(`${path}.tmp`, `${JSON.stringify(made)}\n`, { mode: 0o600 });
  await rename(`${path}.tmp`, path);
  return { cookie: fromHex(made.cookie), open: made.open };
}

/** Where the studio answers, for `npm run open`. Holds no secret. */
export async function keepAddress(dataFolder: string, url: string): Promise<void> {
  const path = join(dataFolder, 'address.json');
  await writeFile(`${path}.tmp`, `${JSON.stringify({ url })}\n`, { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
