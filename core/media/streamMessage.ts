// Media over a WebSocket, for viewers whose network lets no UDP through: one message is one access
// unit, one Opus packet or the facts of one frame, each encoded once for all viewers. A viewer says
// how far it got, so that the relay knows how late it is. Numbers are big-endian; a length is never
// claimed inside, the message's own end is the end.

import { byteAt, read32, write32 } from './rtp.ts';

/** Header: kind, version, two zero bytes, RTP timestamp (32 bit), sender's time (float64). */
export const STREAM_HEADER_LENGTH = 16;
export const STREAM_VERSION = 1;
/** How a viewer says what arrived: the RTP timestamp of its newest picture, 4 bytes. */
export const STREAM_ACK_LENGTH = 4;

const KINDS = ['keyFrame', 'deltaFrame', 'sound', 'facts'] as const;
export type StreamKind = (typeof KINDS)[number];

export type StreamMessage = {
  kind: StreamKind;
  /** As viewers see it on the wire of WebRTC; 0 of facts, which carry their own. */
  rtpTimestamp: number;
  /**
   * When it was made, microseconds on the sender's own clock, the same for picture and sound (from
   * its sender reports); null while the sender has not told.
   */
  senderUs: number | null;
  /** Annex B access unit, Opus packet, or FrameFacts. */
  payload: Uint8Array;
};

/** Reasons to end a stream, as WebSocket close codes (RFC 6455 section 7.4.2: 4000 and above). */
export const STREAM_CLOSED = {
  malformed: 4400,
  unknownChannel: 4404,
  notLive: 4409,
  tooMany: 4429,
  full: 4503,
} as const;

/** Writes a message; the payload is copied. */
export function writeStreamMessage(message: StreamMessage): Uint8Array {
  const bytes = new Uint8Array(STREAM_HEADER_LENGTH + message.payload.length);
  bytes[0] = KINDS.indexOf(message.kind) + 1;
  bytes[1] = STREAM_VERSION;
  write32(bytes, 4, message.rtpTimestamp);
  new DataView(bytes.buffer).setFloat64(8, message.senderUs ?? Number.NaN);
  bytes.set(message.payload, STREAM_HEADER_LENGTH);
  return bytes;
}

/** Reads a message; undefined when it is none of this version. The payload is a view. */
export function readStreamMessage(bytes: Uint8Array): StreamMessage | undefined {
  if (bytes.length < STREAM_HEADER_LENGTH || bytes[1] !== STREAM_VERSION) return undefined;
  const kind = KINDS[byteAt(bytes, 0) - 1];
  if (kind === undefined) return undefined;
  const senderUs = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(8);
  return {
    kind,
    rtpTimestamp: read32(bytes, 4),
    senderUs: Number.isFinite(senderUs) ? senderUs : null,
    payload: bytes.subarray(STREAM_HEADER_LENGTH),
  };
}

export function writeStreamAck(rtpTimestamp: number): Uint8Array {
  const bytes = new Uint8Array(STREAM_ACK_LENGTH);
  write32(bytes, 0, rtpTimestamp);
  return bytes;
}

/** The newest picture's RTP timestamp, or undefined when the message is no acknowledgement. */
export function readStreamAck(bytes: Uint8Array): number | undefined {
  return bytes.length === STREAM_ACK_LENGTH ? read32(bytes, 0) : undefined;
}
