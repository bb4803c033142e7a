// Addresses of cameras with their passwords, given once by the owner. They outlive the engine in a
// file of mode 0600, because the engine that comes next is told of its source by the shown address.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Logger } from '../../core/base/logger.ts';
import { createSourceAddresses, type SourceAddresses } from '../capture/sourceAddresses.ts';
import { replaceFile } from './replaceFile.ts';

const FILE = 'cameras.json';
const schema = z.strictObject({ version: z.literal(1), known: z.record(z.string(), z.string()) });

/** Reads what is kept. A damaged file is as none: the addresses are given again. */
export async function openKeptSources(
  dataFolder: string,
  logger: Logger,
): Promise<SourceAddresses> {
  const path = join(dataFolder, FILE);
  const text = await readFile(path, 'utf8').catch(() => '');
  let before: Promise<void> = Promise.resolve();
  return createSourceAddresses(knownIn(text), (known) => {
    const write = () => replaceFile(path, `${JSON.stringify({ version: 1, known })}\n`);
    before = before.then(write).catch((cause: unknown) => {
      logger.warn('A camera’s address is not kept', { reason: String(cause) });
    });
  });
}

function knownIn(text: string): Readonly<Record<string, string>> {
  try {
    const read = schema.safeParse(JSON.parse(text));
    return read.success ? read.data.known : {};
  } catch {
    return {};
  }
}
