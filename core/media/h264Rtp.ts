// H.264 in RTP, packetization-mode 1 (RFC 6184): single NAL units, STAP-A for parameter sets, FU-A
// for what is larger than a packet. A key frame is known by its SPS, never by the IDR slice alone:
// an IDR without parameter sets starts no decoder, and OBS, Janus and mediasoup learned that late.

import { joinBytes } from '../base/bytes.ts';
import { NAL_DELIMITER, NAL_PPS, NAL_SEI, NAL_SPS, splitAnnexB } from './h264.ts';
import { byteAt, RTP_HEADER_LENGTH, read16, write16, writeRtpHeader } from './rtp.ts';

/** Largest payload we make: with every header it stays below 1280 bytes, IPv6's smallest link. */
export const PAYLOAD_LENGTH_MAX = 1200;

const STAP_A = 24;
const FU_A = 28;

/** Splits NAL units of one access unit into RTP payloads. Access unit delimiters are left out. */
export function packetizeNalUnits(
  units: readonly Uint8Array[],
  payloadLengthMax = PAYLOAD_LENGTH_MAX,
): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  let smallLength = 1;
  const flush = () => {
    const only = small[0];
    if (small.length === 1 && only) payloads.push(only);
    else if (small.length > 1) payloads.push(aggregate(small, smallLength));
    small = [];
    smallLength = 1;
  };
  for (const unit of units) {
    const type = byteAt(unit, 0) & 0x1f;
    if (unit.length === 0 || type === NAL_DELIMITER) continue;
    const isSmall = type === NAL_SPS || type === NAL_PPS || type === NAL_SEI;
    if (isSmall && 1 + 2 + unit.length <= payloadLengthMax) {
      if (smallLength + 2 + unit.length > payloadLengthMax) flush();
      small.push(unit);
      smallLength += 2 + unit.length;
      continue;
    }
    flush();
    if (unit.length <= payloadLengthMax) payloads.push(unit);
    else fragment(unit, payloadLengthMax, payloads);
  }
  flush();
  return payloads;
}

/** STAP-A (RFC 6184 section 5.7.1). */
function aggregate(units: readonly Uint8Array[], length: number): Uint8Array {
  const payload = new Uint8Array(length);
  let forbidden = 0;
  let importance = 0;
  let offset = 1;
  for (const unit of units) {
    forbidden |= byteAt(unit, 0) & 0x80;
    importance = Math.max(importance, byteAt(unit, 0) & 0x60);
    write16(payload, offset, unit.length);
    payload.set(unit, offset + 2);
    offset += 2 + unit.length;
  }
  payload[0] = forbidden | importance | STAP_A;
  return payload;
}

/** FU-A (RFC 6184 section 5.8), in parts of nearly equal size. */
function fragment(unit: Uint8Array, payloadLengthMax: number, payloads: Uint8Array[]): void {
  const room = payloadLengthMax - 2;
  const count = Math.ceil((unit.length - 1) / room);
  const size = Math.ceil((unit.length - 1) / count);
  const nalHeader = byteAt(unit, 0);
  for (let start = 1; start < unit.length; start += size) {
    const part = unit.subarray(start, Math.min(unit.length, start + size));
    const payload = new Uint8Array(2 + part.length);
    payload[0] = (nalHeader & 0xe0) | FU_A;
    payload[1] = nalHeader & 0x1f;
    if (start === 1) payload[1] |= 0x80;
    if (start + size >= unit.length) payload[1] |= 0x40;
    payload.set(part, 2);
    payloads.push(payload);
  }
}

/**
 * One access unit as RTP packets; the marker is on the last one.
 *
 * @param sequence sequence number of the first packet; the caller adds the length of the result
 */
export function packetizeAccessUnit(
  annexB: Uint8Array,
  stream: { payloadType: number; ssrc: number; sequence: number; timestamp: number },
  payloadLengthMax = PAYLOAD_LENGTH_MAX,
): Uint8Array[] {
  const payloads = packetizeNalUnits(splitAnnexB(annexB), payloadLengthMax);
  return payloads.map((payload, index) => {
    const packet = new Uint8Array(RTP_HEADER_LENGTH + payload.length);
    writeRtpHeader(packet, 0, {
      payloadType: stream.payloadType,
      ssrc: stream.ssrc,
      timestamp: stream.timestamp,
      sequence: (stream.sequence + index) & 0xffff,
      marker: index === payloads.length - 1,
    });
    packet.set(payload, RTP_HEADER_LENGTH);
    return packet;
  });
}

/** True when an RTP payload starts a key frame: it carries an SPS, alone, in STAP-A or FU-A. */
export function startsKeyFrame(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  if (start >= end) return false;
  const type = byteAt(bytes, start) & 0x1f;
  if (type === NAL_SPS) return true;
  if (type === FU_A) {
    const fragmentHeader = start + 1 < end ? byteAt(bytes, start + 1) : 0;
    return (fragmentHeader & 0x80) !== 0 && (fragmentHeader & 0x1f) === NAL_SPS;
  }
  if (type !== STAP_A) return false;
  for (let offset = start + 1; offset + 2 < end; ) {
    const length = read16(bytes, offset);
    if (length === 0 || offset + 2 + length > end) return false;
    if ((byteAt(bytes, offset + 2) & 0x1f) === NAL_SPS) return true;
    offset += 2 + length;
  }
  return false;
}

/** Puts RTP payloads together again. Feed payloads in order; a gap must be told by `reset`. */
export class Depacketizer {
  #fragments: Uint8Array[] | undefined;

  /** NAL units that this payload completes. Malformed payloads give none. */
  push(payload: Uint8Array): Uint8Array[] {
    const first = byteAt(payload, 0);
    const type = first & 0x1f;
    if (payload.length === 0 || type === 0) return [];
    if (type === FU_A) return this.#pushFragment(payload);
    this.#fragments = undefined;
    if (type < STAP_A) return [payload];
    return type === STAP_A ? splitAggregate(payload) : [];
  }

  /** Forgets a NAL unit in progress after a lost packet. */
  reset(): void {
    this.#fragments = undefined;
  }

  #pushFragment(payload: Uint8Array): Uint8Array[] {
    if (payload.length < 3) return [];
    const fragmentHeader = byteAt(payload, 1);
    if ((fragmentHeader & 0x80) !== 0) {
      const nalHeader = (byteAt(payload, 0) & 0xe0) | (fragmentHeader & 0x1f);
      this.#fragments = [Uint8Array.of(nalHeader)];
    }
    if (!this.#fragments) return [];
    this.#fragments.push(payload.subarray(2));
    if ((fragmentHeader & 0x40) === 0) return [];
    const unit = joinBytes(this.#fragments);
    this.#fragments = undefined;
    return [unit];
  }
}

function splitAggregate(payload: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let offset = 1; offset + 2 < payload.length; ) {
    const length = read16(payload, offset);
    if (length === 0 || offset + 2 + length > payload.length) return units;
    units.push(payload.subarray(offset + 2, offset + 2 + length));
    offset += 2 + length;
  }
  return units;
}
