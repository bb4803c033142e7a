// How evidence lies on the disk: meta, picture and clip in one file, sealed with AES-256-GCM
// (NIST SP 800-38D) under the studio's own key, the market's id bound in. Its SHA-256 is taken of
// the sealed bytes, so whoever lacks the key can still check that the file is the journal's.

import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { z } from 'zod';
import type { RandomBytes } from '../../core/base/ids.ts';
import { evidenceViewSchema } from '../../core/contract/recording.ts';

const MAGIC = Buffer.from('MSEVID1\n');
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = MAGIC.length + NONCE_BYTES;

export const evidenceMetaSchema = evidenceViewSchema.omit({
  hash: true,
  clipBytes: true,
  stillBytes: true,
});
export type EvidenceMeta = z.infer<typeof evidenceMetaSchema>;

export type Evidence = { meta: EvidenceMeta; still: Uint8Array; clip: Uint8Array };

/** The file is damaged, of another market, or sealed with another key. */
export class SealBroken extends Error {
  override name = 'SealBroken';
}

/** Bytes of the file. */
export function sealEvidence(evidence: Evidence, key: Uint8Array, random: RandomBytes): Uint8Array {
  const meta = Buffer.from(JSON.stringify(evidence.meta));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(meta.length, 0);
  lengths.writeUInt32BE(evidence.still.length, 4);
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(evidence.meta.marketId));
  const sealed = [lengths, meta, evidence.still, evidence.clip].map((part) => cipher.update(part));
  return Buffer.concat([MAGIC, nonce, ...sealed, cipher.final(), cipher.getAuthTag()]);
}

/** @throws SealBroken */
export function openEvidence(file: Uint8Array, marketId: string, key: Uint8Array): Evidence {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const isOurs = bytes.length > HEAD_BYTES + TAG_BYTES + 8;
  if (!isOurs || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new SealBroken('no evidence');
  const nonce = bytes.subarray(MAGIC.length, HEAD_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(marketId));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  let plain: Buffer;
  try {
    plain = Buffer.concat([
      decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]);
  } catch {
    throw new SealBroken('the seal does not hold');
  }
  const metaEnd = 8 + plain.readUInt32BE(0);
  const stillEnd = metaEnd + plain.readUInt32BE(4);
  const meta = evidenceMetaSchema.parse(JSON.parse(plain.toString('utf8', 8, metaEnd)));
  return { meta, still: plain.subarray(metaEnd, stillEnd), clip: plain.subarray(stillEnd) };
}
