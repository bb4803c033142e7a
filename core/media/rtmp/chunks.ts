// RTMP's chunk stream: messages cut into chunks that share a connection (Adobe, "RTMP
// Specification 1.0", 2012, section 5.3). Bytes may be split anywhere. Memory grows with bytes
// that came, never with sizes that were only announced.

import { bigEndian, joinBytes } from '../../base/bytes.ts';

export type RtmpMessage = {
  /** Message type id, section 5.4 and 7.1. */
  type: number;
  streamId: number;
  /** Milliseconds modulo 2^32. */
  timestamp: number;
  payload: Uint8Array;
};

export const RTMP_TYPE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowSize: 5,
  peerBandwidth: 6,
  audio: 8,
  video: 9,
  amf3Data: 15,
  amf3Command: 17,
  data: 18,
  command: 20,
} as const;

/** Bytes that are no RTMP, or more than a stream may ask for. */
export class RtmpError extends Error {
  override name = 'RtmpError';
}

export type ChunkReader = {
  /** Takes the next bytes, of any length. Throws RtmpError; the reader is unusable after that. */
  push(bytes: Uint8Array): void;
};

/** A key frame of 1080p at 50 Mbit/s is below 2 MB. */
export const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;
/** Of messages that have begun, on all chunk streams together. */
const PARTIAL_BYTES_MAX = 16 * 1024 * 1024;
/** OBS uses three, ffmpeg four. */
const CHUNK_STREAMS_MAX = 32;
const CHUNK_BYTES_FIRST = 128;
const EXTENDED = 0xff_ffff;
/** Bytes of a message header by chunk type. */
const HEADER_BYTES = [11, 7, 3, 0] as const;
const PAYLOAD_BYTES_FIRST = 4_096;

type ChunkStream = {
  timestamp: number;
  delta: number;
  /** The extended timestamp field as it came; null when the last header had none. */
  extended: number | null;
  length: number;
  type: number;
  streamId: number;
  payload: Uint8Array;
  filled: number;
  isOpen: boolean;
};

/** Makes a reader of what follows the handshake; `onMessage` runs inside push(). */
export function createChunkReader(onMessage: (message: RtmpMessage) => void): ChunkReader {
  return new Reader(onMessage);
}

class Reader implements ChunkReader {
  readonly #onMessage: (message: RtmpMessage) => void;
  readonly #streams = new Map<number, ChunkStream>();
  /** Basic header, message header and extended timestamp: 3 + 11 + 4 bytes at most. */
  readonly #header = new Uint8Array(18);
  #headerFilled = 0;
  #current: ChunkStream | null = null;
  /** Bytes of the current chunk still to come. */
  #chunkLeft = 0;
  #chunkBytesMax = CHUNK_BYTES_FIRST;
  #partialBytes = 0;

