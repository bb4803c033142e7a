// End-to-end encrypted frames in LiveKit's documented format (client-sdk-js, src/e2ee/worker):
// clear header | ciphertext and tag | IV (12) | length of the IV (1) | key index (1). For H.264 the
// header reaches to two bytes behind the first slice's NAL header, so that a relay still finds key
// frames, and all behind it is escaped, so that no start code stands in it. For Opus it is the
// first byte. The header is authenticated. Bytes only: whoever has a cipher puts it in between.

import { fromHex, toHex } from '../base/ids.ts';
import { NAL_IDR, NAL_SLICE } from './h264.ts';

export const SEAL_IV_LENGTH = 12;
export const SEAL_TAG_LENGTH = 16;
/** AES-128-GCM. */
export const SEAL_KEY_LENGTH = 16;
/** The secret in a link, from which keys are made. */
export const SEAL_SECRET_LENGTH = 32;
/**
 * Keys are numbered 1 to 15. LiveKit counts from 0, but a NAL unit may not end in a zero byte
 * (ITU-T H.264 section 7.4.1), and whoever splits Annex B takes such a byte off.
 */
export const SEAL_KEY_INDEX_MAX = 15;
/** A reader goes on by itself over at most so many key changes, as LiveKit's ratchet window. */
export const SEAL_STEPS_MAX = 8;
/** LiveKit's salt, and its HKDF info for a frame key: 128 zero bytes. */
export const SEAL_SALT = 'LKFrameEncryptionKey';
export const SEAL_KEY_INFO = new Uint8Array(128);
/** Our own: with LiveKit's info the next secret would begin with the present key. */
export const SEAL_NEXT_INFO = 'next secret';
/** Bytes that a sealed frame is longer than the clear one, before escaping. */
const SEAL_LENGTH = SEAL_TAG_LENGTH + SEAL_IV_LENGTH + 2;
const CLEAR_SLICE_BYTES = 2;
const CLEAR_SOUND_BYTES = 1;

export type SealedTrack = 'video' | 'audio';

/** How many bytes of a frame stay clear; 0: there is no slice in it, so all of it stays clear. */
export function clearLength(track: SealedTrack, frame: Uint8Array): number {
  if (track === 'audio') return Math.min(CLEAR_SOUND_BYTES, frame.length);
  for (let at = 0; at + 3 < frame.length; at++) {
    if (frame[at] !== 0 || frame[at + 1] !== 0 || frame[at + 2] !== 1) continue;
    const type = (frame[at + 3] ?? 0) & 31;
    if (type === NAL_SLICE || type === NAL_IDR) {
      return Math.min(frame.length, at + 3 + CLEAR_SLICE_BYTES);
    }
    at += 2;
  }
  return 0;
}

/** Puts a sealed frame together. `ciphertext` ends with the tag. */
export function joinSealed(
  track: SealedTrack,
  parts: { header: Uint8Array; ciphertext: Uint8Array; iv: Uint8Array; keyIndex: number },
): Uint8Array {
  const { header, ciphertext, iv, keyIndex } = parts;
  const tail = new Uint8Array(ciphertext.length + iv.length + 2);
  tail.set(ciphertext);
  tail.set(iv, ciphertext.length);
  tail[tail.length - 2] = iv.length;
  tail[tail.length - 1] = keyIndex;
  const body = track === 'video' ? escaped(tail) : tail;
  const frame = new Uint8Array(header.length + body.length);
  frame.set(header);
  frame.set(body, header.length);
  return frame;
}

export type SealedParts = {
  header: Uint8Array;
  ciphertext: Uint8Array;
  iv: Uint8Array;
  keyIndex: number;
};

/** Takes a sealed frame apart; null when it is none. */
export function splitSealed(track: SealedTrack, frame: Uint8Array): SealedParts | null {
  const length = clearLength(track, frame);
  if (length === 0) return null;
  const header = frame.subarray(0, length);
  const rest = frame.subarray(length);
  const tail = track === 'video' ? unescaped(rest) : rest;
  if (tail.length < SEAL_LENGTH) return null;
  const keyIndex = tail[tail.length - 1] ?? 0;
  const ivLength = tail[tail.length - 2] ?? 0;
  if (ivLength !== SEAL_IV_LENGTH || keyIndex < 1 || keyIndex > SEAL_KEY_INDEX_MAX) return null;
  const end = tail.length - 2 - ivLength;
  return {
    ...{ header, keyIndex },
    ciphertext: tail.subarray(0, end),
    iv: tail.subarray(end, end + ivLength),
  };
}

/** The index behind another one; after the last comes the first. */
export function nextKeyIndex(index: number): number {
  return (index % SEAL_KEY_INDEX_MAX) + 1;
}

/** How many key changes lie between two indices. */
export function keySteps(from: number, to: number): number {
  return (to - from + SEAL_KEY_INDEX_MAX) % SEAL_KEY_INDEX_MAX;
}

/** What follows the `#` of a link: the secret in hexadecimal digits and the index of its key. */
export function sealFragment(secret: Uint8Array, keyIndex: number): string {
  return `k=${toHex(secret)}.${keyIndex}`;
}

/** Reads a link's fragment, with or without `#`; null when it holds no key. */
export function readSealFragment(text: string): { secret: Uint8Array; keyIndex: number } | null {
  const [, digits, index] = /^#?k=([\da-f]{64})\.(\d{1,2})$/.exec(text) ?? [];
  const keyIndex = Number(index);
  if (digits === undefined || keyIndex < 1 || keyIndex > SEAL_KEY_INDEX_MAX) return null;
  return { secret: fromHex(digits), keyIndex };
}

/** Emulation prevention (ITU-T H.264 section 7.4.1): 03 before what would be a start code. */
function escaped(bytes: Uint8Array): Uint8Array {
  let added = 0;
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      added++;
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  if (added === 0) return bytes;
  const result = new Uint8Array(bytes.length + added);
  let length = 0;
  zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      result[length++] = 3;
      zeros = 0;
    }
    result[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return result;
}

function unescaped(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length);
  let length = 0;
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    result[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return result.subarray(0, length);
}
