// RTCP bytes: sender and receiver reports, SDES, BYE (RFC 3550 section 6), generic NACK, PLI and
// FIR (RFC 4585, RFC 5104) and REMB (draft-alvestrand-rmcat-remb). Reading takes compound packets
// and stops at the first impossible length; what it does not know it skips.

import { byteAt, read16, read32, write16, write32 } from './rtp.ts';

/** One instant on the publisher's clock (NTP, RFC 3550 section 4) and on a track's RTP clock. */
export type SenderClock = { ntpSeconds: number; ntpFraction: number; rtpTimestamp: number };

export type ReportBlock = {
  ssrc: number;
  /** 0..1 since the previous report. */
  fractionLost: number;
  cumulativeLost: number;
  highestSequence: number;
  /** In ticks of the track's clock. */
  jitter: number;
  /** Middle 32 bits of the NTP time of the last sender report; 0 for none. */
  lastSenderReport: number;
  /** 1/65536 s between that report's arrival and this one. */
  delaySinceLast: number;
};

export type RtcpItem =
  | { type: 'senderReport'; ssrc: number; clock: SenderClock; packets: number; octets: number }
  | { type: 'reports'; ssrc: number; blocks: ReportBlock[] }
  | { type: 'nack'; ssrc: number; mediaSsrc: number; sequences: number[] }
  | { type: 'keyFrameRequest'; mediaSsrc: number }
  | { type: 'bitrateMax'; bitsPerSecond: number }
  | { type: 'bye'; ssrc: number };

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SDES = 202;
const BYE = 203;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;

/** Seconds between the NTP epoch (1900) and the Unix epoch. */
const NTP_EPOCH_SECONDS = 2_208_988_800;

/** Reads a compound RTCP packet. */
export function parseRtcp(bytes: Uint8Array): RtcpItem[] {
  const items: RtcpItem[] = [];
  let offset = 0;
  while (offset + 4 <= bytes.length) {
    const length = 4 + 4 * read16(bytes, offset + 2);
    if (byteAt(bytes, offset) >> 6 !== 2 || offset + length > bytes.length) break;
    parseOne(bytes.subarray(offset, offset + length), items);
    offset += length;
  }
  return items;
}

function parseOne(bytes: Uint8Array, items: RtcpItem[]): void {
  const count = byteAt(bytes, 0) & 0x1f;
  const ssrc = read32(bytes, 4);
  switch (byteAt(bytes, 1)) {
    case SENDER_REPORT:
      if (bytes.length < 28) return;
      items.push({
        type: 'senderReport',
        ssrc,
        clock: {
          ntpSeconds: read32(bytes, 8),
          ntpFraction: read32(bytes, 12),
          rtpTimestamp: read32(bytes, 16),
        },
        packets: read32(bytes, 20),
        octets: read32(bytes, 24),
      });
      if (count > 0) items.push({ type: 'reports', ssrc, blocks: parseBlocks(bytes, 28, count) });
      return;
    case RECEIVER_REPORT:
      if (bytes.length < 8) return;
      items.push({ type: 'reports', ssrc, blocks: parseBlocks(bytes, 8, count) });
      return;
    case BYE:
      if (count > 0 && bytes.length >= 8) items.push({ type: 'bye', ssrc });
      return;
    case TRANSPORT_FEEDBACK:
      if (count === 1 && bytes.length >= 16) items.push(parseNack(bytes, ssrc));
      return;
    case PAYLOAD_FEEDBACK:
      parsePayloadFeedback(bytes, count, items);
      return;
    default:
  }
}

function parseBlocks(bytes: Uint8Array, start: number, count: number): ReportBlock[] {
  const blocks: ReportBlock[] = [];
  for (let i = 0; i < count && start + 24 <= bytes.length; i++, start += 24) {
    const lost = read32(bytes, start + 4) & 0xffffff;
    blocks.push({
      ssrc: read32(bytes, start),
      fractionLost: byteAt(bytes, start + 4) / 256,
      cumulativeLost: (lost << 8) >> 8,
      highestSequence: read32(bytes, start + 8),
      jitter: read32(bytes, start + 12),
      lastSenderReport: read32(bytes, start + 16),
      delaySinceLast: read32(bytes, start + 20),
    });
  }
  return blocks;
}

function parseNack(bytes: Uint8Array, ssrc: number): RtcpItem {
  const sequences: number[] = [];
  for (let offset = 12; offset + 4 <= bytes.length; offset += 4) {
    const first = read16(bytes, offset);
    const following = read16(bytes, offset + 2);
    sequences.push(first);
    for (let bit = 0; bit < 16; bit++) {
      if ((following & (1 << bit)) !== 0) sequences.push((first + bit + 1) & 0xffff);
    }
  }
  return { type: 'nack', ssrc, mediaSsrc: read32(bytes, 8), sequences };
}

function parsePayloadFeedback(bytes: Uint8Array, format: number, items: RtcpItem[]): void {
  if (bytes.length < 12) return;
  const mediaSsrc = read32(bytes, 8);
  if (format === 1) items.push({ type: 'keyFrameRequest', mediaSsrc });
  // FIR names its media sources in the entries behind the header.
  if (format === 4 && bytes.length >= 20) {
    items.push({ type: 'keyFrameRequest', mediaSsrc: read32(bytes, 12) });
  }
  if (format === 15 && bytes.length >= 20 && read32(bytes, 12) === 0x52454d42) {
    const exponent = byteAt(bytes, 17) >> 2;
    const mantissa = (byteAt(bytes, 17) & 3) * 65_536 + read16(bytes, 18);
    items.push({ type: 'bitrateMax', bitsPerSecond: mantissa * 2 ** exponent });
  }
}

