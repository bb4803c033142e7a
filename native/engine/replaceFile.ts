// How the studio replaces a small file that it keeps: whole or not at all, and on the disk before
// anybody is told. Two calls for one path must follow each other: they share its `.tmp`.

import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes `text` (mode 0600) in place of `path`; its folder is made. Rejects as the disk says. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(`${path}.tmp`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}
