// Seals units before they leave for a relay (core/media/frameSeal.ts has the format). One secret at
// a time; the next one is made from it, so that readers follow by themselves and whoever learns the
// newest secret cannot read what was sent before. An IV is never used twice with one key: it is a
// random start and a count. Synchronous, because media must never wait.

import { createCipheriv, hkdfSync } from 'node:crypto';
import type { RandomBytes } from '../../../core/base/ids.ts';
import type { Unit } from '../../../core/media/feed.ts';
import {
  clearLength,
  joinSealed,
  nextKeyIndex,
  SEAL_IV_LENGTH,
  SEAL_KEY_INFO,
  SEAL_KEY_LENGTH,
  SEAL_NEXT_INFO,
  SEAL_SALT,
  SEAL_SECRET_LENGTH,
} from '../../../core/media/frameSeal.ts';

export type SealSecret = { secret: Uint8Array; keyIndex: number };

/** The secret that follows, with its index. One way only. */
export function nextSecret({ secret, keyIndex }: SealSecret): SealSecret {
  const next = hkdfSync('sha256', secret, SEAL_SALT, SEAL_NEXT_INFO, SEAL_SECRET_LENGTH);
  return { secret: new Uint8Array(next), keyIndex: nextKeyIndex(keyIndex) };
}

export class FrameSealer {
  readonly #key: Uint8Array;
  readonly #keyIndex: number;
  readonly #ivStart: Uint8Array;
  #count = 0;

  constructor({ secret, keyIndex }: SealSecret, random: RandomBytes) {
    this.#key = new Uint8Array(
      hkdfSync('sha256', secret, SEAL_SALT, SEAL_KEY_INFO, SEAL_KEY_LENGTH),
    );
    this.#keyIndex = keyIndex;
    this.#ivStart = random(SEAL_IV_LENGTH - 4);
  }

  /** The unit with its bytes sealed; one without a slice (parameter sets alone) stays as it is. */
  seal(unit: Unit): Unit {
    const length = clearLength(unit.track, unit.bytes);
    if (length === 0) return unit;
    const header = unit.bytes.subarray(0, length);
    const iv = this.#nextIv();
    const cipher = createCipheriv('aes-128-gcm', this.#key, iv);
    cipher.setAAD(header);
    const body = cipher.update(unit.bytes.subarray(length));
    cipher.final();
    const ciphertext = Buffer.concat([body, cipher.getAuthTag()]);
    const keyIndex = this.#keyIndex;
    return { ...unit, bytes: joinSealed(unit.track, { header, ciphertext, iv, keyIndex }) };
  }

  /** 8 random bytes and a count of 32 bits: 2.5 years of pictures and sounds. */
  #nextIv(): Uint8Array {
    const iv = new Uint8Array(SEAL_IV_LENGTH);
    iv.set(this.#ivStart);
    new DataView(iv.buffer).setUint32(SEAL_IV_LENGTH - 4, this.#count++);
    return iv;
  }
}
