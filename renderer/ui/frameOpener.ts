// Opens frames that were sealed end to end (core/media/frameSeal.ts). Follows key changes forward
// by itself; a secret never leads back. It must never hand out a frame that it could not open: what
// came in between may be anybody's.

import {
  keySteps,
  nextKeyIndex,
  SEAL_KEY_INFO,
  SEAL_KEY_LENGTH,
  SEAL_NEXT_INFO,
  SEAL_SALT,
  SEAL_SECRET_LENGTH,
  SEAL_STEPS_MAX,
  type SealedTrack,
  splitSealed,
} from '../../core/media/frameSeal.ts';

type Secret = { bytes: Uint8Array<ArrayBuffer>; keyIndex: number };

const utf8 = (text: string) => new TextEncoder().encode(text);

export class FrameOpener {
  readonly #subtle: SubtleCrypto;
  #secret: Secret;
  #keys = new Map<number, Promise<CryptoKey>>();

  /** @param subtle of a secure context; elsewhere a browser has none */
  constructor(secret: { secret: Uint8Array; keyIndex: number }, subtle: SubtleCrypto) {
    this.#secret = { bytes: Uint8Array.from(secret.secret), keyIndex: secret.keyIndex };
    this.#subtle = subtle;
  }

  /** The clear frame; null when this key does not open it. */
  async open(track: SealedTrack, frame: Uint8Array): Promise<Uint8Array | null> {
    const parts = splitSealed(track, frame);
    if (!parts) return null;
    const { header, ciphertext, iv, keyIndex } = parts;
    try {
      const key = await this.#keyOf(keyIndex);
      if (!key) return null;
      const clear = await this.#subtle.decrypt(
        { name: 'AES-GCM', iv: Uint8Array.from(iv), additionalData: Uint8Array.from(header) },
        key,
        Uint8Array.from(ciphertext),
      );
      const whole = new Uint8Array(header.length + clear.byteLength);
      whole.set(header);
      whole.set(new Uint8Array(clear), header.length);
      return whole;
    } catch {
      // WebCrypto says no more than that it did not fit.
      return null;
    }
  }

  async #keyOf(keyIndex: number): Promise<CryptoKey | null> {
    if (!this.#keys.has(keyIndex)) {
      const steps = keySteps(this.#secret.keyIndex, keyIndex);
      if (steps > SEAL_STEPS_MAX) return null;
      this.#keys.set(keyIndex, this.#deriveKey(steps));
    }
    return this.#keys.get(keyIndex) ?? null;
  }

  async #deriveKey(steps: number): Promise<CryptoKey> {
    let { bytes, keyIndex } = this.#secret;
    for (let step = 0; step < steps; step++) {
      bytes = await this.#derive(bytes, utf8(SEAL_NEXT_INFO), SEAL_SECRET_LENGTH);
      keyIndex = nextKeyIndex(keyIndex);
    }
    const key = await this.#derive(bytes, SEAL_KEY_INFO, SEAL_KEY_LENGTH);
    return this.#subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
  }

  async #derive(
    secret: Uint8Array<ArrayBuffer>,
    info: Uint8Array,
    length: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const material = await this.#subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
    const how = {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: utf8(SEAL_SALT),
      info: Uint8Array.from(info),
    };
    return new Uint8Array(await this.#subtle.deriveBits(how, material, length * 8));
  }
}
