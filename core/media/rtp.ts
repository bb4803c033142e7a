// RTP bytes (RFC 3550 section 5.1): reading and writing headers, 16-bit sequence arithmetic, and
// the playout-delay header extension that lets a browser show frames at once. Reading never trusts
// a length that the packet itself claims. RTCP shares the transport: `isRtcp` tells them apart.

export const RTP_HEADER_LENGTH = 12;

/** Bytes that `writePlayoutDelay` occupies: one-byte extension header, element, padding. */
export const PLAYOUT_DELAY_LENGTH = 8;

/** The header extension by which a sender asks for no jitter buffer. */
export const PLAYOUT_DELAY_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';

export type RtpPacket = {
  payloadType: number;
  marker: boolean;
  /** Unsigned 16 bit. */
  sequence: number;
  /** Unsigned 32 bit. */
  timestamp: number;
  /** Unsigned 32 bit. */
  ssrc: number;
  /** First payload byte, behind contributing sources and extensions. */
  payloadStart: number;
  /** End of the payload, before padding. */
  payloadEnd: number;
};

/** True for RTCP on a multiplexed transport (RFC 5761 section 4: second byte 192..223). */
export function isRtcp(packet: Uint8Array): boolean {
  const type = packet[1] ?? 0;
  return packet.length >= 4 && type >= 192 && type <= 223;
}

/** Reads an RTP header. Undefined when the bytes are not a whole RTP packet. */
export function parseRtp(packet: Uint8Array): RtpPacket | undefined {
  if (packet.length < RTP_HEADER_LENGTH) return undefined;
  const first = byteAt(packet, 0);
  if (first >> 6 !== 2) return undefined;
  let payloadStart = RTP_HEADER_LENGTH + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (payloadStart + 4 > packet.length) return undefined;
    payloadStart += 4 + 4 * read16(packet, payloadStart + 2);
  }
  let payloadEnd = packet.length;
  if ((first & 0x20) !== 0) {
    const padding = byteAt(packet, packet.length - 1);
    if (padding === 0) return undefined;
    payloadEnd -= padding;
  }
  if (payloadStart > payloadEnd) return undefined;
  const second = byteAt(packet, 1);
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: read16(packet, 2),
    timestamp: read32(packet, 4),
    ssrc: read32(packet, 8),
    payloadStart,
    payloadEnd,
  };
}

/** Writes a 12-byte header at `offset`. `hasExtension` sets the X bit; the caller adds the rest. */
export function writeRtpHeader(
  target: Uint8Array,
  offset: number,
  header: Pick<RtpPacket, 'payloadType' | 'marker' | 'sequence' | 'timestamp' | 'ssrc'>,
  hasExtension = false,
): void {
  target[offset] = hasExtension ? 0x90 : 0x80;
  target[offset + 1] = (header.marker ? 0x80 : 0) | (header.payloadType & 0x7f);
  write16(target, offset + 2, header.sequence);
  write32(target, offset + 4, header.timestamp);
  write32(target, offset + 8, header.ssrc);
}

/**
 * Writes the playout-delay extension (8 bytes) at `offset`, directly behind a 12-byte header whose
 * X bit is set. One-byte form of RFC 8285 section 4.2; the element is 12 bits of minimum and 12
 * bits of maximum in steps of 10 ms.
 *
 * @param id the viewer's extension identifier, 1..14
 */
export function writePlayoutDelay(
  target: Uint8Array,
  offset: number,
  id: number,
  delayMsMin: number,
  delayMsMax: number,
): void {
  const min = Math.min(4095, Math.max(0, Math.round(delayMsMin / 10)));
  const max = Math.min(4095, Math.max(min, Math.round(delayMsMax / 10)));
  write16(target, offset, 0xbede);
  write16(target, offset + 2, 1);
  target[offset + 4] = (id << 4) | 2;
  target[offset + 5] = min >> 4;
  target[offset + 6] = ((min & 0x0f) << 4) | (max >> 8);
  target[offset + 7] = max & 0xff;
}

/** Signed distance from `from` to `to` on the 16-bit circle, -32768..32767. */
export function sequenceDistance(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}

/** Signed distance from `from` to `to` on the 32-bit circle. */
export function timestampDistance(from: number, to: number): number {
  return (to - from) | 0;
}

/**
 * The whole number nearest to `near` whose low 16 bits are `sequence`: it undoes the wrap-around.
 * May be below zero for packets from before the first one.
 */
export function extendSequence(sequence: number, near: number): number {
  return near + sequenceDistance(near & 0xffff, sequence);
}

export function byteAt(bytes: Uint8Array, offset: number): number {
  return bytes[offset] ?? 0;
}

export function read16(bytes: Uint8Array, offset: number): number {
  return (byteAt(bytes, offset) << 8) | byteAt(bytes, offset + 1);
}

export function read32(bytes: Uint8Array, offset: number): number {
  return read16(bytes, offset) * 65_536 + read16(bytes, offset + 2);
}

export function write16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = (value >> 8) & 0xff;
  bytes[offset + 1] = value & 0xff;
}

export function write32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = (value >>> 24) & 0xff;
  bytes[offset + 1] = (value >>> 16) & 0xff;
  bytes[offset + 2] = (value >>> 8) & 0xff;
  bytes[offset + 3] = value & 0xff;
}
