// Finds or makes the key that seals personal data. Where the platform has a keychain the key lies
// in the data folder wrapped by it; elsewhere it is a plain file that only its owner may read. It
// moves into the keychain when one appears, never out of it by itself: what a keychain protects
// must not turn up in a plain file. Without its key personal data is lost, money never is.

import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RandomBytes } from '../../../core/base/ids.ts';

export const KEY_FILE = 'personal.key';
export const WRAPPED_KEY_FILE = 'personal.key.wrapped';
const KEY_PATTERN = /^[0-9a-f]{64}$/;

/** The platform's keychain, as the desktop shell has it. */
export type Keychain = {
  wrap(text: string): Uint8Array;
  /** Throws when it does not know what it is given. */
  unwrap(bytes: Uint8Array): string;
};

/** 32 bytes, and where they lie. */
export type PersonalKey = { key: Uint8Array; from: 'keychain' | 'file' };

/** Personal data cannot be opened; `message` says what to do. */
export class PersonalKeyLost extends Error {}

/**
 * Opens the key of a data folder, or makes it.
 *
 * @throws PersonalKeyLost, and what the disk throws
 */
export function openPersonalKey(options: {
  dataFolder: string;
  keychain: Keychain | null;
  random: RandomBytes;
}): PersonalKey {
  const { dataFolder, keychain } = options;
  const plain = join(dataFolder, KEY_FILE);
  const wrapped = join(dataFolder, WRAPPED_KEY_FILE);
  if (keychain) {
    if (!existsSync(wrapped)) {
      const text = existsSync(plain) ? readKey(plain) : newKey(options.random);
      writeNew(wrapped, keychain.wrap(text));
    }
    const key = unwrapped(keychain, wrapped);
    rmSync(plain, { force: true });
    return { key, from: 'keychain' };
  }
  if (existsSync(wrapped)) {
    throw new PersonalKeyLost(
      `Personal data in ${dataFolder} is locked by the desktop app’s keychain; start the desktop ` +
        'app on it, or name another --data folder.',
    );
  }
  if (!existsSync(plain)) writeNew(plain, Buffer.from(`${newKey(options.random)}\n`));
  return { key: Buffer.from(readKey(plain), 'hex'), from: 'file' };
}

function newKey(random: RandomBytes): string {
  return Buffer.from(random(32)).toString('hex');
}

/** The key when it lies in a plain file; null when there is none or the keychain has it. */
export function readPlainKey(dataFolder: string): Uint8Array | null {
  const plain = join(dataFolder, KEY_FILE);
  return existsSync(plain) ? Buffer.from(readKey(plain), 'hex') : null;
}

function readKey(path: string): string {
  const text = readFileSync(path, 'utf8').trim();
  if (!KEY_PATTERN.test(text)) {
    throw new PersonalKeyLost(`${path} is no key; restore it, or remove it to begin without one.`);
  }
  // Others could read it, for example after a copy: close it again.
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return text;
}

function unwrapped(keychain: Keychain, path: string): Uint8Array {
  try {
    const text = keychain.unwrap(readFileSync(path));
    if (KEY_PATTERN.test(text)) return Buffer.from(text, 'hex');
  } catch {
    // Said below; the keychain's own words may hold what it protects.
  }
  throw new PersonalKeyLost(
    `The keychain does not open ${path}. Unlock it and start again, or remove the file: viewers’ ` +
      'keys and texts are then lost, points are not.',
  );
}

/** Of two that begin at once the first one's key holds. */
function writeNew(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes, { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
}
