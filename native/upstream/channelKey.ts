// The channel's key: an Ed25519 secret made at the first start and kept in the data folder, so
// that the viewer link survives every restart. The RTP offsets of the channel are kept with it.
// The secret must never reach a log, an argument list or an error text.

import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fromHex, type RandomBytes, toHex } from '../../core/base/ids.ts';
import { channelIdOf, keyPairOf } from '../../core/wire/signing.ts';

const FILE_NAME = 'channel.json';
const offset = z.number().int().min(0).max(0xffff_ffff);
const fileSchema = z.object({
  version: z.literal(1),
  secretKey: z.string().regex(/^[0-9a-f]{64}$/),
  videoClockOffset: offset,
  audioClockOffset: offset,
});

export type ChannelKey = {
  channelId: string;
  publicKey: string;
  secretKey: string;
  /** RTP offsets for the whole life of the channel (core/media/feed.ts). */
  videoClockOffset: number;
  audioClockOffset: number;
};

/**
 * Reads the channel's key from `dataFolder`, or makes it (mode 0600, written whole or not at all).
 *
 * @throws Error naming the file and the fix when it is there and cannot be used: making a new key
 *   over it would silently change the viewer link.
 */
export async function openChannelKey(options: {
  dataFolder: string;
  random: RandomBytes;
}): Promise<ChannelKey> {
  const path = join(options.dataFolder, FILE_NAME);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return makeKey(path, options.random);
  }
  const parsed = fileSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new Error(
      `${path} is not a channel key; restore it from a backup, or remove it for a new channel.`,
    );
  }
  return keyOf(parsed.data);
}

async function makeKey(path: string, random: RandomBytes): Promise<ChannelKey> {
  const file: z.infer<typeof fileSchema> = {
    version: 1,
    secretKey: toHex(random(32)),
    videoClockOffset: Buffer.from(random(4)).readUInt32BE(),
    audioClockOffset: Buffer.from(random(4)).readUInt32BE(),
  };
  const draft = `${path}.${toHex(random(8))}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(file)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return keyOf(file);
}

function keyOf(file: z.infer<typeof fileSchema>): ChannelKey {
  const pair = keyPairOf(fromHex(file.secretKey));
  return {
    channelId: channelIdOf(pair.publicKey),
    publicKey: pair.publicKey,
    secretKey: pair.secretKey,
    videoClockOffset: file.videoClockOffset,
    audioClockOffset: file.audioClockOffset,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
