// RTMP's handshake as the server does it (specification section 5.2): three packets each way that
// prove nothing but that both speak RTMP. The digests of Flash players are not asked for by any
// encoder. A client that speaks something else is told apart by its first byte.

import { joinBytes } from '../../base/bytes.ts';
import { RtmpError } from './chunks.ts';

const VERSION = 3;
const PACKET_BYTES = 1_536;
const TLS_HANDSHAKE = 0x16;

export type Handshake = {
  /**
   * Takes bytes; returns those that follow the handshake, empty until it is over.
   *
   * @throws RtmpError when the other side does not speak RTMP
   */
  push(bytes: Uint8Array): Uint8Array;
};

/** @param random 1,528 bytes for S1 @param send gets S0, S1 and S2 once C1 is whole */
export function createHandshake(random: Uint8Array, send: (bytes: Uint8Array) => void): Handshake {
  const wanted = 1 + 2 * PACKET_BYTES;
  const come = new Uint8Array(wanted);
  let filled = 0;
  return {
    push(bytes) {
      if (filled === wanted) return bytes;
      const before = filled;
      const taken = Math.min(bytes.length, wanted - filled);
      come.set(bytes.subarray(0, taken), filled);
      filled += taken;
      if (before === 0 && filled > 0) checkVersion(come[0] ?? 0);
      if (before <= PACKET_BYTES && filled > PACKET_BYTES) {
        const first = new Uint8Array(PACKET_BYTES);
        first.set(random.subarray(0, PACKET_BYTES - 8), 8);
        send(joinBytes([Uint8Array.of(VERSION), first, come.subarray(1, 1 + PACKET_BYTES)]));
      }
      return bytes.subarray(taken);
    },
  };
}

function checkVersion(version: number): void {
  if (version === TLS_HANDSHAKE) {
    throw new RtmpError('This port speaks rtmp://, the client asked for rtmps://');
  }
  if (version !== VERSION) throw new RtmpError('The client does not speak RTMP');
}
