// The relay's own key: an Ed25519 secret made at the first start and kept in its data folder, mode
// 0600. It signs what the relay witnessed, so that a studio, and whoever holds a receipt, can show
// how far a journal had come. The secret must reach no log and no error text.

import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { z } from 'zod';
import { fromHex, type RandomBytes, toHex } from '../core/base/ids.ts';
import { type JournalAck, JournalAckSchema } from '../core/wire/gen/facts_pb.js';
import { type KeyPair, keyPairOf, witnessSigningText } from '../core/wire/signing.ts';
import { BadRelaySetting } from './badRelaySetting.ts';
import { signerOf } from './signature.ts';
import type { HighWaterMark } from './witness/store.ts';

const FILE_NAME = 'relay-key.json';
const schema = z.strictObject({
  version: z.literal(1),
  secretKey: z.string().regex(/^[0-9a-f]{64}$/),
});

export type MarkSigner = {
  /** 64 hexadecimal characters; studios keep it. */
  readonly publicKey: string;
  sign(channelId: string, mark: HighWaterMark): JournalAck;
  /** Signs a text that begins with its purpose; 128 hexadecimal characters. */
  signText(text: string): string;
  /** The wall clock that signatures carry, ms since 1970. */
  timeMs(): number;
};

/**
 * Reads the key, or makes it.
 *
 * @param given the secret of a key that several nodes share, 64 hexadecimal characters
 * @throws BadRelaySetting for a file that is no key: a new key over it would make every mark that
 *   studios keep look like another relay's.
 */
export async function openRelayKey(
  dataFolder: string,
  random: RandomBytes,
  given: string | null = null,
): Promise<KeyPair> {
  if (given !== null) {
    if (/^[0-9a-f]{64}$/.test(given)) return keyPairOf(fromHex(given));
    throw new BadRelaySetting('relayKey', 'is not 64 hexadecimal characters; make one of those.');
  }
  const path = join(dataFolder, FILE_NAME);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const secretKey = toHex(random(32));
    await writeFile(`${path}.tmp`, `${JSON.stringify({ version: 1, secretKey })}\n`, {
      mode: 0o600,
      flush: true,
    });
    await rename(`${path}.tmp`, path);
    return keyPairOf(fromHex(secretKey));
  }
  const parsed = schema.safeParse(parsedJson(text));
  if (parsed.success) return keyPairOf(fromHex(parsed.data.secretKey));
  throw new BadRelaySetting(
    'dataFolder',
    `${path} is not a relay's key; restore it from a backup, or remove it for a new key.`,
  );
}

/** @param wallMs the wall clock, ms since 1970 */
export function createMarkSigner(key: KeyPair, wallMs: () => number): MarkSigner {
  const signText = signerOf(key);
  return {
    publicKey: key.publicKey,
    signText,
    timeMs: wallMs,
    sign(channelId, { ledgerId, epoch, seq, hash }) {
      const timeMs = wallMs();
      const text = witnessSigningText(channelId, {
        ...{ ledgerId, epoch, seq, timeMs },
        hash: toHex(hash),
      });
      return create(JournalAckSchema, {
        ledgerId,
        epoch: BigInt(epoch),
        seq: BigInt(seq),
        hash,
        timeMs: BigInt(timeMs),
        signature: signText(text),
      });
    },
  };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
