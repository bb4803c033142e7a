// The line between a studio and somebody who helps to run the show from elsewhere: RPC messages in
// pieces, carried by a relay that can read them but cannot change, repeat, reorder or make any.
// Both sides agree on keys by X25519 (RFC 7748); the device's key and the channel's key sign the
// agreement, and each piece carries an HMAC-SHA256 (RFC 2104) over its number. One wrong piece
// ends the line: there is no way to go on from a message that somebody touched.

import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { joinBytes } from '../base/bytes.ts';
import { fromHex, type RandomBytes, toHex } from '../base/ids.ts';
import { channelIdOf, isSigned, signText } from '../wire/signing.ts';
import { PIECE_BYTES_MAX } from './bounds.ts';

/** A whole RPC message: templates come in one, and so does the state of a studio. */
export const STAFF_MESSAGE_BYTES_MAX = 2 * 1024 * 1024;

export type Piece = { number: bigint; bytes: Uint8Array; isLast: boolean; mac: Uint8Array };

export type Ephemeral = { secret: Uint8Array; publicKey: string };

export function newEphemeral(random: RandomBytes): Ephemeral {
  const secret = random(32);
  return { secret, publicKey: toHex(x25519.getPublicKey(secret)) };
}

/** Who speaks on the line, and by which keys of this connection. */
export type LineTerms = {
  channelId: string;
  subject: string;
  /** The device's X25519 key of this connection, 64 hexadecimal characters. */
  deviceEphemeral: string;
};

/** What the device's key signs to open a line. */
export function openingText(terms: LineTerms, invite: string): string {
  const { channelId, subject, deviceEphemeral } = terms;
  return `morphine-staff-open-v1|${channelId}|${subject}|${deviceEphemeral}|${invite}`;
}

/** What the channel's key signs when it takes the line. */
function openedText(terms: LineTerms, studioEphemeral: string, role: string): string {
  const { channelId, subject, deviceEphemeral } = terms;
  const parties = `${channelId}|${subject}|${deviceEphemeral}`;
  return `morphine-staff-opened-v1|${parties}|${studioEphemeral}|${role}`;
}

export function signOpened(
  terms: LineTerms,
  opened: { ephemeralKey: string; role: string },
  channelSecret: string,
): string {
  return signText(openedText(terms, opened.ephemeralKey, opened.role), channelSecret);
}

/** Whether the channel itself took the line: its id is the hash of the key that signed. */
export function isOpenedByChannel(
  terms: LineTerms,
  opened: { ephemeralKey: string; role: string; signature: string; channelKey: string },
): boolean {
  const { channelKey } = opened;
  if (!/^[0-9a-f]{64}$/.test(channelKey)) return false;
  if (channelIdOf(channelKey) !== terms.channelId) return false;
  const text = openedText(terms, opened.ephemeralKey, opened.role);
  return isSigned(text, opened.signature, channelKey);
}

export type StaffLine = {
  /** Cuts a message into sealed pieces. Throws RangeError above STAFF_MESSAGE_BYTES_MAX. */
  seal(message: Uint8Array): Piece[];
  /** A whole message with its last piece, null before it. Throws LineBroken for a wrong piece. */
  open(piece: Piece): Uint8Array | null;
};

/** A piece was not what the other side sent next; the line must end. */
export class LineBroken extends Error {}

/**
 * The line once both ephemeral keys are known.
 *
 * @param side whose end this is
 * @returns null when the other side's key is none
 */
export function joinLine(
  side: 'device' | 'studio',
  own: Ephemeral,
  terms: LineTerms,
  studioEphemeral: string,
): StaffLine | null {
  const theirs = side === 'device' ? studioEphemeral : terms.deviceEphemeral;
  if (!/^[0-9a-f]{64}$/.test(theirs)) return null;
  let shared: Uint8Array;
  try {
    // Throws for keys of small order, whose result anybody knows.
    shared = x25519.getSharedSecret(own.secret, fromHex(theirs));
  } catch {
    return null;
  }
  const salt = utf8(openedText(terms, studioEphemeral, ''));
  const keyOf = (way: string) => hkdf(sha256, shared, sha256(salt), utf8(`morphine-${way}`), 32);
  const upward = keyOf('to-studio');
  const downward = keyOf('to-device');
  return side === 'device' ? new Line(upward, downward) : new Line(downward, upward);
}

class Line implements StaffLine {
  readonly #ownKey: Uint8Array;
  readonly #theirKey: Uint8Array;
  #sent = 0n;
  #taken = 0n;
  #parts: Uint8Array[] = [];
  #length = 0;
  #isBroken = false;

  constructor(ownKey: Uint8Array, theirKey: Uint8Array) {
    this.#ownKey = ownKey;
    this.#theirKey = theirKey;
  }

  seal(message: Uint8Array): Piece[] {
    if (message.length > STAFF_MESSAGE_BYTES_MAX) {
      throw new RangeError(`A message of ${message.length} bytes is too long for this line`);
    }
    const pieces: Piece[] = [];
    for (let at = 0; at === 0 || at < message.length; at += PIECE_BYTES_MAX) {
      const bytes = message.subarray(at, at + PIECE_BYTES_MAX);
      const isLast = at + PIECE_BYTES_MAX >= message.length;
      const number = this.#sent++;
      pieces.push({ number, bytes, isLast, mac: macOf(this.#ownKey, number, isLast, bytes) });
    }
    return pieces;
  }

  open({ number, bytes, isLast, mac }: Piece): Uint8Array | null {
    const isNext = number === this.#taken && bytes.length <= PIECE_BYTES_MAX;
    const isWhole = isNext && isEqual(mac, macOf(this.#theirKey, number, isLast, bytes));
    this.#length += bytes.length;
    if (this.#isBroken || !isWhole || this.#length > STAFF_MESSAGE_BYTES_MAX) {
      this.#isBroken = true;
      this.#parts = [];
      throw new LineBroken('A message was changed, lost or repeated on its way.');
    }
    this.#taken++;
    this.#parts.push(bytes);
    if (!isLast) return null;
    const message = joinBytes(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return message;
  }
}

function macOf(key: Uint8Array, number: bigint, isLast: boolean, bytes: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(9));
  head.setBigUint64(0, number);
  head.setUint8(8, isLast ? 1 : 0);
  return hmac.create(sha256, key).update(new Uint8Array(head.buffer)).update(bytes).digest();
}

/** In a time that says nothing about where they differ. */
function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let at = 0; at < one.length; at++) difference |= (one[at] ?? 0) ^ (other[at] ?? 0);
  return difference === 0;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