/** A time in microseconds since 1970 as NTP seconds and fraction. */
export function ntpOf(timeUs: number): { ntpSeconds: number; ntpFraction: number } {
  const seconds = Math.floor(timeUs / 1_000_000);
  const restUs = timeUs - seconds * 1_000_000;
  return {
    ntpSeconds: (seconds + NTP_EPOCH_SECONDS) % 4_294_967_296,
    ntpFraction: Math.floor((restUs * 4_294_967_296) / 1_000_000),
  };
}

/** Middle 32 bits of an NTP time, as receiver reports repeat it. */
export function ntpMiddle(clock: { ntpSeconds: number; ntpFraction: number }): number {
  return (clock.ntpSeconds & 0xffff) * 65_536 + (clock.ntpFraction >>> 16);
}

function header(target: Uint8Array, count: number, type: number): void {
  target[0] = 0x80 | count;
  target[1] = type;
  write16(target, 2, target.length / 4 - 1);
}

/** Sender report followed by SDES with the canonical name, as RFC 3550 section 6.1 asks. */
export function writeSenderReport(
  ssrc: number,
  clock: SenderClock,
  packets: number,
  octets: number,
  canonicalName: string,
): Uint8Array {
  const sdes = writeSdes(ssrc, canonicalName);
  const packet = new Uint8Array(28 + sdes.length);
  header(packet.subarray(0, 28), 0, SENDER_REPORT);
  write32(packet, 4, ssrc);
  write32(packet, 8, clock.ntpSeconds);
  write32(packet, 12, clock.ntpFraction);
  write32(packet, 16, clock.rtpTimestamp);
  write32(packet, 20, packets);
  write32(packet, 24, octets);
  packet.set(sdes, 28);
  return packet;
}

/** SDES with a CNAME item. `canonicalName` is ASCII, at most 255 characters. */
export function writeSdes(ssrc: number, canonicalName: string): Uint8Array {
  const length = Math.ceil((8 + 2 + canonicalName.length + 1) / 4) * 4;
  const packet = new Uint8Array(length);
  header(packet, 1, SDES);
  write32(packet, 4, ssrc);
  packet[8] = 1;
  packet[9] = canonicalName.length;
  for (let i = 0; i < canonicalName.length; i++)
    packet[10 + i] = canonicalName.charCodeAt(i) & 0x7f;
  return packet;
}

/** Receiver report with any number (up to 31) of blocks. */
export function writeReceiverReport(ssrc: number, blocks: readonly ReportBlock[]): Uint8Array {
  const packet = new Uint8Array(8 + 24 * blocks.length);
  header(packet, blocks.length, RECEIVER_REPORT);
  write32(packet, 4, ssrc);
  let offset = 8;
  for (const block of blocks) {
    const lost = Math.min(0x7fffff, Math.max(-0x800000, block.cumulativeLost)) & 0xffffff;
    write32(packet, offset, block.ssrc);
    write32(packet, offset + 4, lost);
    packet[offset + 4] = Math.min(255, Math.max(0, Math.floor(block.fractionLost * 256)));
    write32(packet, offset + 8, block.highestSequence);
    write32(packet, offset + 12, block.jitter);
    write32(packet, offset + 16, block.lastSenderReport);
    write32(packet, offset + 20, block.delaySinceLast);
    offset += 24;
  }
  return packet;
}

/** Goodbye (RFC 3550 section 6.6): the source ends its part of the session. */
export function writeBye(ssrc: number): Uint8Array {
  const packet = new Uint8Array(8);
  header(packet, 1, BYE);
  write32(packet, 4, ssrc);
  return packet;
}

/** Generic NACK (RFC 4585 section 6.2.1) for sequence numbers in ascending circular order. */
export function writeNack(
  ssrc: number,
  mediaSsrc: number,
  sequences: readonly number[],
): Uint8Array {
  const pairs: { first: number; following: number }[] = [];
  for (const sequence of sequences) {
    const last = pairs.at(-1);
    const distance = last ? (sequence - last.first) & 0xffff : 0;
    if (last && distance >= 1 && distance <= 16) last.following |= 1 << (distance - 1);
    else pairs.push({ first: sequence, following: 0 });
  }
  const packet = new Uint8Array(12 + 4 * pairs.length);
  header(packet, 1, TRANSPORT_FEEDBACK);
  write32(packet, 4, ssrc);
  write32(packet, 8, mediaSsrc);
  pairs.forEach((pair, index) => {
    write16(packet, 12 + 4 * index, pair.first);
    write16(packet, 14 + 4 * index, pair.following);
  });
  return packet;
}

/** Picture loss indication (RFC 4585 section 6.3.1). */
export function writeKeyFrameRequest(ssrc: number, mediaSsrc: number): Uint8Array {
  const packet = new Uint8Array(12);
  header(packet, 1, PAYLOAD_FEEDBACK);
  write32(packet, 4, ssrc);
  write32(packet, 8, mediaSsrc);
  return packet;
}

/** Receiver's bitrate bound, without which a browser publisher stays at its start rate. */
export function writeBitrateMax(
  ssrc: number,
  mediaSsrc: number,
  bitsPerSecond: number,
): Uint8Array {
  const packet = new Uint8Array(24);
  header(packet, 15, PAYLOAD_FEEDBACK);
  write32(packet, 4, ssrc);
  write32(packet, 12, 0x52454d42);
  let exponent = 0;
  let mantissa = Math.max(0, Math.floor(bitsPerSecond));
  while (mantissa > 0x3ffff) {
    mantissa = Math.floor(mantissa / 2);
    exponent++;
  }
  packet[16] = 1;
  packet[17] = (exponent << 2) | (mantissa >> 16);
  write16(packet, 18, mantissa & 0xffff);
  write32(packet, 20, mediaSsrc);
  return packet;
}
