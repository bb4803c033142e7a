// The packets of one track that viewers may still ask for again: one ring per stream, not one per
// viewer (the library's own store costs 0.7 to 1.5 MB for each viewer). A packet is stored so that
// any viewer's header can be written in front of its payload in place; nothing is allocated when
// it is sent. Whoever sends a packet rewrites the header first: it still is the last viewer's.

import type { RtpPacket } from '../../core/media/rtp.ts';
import { PLAYOUT_DELAY_LENGTH, RTP_HEADER_LENGTH } from '../../core/media/rtp.ts';

const HEAD_ROOM = RTP_HEADER_LENGTH + PLAYOUT_DELAY_LENGTH;

/** Largest payload that is forwarded; with headers and SRTP tag it fits an Ethernet frame. */
export const FORWARDED_PAYLOAD_LENGTH_MAX = 1440;

export type StoredPacket = {
  /** Number in the stream, counted on without wrap. */
  sequence: number;
  timestamp: number;
  marker: boolean;
  payloadLength: number;
  /** Header, playout-delay extension, payload. */
  extended: Buffer;
  /** The same memory from byte 8 on: header, payload. */
  plain: Buffer;
};

export class PacketRing {
  readonly #slots: (StoredPacket | undefined)[];
  readonly #memory: (Buffer | undefined)[];
  #highest = -1;

  /** @param capacity packets; what is older is forgotten */
  constructor(capacity: number) {
    this.#slots = new Array(capacity);
    this.#memory = new Array(capacity);
  }

  /** Number of the newest packet, -1 when there was none. */
  get highest(): number {
    return this.#highest;
  }

  /** Copies a packet in. `sequence` must not be older than the ring's span. */
  store(sequence: number, timestamp: number, header: RtpPacket, packet: Uint8Array): StoredPacket {
    const index = sequence % this.#slots.length;
    let memory = this.#memory[index];
    if (!memory) {
      memory = Buffer.allocUnsafe(HEAD_ROOM + FORWARDED_PAYLOAD_LENGTH_MAX);
      this.#memory[index] = memory;
    }
    const payloadLength = header.payloadEnd - header.payloadStart;
    memory.set(packet.subarray(header.payloadStart, header.payloadEnd), HEAD_ROOM);
    const stored: StoredPacket = {
      sequence,
      timestamp,
      marker: header.marker,
      payloadLength,
      extended: memory.subarray(0, HEAD_ROOM + payloadLength),
      plain: memory.subarray(PLAYOUT_DELAY_LENGTH, HEAD_ROOM + payloadLength),
    };
    this.#slots[index] = stored;
    if (sequence > this.#highest) this.#highest = sequence;
    return stored;
  }

  /** Undefined when the packet never came or was overwritten. */
  get(sequence: number): StoredPacket | undefined {
    if (sequence < 0) return undefined;
    const stored = this.#slots[sequence % this.#slots.length];
    return stored?.sequence === sequence ? stored : undefined;
  }

  /** True when a packet of this number would overwrite a newer one. */
  isTooOld(sequence: number): boolean {
    return sequence < 0 || sequence <= this.#highest - this.#slots.length;
  }
}
