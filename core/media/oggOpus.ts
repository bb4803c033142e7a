// Puts Opus packets into Ogg, one packet to a page, so that a decoder takes each the moment that it
// arrives (RFC 3533 section 6, RFC 7845). The pre-skip is 0: each sample keeps its packet's time.

import { joinBytes } from '../base/bytes.ts';
import { crc32Msb } from './nutChecksum.ts';

const RATE_HZ = 48_000;
const FIRST_PAGE = 2;
const PACKET_BYTES_MAX = 255 * 255;

export type OggOpusWriter = {
  /** The two header packets; first of all. */
  header(): Uint8Array;
  /** @throws RangeError when the packet is empty or too long for a page */
  write(packet: Uint8Array): Uint8Array;
};

export function createOggOpusWriter(channels: 1 | 2): OggOpusWriter {
  let sequence = 0;
  let position = 0;
  return {
    header() {
      const head = new Uint8Array(19);
      head.set(new TextEncoder().encode('OpusHead'));
      head.set([1, channels], 8);
      new DataView(head.buffer).setUint32(12, RATE_HZ, true);
      const tags = new Uint8Array(16);
      tags.set(new TextEncoder().encode('OpusTags'));
      return joinBytes([page(head, 0, sequence++, FIRST_PAGE), page(tags, 0, sequence++, 0)]);
    },
    write(packet) {
      position += opusSamples(packet);
      return page(packet, position, sequence++, 0);
    },
  };
}

/** Samples at 48 kHz that a packet holds, by its first bytes (RFC 6716 section 3.1). */
export function opusSamples(packet: Uint8Array): number {
  const [first = 0, second = 0] = packet;
  const config = first >> 3;
  let frame: number;
  if (config < 12) frame = [480, 960, 1920, 2880][config & 3] ?? 0;
  else if (config < 16) frame = config & 1 ? 960 : 480;
  else frame = 120 << (config & 3);
  const code = first & 3;
  const frames = code === 0 ? 1 : code === 3 ? second & 63 : 2;
  return frame * frames;
}

function page(packet: Uint8Array, position: number, sequence: number, flags: number): Uint8Array {
  if (packet.length === 0 || packet.length >= PACKET_BYTES_MAX) {
    throw new RangeError(`An Opus packet of ${packet.length} bytes`);
  }
  const segments = Math.floor(packet.length / 255) + 1;
  const bytes = new Uint8Array(27 + segments + packet.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('OggS'));
  bytes[5] = flags;
  view.setBigUint64(6, BigInt(position), true);
  view.setUint32(14, 1, true);
  view.setUint32(18, sequence, true);
  bytes[26] = segments;
  bytes.fill(255, 27, 27 + segments - 1);
  bytes[27 + segments - 1] = packet.length % 255;
  bytes.set(packet, 27 + segments);
  view.setUint32(22, crc32Msb(bytes), true);
  return bytes;
}
