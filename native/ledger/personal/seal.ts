// Seals what the ledger keeps of people (device keys, texts) before it reaches the disk: AES-256-
// GCM, a fresh nonce each, bound to its table and row, so that a sealed value cannot be moved to
// another row. The key must reach no log and no error text. Values of older files are not sealed;
// they are told apart by their first characters.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const MARK = 'sealed1.';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export type Seal = {
  /** Text as it is stored. `place` names the table and the row. */
  close(place: string, text: string): string;
  /** The text again; undefined when it was sealed with another key or for another place. */
  open(place: string, stored: string): string | undefined;
};

/** Whether a stored text is sealed. No key, hash or canonical text of ours begins so. */
export function isSealed(stored: string): boolean {
  return stored.startsWith(MARK);
}

/** @param key 32 bytes */
export function createSeal(key: Uint8Array): Seal {
  return {
    close(place, text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(place, 'utf8'));
      const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      const bytes = Buffer.concat([nonce, hidden, cipher.getAuthTag()]);
      return MARK + bytes.toString('base64url');
    },
    open(place, stored) {
      if (!isSealed(stored)) return stored;
      const bytes = Buffer.from(stored.slice(MARK.length), 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
      cipher.setAAD(Buffer.from(place, 'utf8'));
      cipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const hidden = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
        return Buffer.concat([cipher.update(hidden), cipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}

/** Leaves texts as they are: for tests of other things, and for files that were never sealed. */
export const OPEN_SEAL: Seal = {
  close: (_place, text) => text,
  open: (_place, stored) => (isSealed(stored) ? undefined : stored),
};

/** Names of places; they stand inside what is sealed, so they never change. */
export const subjectPlace = (subject: string): string => `subjects|${subject}`;
export const textPlace = (hash: string): string => `texts|${hash}`;
