// The platform's keychain as the shell has it: it wraps the key that seals viewers' personal data.
// Without a real one (a Linux without a secret service wraps with a fixed password) there is none,
// and the studio says that the key is a file. It holds nothing itself.

import { safeStorage } from 'electron';

/** Null where there is no keychain. Call it when the app is ready. */
export function platformKeychain() {
  if (!safeStorage.isEncryptionAvailable()) return null;
  const isFixedPassword =
    process.platform === 'linux' && safeStorage.getSelectedStorageBackend() === 'basic_text';
  if (isFixedPassword) return null;
  return {
    wrap: (text: string): Uint8Array => safeStorage.encryptString(text),
    unwrap: (bytes: Uint8Array): string => safeStorage.decryptString(Buffer.from(bytes)),
  };
}
