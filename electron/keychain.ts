// The platform's keychain as the shell has it: it wraps the key that seals viewers' personal data.
// Without a real one (a Linux without a secret service wraps with a fixed password) there is none,
// the reason has a name, and the studio says that the key is a file. It holds nothing itself.

import { safeStorage } from 'electron';

/** Backends of Linux that keep the secret with the person's log-in. */
const REAL_BACKENDS: ReadonlySet<string> = new Set([
  'gnome_libsecret',
  'kwallet',
  'kwallet5',
  'kwallet6',
]);

/** Why there is no keychain; empty where there is one. */
export function keychainTrouble(at: {
  platform: NodeJS.Platform;
  isAvailable: boolean;
  backend: string;
}): '' | 'unavailable' | 'basic_text' | 'unknown' {
  if (!at.isAvailable) return 'unavailable';
  if (at.platform !== 'linux' || REAL_BACKENDS.has(at.backend)) return '';
  return at.backend === 'basic_text' ? 'basic_text' : 'unknown';
}

/** Null where there is no keychain. Call it when the app is ready. */
export function platformKeychain() {
  const trouble = keychainTrouble({
    platform: process.platform,
    isAvailable: safeStorage.isEncryptionAvailable(),
    backend: process.platform === 'linux' ? safeStorage.getSelectedStorageBackend() : '',
  });
  if (trouble !== '') {
    process.stderr.write(`No keychain (${trouble}): the key of personal data is a file.\n`);
    return null;
  }
  return {
    wrap: (text: string): Uint8Array => safeStorage.encryptString(text),
    unwrap: (bytes: Uint8Array): string => safeStorage.decryptString(Buffer.from(bytes)),
  };
}