  constructor(onMessage: (message: RtmpMessage) => void) {
    this.#onMessage = onMessage;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#current) {
        const end = Math.min(bytes.length, at + this.#chunkLeft);
        this.#append(this.#current, bytes.subarray(at, end));
        at = end;
      } else {
        this.#header[this.#headerFilled++] = bytes[at++] ?? 0;
        this.#readHeader();
      }
    }
  }

  /** Looks whether the header is whole; where it is, its chunk begins. */
  #readHeader(): void {
    const header = this.#header;
    const first = header[0] ?? 0;
    const format = first >> 6;
    const short = first & 63;
    const basicBytes = short === 0 ? 2 : short === 1 ? 3 : 1;
    const wholeBytes = basicBytes + (HEADER_BYTES[format] ?? 0);
    if (this.#headerFilled < wholeBytes) return;
    let id = short;
    if (short === 0) id = 64 + (header[1] ?? 0);
    if (short === 1) id = 64 + (header[1] ?? 0) + (header[2] ?? 0) * 256;
    const stream = this.#streamOf(id, format);
    const time = format === 3 ? 0 : number24(header, basicBytes);
    const hasExtended = format === 3 ? stream.extended !== null : time === EXTENDED;
    if (hasExtended && this.#headerFilled < wholeBytes + 4) return;
    this.#headerFilled = 0;
    const extended = hasExtended ? number32(header, wholeBytes) : null;
    if (stream.isOpen) {
      if (format !== 3) throw new RtmpError('A message began inside another one');
      this.#goOn(stream, extended, header.slice(wholeBytes, wholeBytes + 4));
    } else {
      this.#begin(stream, { format, time, extended, header: header.subarray(basicBytes) });
    }
  }

  #streamOf(id: number, format: number): ChunkStream {
    const known = this.#streams.get(id);
    if (known) return known;
    if (format !== 0) throw new RtmpError('A chunk stream began without a whole header');
    if (this.#streams.size >= CHUNK_STREAMS_MAX) throw new RtmpError('Too many chunk streams');
    const stream: ChunkStream = {
      ...{ timestamp: 0, delta: 0, extended: null, length: 0, type: 0, streamId: 0 },
      ...{ payload: new Uint8Array(0), filled: 0, isOpen: false },
    };
    this.#streams.set(id, stream);
    return stream;
  }

  #begin(
    stream: ChunkStream,
    read: { format: number; time: number; extended: number | null; header: Uint8Array },
  ): void {
    const { format, time, header } = read;
    if (format < 3) stream.extended = read.extended;
    const value = read.extended ?? time;
    if (format === 0) {
      stream.timestamp = value;
      // A header without a time that follows repeats this one as its difference (5.3.1.2.4).
      stream.delta = value;
      stream.streamId = littleEndian32(header, 7);
    } else {
      if (format < 3) stream.delta = value;
      stream.timestamp = (stream.timestamp + stream.delta) >>> 0;
    }
    if (format < 2) {
      stream.length = number24(header, 3);
      stream.type = header[6] ?? 0;
    }
    if (stream.length > MESSAGE_BYTES_MAX) {
      throw new RtmpError(`A message of ${stream.length} bytes is above ${MESSAGE_BYTES_MAX}`);
    }
    stream.isOpen = true;
    stream.filled = 0;
    stream.payload = new Uint8Array(Math.min(stream.length, PAYLOAD_BYTES_FIRST));
    this.#expect(stream);
  }

  /**
   * The next chunk of a message. Some writers leave the extended timestamp out here, against the
   * specification: what is not the same number then is the picture's own bytes.
   */
  #goOn(stream: ChunkStream, extended: number | null, four: Uint8Array): void {
    this.#expect(stream);
    const isLeftOut = extended !== null && extended !== stream.extended;
    if (!isLeftOut) return;
    if (this.#chunkLeft < 4) throw new RtmpError('A chunk names another time than its message');
    this.#append(stream, four);
  }

  #expect(stream: ChunkStream): void {
    this.#current = stream;
    this.#chunkLeft = Math.min(this.#chunkBytesMax, stream.length - stream.filled);
    if (this.#chunkLeft === 0) this.#endChunk(stream);
  }

  #append(stream: ChunkStream, bytes: Uint8Array): void {
    const wanted = stream.filled + bytes.length;
    this.#partialBytes += bytes.length;
    if (this.#partialBytes > PARTIAL_BYTES_MAX) throw new RtmpError('Too many open messages');
    if (wanted > stream.payload.length) {
      const grown = new Uint8Array(
        Math.min(stream.length, Math.max(wanted, stream.payload.length * 2)),
      );
      grown.set(stream.payload.subarray(0, stream.filled));
      stream.payload = grown;
    }
    stream.payload.set(bytes, stream.filled);
    stream.filled = wanted;
    this.#chunkLeft -= bytes.length;
    if (this.#chunkLeft === 0) this.#endChunk(stream);
  }

  #endChunk(stream: ChunkStream): void {
    this.#current = null;
    if (stream.filled < stream.length) return;
    const { type, streamId, timestamp } = stream;
    const payload = stream.payload.subarray(0, stream.length);
    this.#drop(stream);
    if (type === RTMP_TYPE.setChunkSize) this.#setChunkSize(payload);
    else if (type === RTMP_TYPE.abort) this.#abort(payload);
    else this.#onMessage({ type, streamId, timestamp, payload });
  }

  #drop(stream: ChunkStream): void {
    this.#partialBytes -= stream.filled;
    stream.isOpen = false;
    stream.filled = 0;
    stream.payload = new Uint8Array(0);
  }

  #setChunkSize(payload: Uint8Array): void {
    const size = payload.length >= 4 ? number32(payload, 0) : 0;
    if (size < 1 || size > 0x7fff_ffff) throw new RtmpError(`A chunk size of ${size} is no size`);
    this.#chunkBytesMax = size;
  }

  #abort(payload: Uint8Array): void {
    const stream = payload.length >= 4 ? this.#streams.get(number32(payload, 0)) : undefined;
    if (stream?.isOpen) this.#drop(stream);
  }
}

/** Bytes of a chunk that we write: most of our messages fit into one. */
export const CHUNK_BYTES_OUT = 4_096;

/**
 * A message as chunks with a whole header first.
 *
 * @param chunkStream 2 for control messages, 3 to 63 for others
 * @param chunkBytes what the other side was told with Set Chunk Size
 */
export function writeChunks(
  message: RtmpMessage,
  chunkStream: number,
  chunkBytes = CHUNK_BYTES_OUT,
): Uint8Array {
  const { type, streamId, timestamp, payload } = message;
  const isLong = timestamp >= EXTENDED;
  const extended = isLong ? bigEndian(timestamp, 4) : [];
  const parts: Uint8Array[] = [
    Uint8Array.of(
      chunkStream,
      ...bigEndian(isLong ? EXTENDED : timestamp, 3),
      ...bigEndian(payload.length, 3),
      type,
      ...bigEndian(streamId, 4).reverse(),
      ...extended,
    ),
  ];
  for (let at = 0; at < payload.length; at += chunkBytes) {
    if (at > 0) parts.push(Uint8Array.of(0xc0 | chunkStream, ...extended));
    parts.push(payload.subarray(at, at + chunkBytes));
  }
  return joinBytes(parts);
}

export function number24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

export function number32(bytes: Uint8Array, at: number): number {
  return number24(bytes, at) * 256 + (bytes[at + 3] ?? 0);
}

function littleEndian32(bytes: Uint8Array, at: number): number {
  return number32(Uint8Array.from(bytes.subarray(at, at + 4)).reverse(), 0);
}
