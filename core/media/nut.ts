// Takes frames with times out of the NUT bytes that ffmpeg writes to a pipe. NUT names the size of
// each frame in front of it, so a frame is complete the moment its last byte arrives, and its
// payload is copied exactly once. Garbage and cut-off bytes end in a NutError, memory is bounded.
// ffmpeg repeats the headers in the middle of a long stream; that is no new stream.
// Method: nut.txt, "NUT Open Container Format", version 3 and 4.

import { joinBytes } from '../base/bytes.ts';
import { crc32Msb } from './nutChecksum.ts';

export type NutStream = {
  index: number;
  kind: 'video' | 'audio' | 'other';
  /** For instance "H264", "Opus", "I420". */
  fourcc: string;
  /** Codec configuration: Annex B parameter sets (H264), OpusHead (Opus), or empty. */
  extradata: Uint8Array;
  /** Pixels; 0 for sound. */
  width: number;
  height: number;
  /** Hertz; 0 for pictures. */
  sampleRate: number;
  channels: number;
};

export type NutFrame = {
  stream: number;
  /** Presentation time, microseconds from the start of the stream. */
  ptsUs: number;
  keyFrame: boolean;
  bytes: Uint8Array;
};

export type NutReader = {
  /** Takes the next bytes, of any length. Throws NutError; the reader is unusable after that. */
  push(bytes: Uint8Array): void;
  /** Tells that no more bytes come. Throws NutError when a frame or header is cut off. */
  end(): void;
};

export type NutReaderOptions = {
  onStream?(stream: NutStream): void;
  onFrame(frame: NutFrame): void;
  /** Largest frame taken, bytes; a larger one is an error. Default 16 MiB. */
  frameBytesMax?: number;
  /** Where a frame's bytes go; for readers that reuse their buffers. Must return `length` bytes. */
  allocate?(length: number, stream: number): Uint8Array;
};

/** The bytes are not NUT as ffmpeg writes it. */
export class NutError extends Error {
  override name = 'NutError';
}

export const NUT_FILE_ID = 'nut/multimedia container\0';
export const NUT_START = {
  main: 0x4e4d_7a56_1f5f_04adn,
  stream: 0x4e53_1140_5bf2_f9dbn,
  syncpoint: 0x4e4b_e4ad_eeca_4569n,
} as const;
export const NUT_FLAG = {
  key: 1,
  codedPts: 8,
  streamId: 16,
  sizeMsb: 32,
  checksum: 64,
  reserved: 128,
  sideData: 256,
  headerIndex: 1024,
  matchTime: 2048,
  coded: 4096,
  invalid: 8192,
} as const;

/** Headers are a few hundred bytes; more is garbage. */
const HEADER_BYTES_MAX = 64 * 1024;
const STREAMS_MAX = 16;
/** Above this size a frame never has its first bytes elided (nut.txt, "header_idx"). */
const ELISION_FRAME_BYTES_MAX = 4096;
const FRAME_BYTES_DEFAULT_MAX = 16 * 1024 * 1024;

type FrameCode = {
  flags: number;
  ptsDelta: number;
  stream: number;
  sizeMul: number;
  sizeLsb: number;
  reserved: number;
  headerIndex: number;
};
type TimeBase = { num: number; den: number };
type StreamState = {
  info: NutStream;
  timeBase: TimeBase;
  msbPtsShift: number;
  lastPts: number;
};
type Payload = { target: Uint8Array; filled: number; frame: NutFrame; hasSideData: boolean };

/** Thrown inside when a header is not there in full yet; never leaves this file. */
const SHORTAGE = new Error('More bytes are needed');

/** Makes an incremental reader; `onFrame` runs inside push() as soon as a frame is complete. */
export function createNutReader(options: NutReaderOptions): NutReader {
  return new Reader(options);
}

class Reader implements NutReader {
  #options: NutReaderOptions;
  #frameBytesMax: number;
  #pending: Uint8Array = new Uint8Array(0);
  #payload: Payload | null = null;
  #skip = 0;
  #hasStarted = false;
  #failure: NutError | null = null;
  #codes: FrameCode[] = [];
  #timeBases: TimeBase[] = [];
  #elided: Uint8Array[] = [];
  #streamCount = 0;
  #streams: StreamState[] = [];

  constructor(options: NutReaderOptions) {
    this.#options = options;
    this.#frameBytesMax = options.frameBytesMax ?? FRAME_BYTES_DEFAULT_MAX;
  }

  push(chunk: Uint8Array): void {
    if (this.#failure) throw this.#failure;
    try {
      this.#take(chunk);
    } catch (error) {
      if (error instanceof NutError) {
        this.#failure = error;
        this.#pending = new Uint8Array(0);
        this.#payload = null;
      }
      throw error;
    }
  }

  end(): void {
    if (this.#failure) throw this.#failure;
    if (this.#payload) throw new NutError('The stream ends inside a frame');
    if (this.#pending.length > 0) throw new NutError('The stream ends inside a header');
    if (this.#streams.length === 0) throw new NutError('The stream ends before its headers');
  }

  #take(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#payload) rest = this.#fill(this.#payload, rest);
      else if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, rest.length);
        this.#skip -= skipped;
        rest = rest.subarray(skipped);
      } else {
        const next = this.#readHeader(rest);
        if (!next) return;
        rest = next;
      }
    }
  }

  #fill(payload: Payload, bytes: Uint8Array): Uint8Array {
    const length = Math.min(payload.target.length - payload.filled, bytes.length);
    payload.target.set(length === bytes.length ? bytes : bytes.subarray(0, length), payload.filled);
    payload.filled += length;
    if (payload.filled === payload.target.length) this.#complete(payload);
    return bytes.subarray(length);
  }

  #complete(payload: Payload): void {
    this.#payload = null;
    const frame = payload.frame;
    if (payload.hasSideData) frame.bytes = withoutSideData(payload.target);
    this.#options.onFrame(frame);
  }

  /** Reads one header; returns what follows it, or null when more bytes are needed. */
  #readHeader(chunk: Uint8Array): Uint8Array | null {
    const bytes = this.#pending.length > 0 ? joinBytes([this.#pending, chunk]) : chunk;
    const cursor = new Cursor(bytes);
    try {
      if (!this.#hasStarted) this.#readFileId(cursor);
      else if (cursor.peek() === 0x4e) this.#readPacket(cursor);
      else this.#readFrameHeader(cursor);
    } catch (error) {
      if (error !== SHORTAGE) throw error;
      if (bytes.length > HEADER_BYTES_MAX * 2) throw new NutError('A header has no end');
      // A copy, because the caller may reuse its chunk.
      this.#pending = bytes.slice();
      return null;
    }
    this.#pending = new Uint8Array(0);
    return bytes.subarray(cursor.at);
  }

  #readFileId(cursor: Cursor): void {
    for (let i = 0; i < NUT_FILE_ID.length; i++) {
      if (cursor.byte() !== NUT_FILE_ID.charCodeAt(i)) throw new NutError('This is not NUT');
    }
    this.#hasStarted = true;
  }

  #readPacket(cursor: Cursor): void {
    const start = cursor.at;
    const code = cursor.startCode();
    const length = cursor.varlen();
    if (length > 4096) {
      const checked = crc32Msb(cursor.bytes, start, cursor.at);
      if (cursor.uint32() !== checked) throw new NutError('A packet header is damaged');
    }
    const isHeader = code === NUT_START.main || code === NUT_START.stream;
    if (!isHeader && code !== NUT_START.syncpoint) {
      // Info, index and packets of later versions: nothing that a reader of frames needs.
      this.#skip = length;
      return;
    }
    if (length > HEADER_BYTES_MAX || length < 4) throw new NutError(`Header of ${length} bytes`);
    const body = cursor.take(length);
    const end = length - 4;
    if (new Cursor(body.subarray(end)).uint32() !== crc32Msb(body, 0, end)) {
      throw new NutError('A header is damaged');
    }
    const fields = new Cursor(body.subarray(0, end));
    try {
      if (code === NUT_START.main) this.#readMain(fields);
      else if (code === NUT_START.stream) this.#readStream(fields);
      else this.#readSyncpoint(fields);
    } catch (error) {
      if (error === SHORTAGE) throw new NutError('A header is shorter than its fields');
      throw error;
    }
  }

  #readMain(fields: Cursor): void {
    const version = fields.varlen();
    if (version < 2 || version > 4) throw new NutError(`NUT version ${version} is not known`);
    if (version > 3) fields.varlen();
    this.#streamCount = fields.varlen();
    if (this.#streamCount < 1 || this.#streamCount > STREAMS_MAX) {
      throw new NutError(`${this.#streamCount} streams`);
    }
    fields.varlen();
    const timeBaseCount = fields.varlen();
    if (timeBaseCount < 1 || timeBaseCount > STREAMS_MAX) throw new NutError('Time base count');
    this.#timeBases = [];
    for (let i = 0; i < timeBaseCount; i++) {
      const num = fields.varlen();
      const den = fields.varlen();
      if (num < 1 || den < 1) throw new NutError('A time base of zero');
      this.#timeBases.push({ num, den });
    }
    this.#codes = readFrameCodes(fields);
    this.#elided = [new Uint8Array(0)];
    if (fields.isAtEnd()) return;
    const elidedCount = fields.varlen();
    if (elidedCount > 127) throw new NutError('Too many elision headers');
    for (let i = 0; i < elidedCount; i++) this.#elided.push(fields.take(fields.varlen()).slice());
  }

  #readStream(fields: Cursor): void {
    const index = fields.varlen();
    if (index >= this.#streamCount) throw new NutError(`Stream ${index} was not announced`);
    const streamClass = fields.varlen();
    const fourcc = String.fromCharCode(...fields.take(fields.varlen()));
    const timeBase = this.#timeBases[fields.varlen()];
    if (!timeBase) throw new NutError('A time base that was not announced');
    const msbPtsShift = fields.varlen();
    if (msbPtsShift > 30) throw new NutError('msb_pts_shift');
    fields.varlen();
    fields.varlen();
    fields.varlen();
    const extradata = fields.take(fields.varlen()).slice();
    const info: NutStream = {
      index,
      kind: streamClass === 0 ? 'video' : streamClass === 1 ? 'audio' : 'other',
      fourcc,
      extradata,
      width: 0,
      height: 0,
      sampleRate: 0,
      channels: 0,
    };
    if (streamClass === 0) {
      info.width = fields.varlen();
      info.height = fields.varlen();
    } else if (streamClass === 1) {
      info.sampleRate = Math.round(fields.varlen() / Math.max(1, fields.varlen()));
      info.channels = fields.varlen();
    }
    const known = this.#streams[index];
    this.#streams[index] = { info, timeBase, msbPtsShift, lastPts: known?.lastPts ?? 0 };
    if (!known) this.#options.onStream?.(info);
  }

  #readSyncpoint(fields: Cursor): void {
    const coded = fields.varlen();
    const count = this.#timeBases.length;
    const from = this.#timeBases[coded % Math.max(1, count)];
    if (!from) throw new NutError('A syncpoint before the main header');
    const value = BigInt(Math.floor(coded / count)) * BigInt(from.num);
    for (const stream of this.#streams) {
      if (!stream) continue;
      const { num, den } = stream.timeBase;
      stream.lastPts = Number((value * BigInt(den)) / (BigInt(from.den) * BigInt(num)));
    }
  }

  #readFrameHeader(cursor: Cursor): void {
    const start = cursor.at;
    const code = this.#codes[cursor.byte()];
    if (!code) throw new NutError('A frame before the main header');
    let flags = code.flags;
    if (flags & NUT_FLAG.invalid) throw new NutError('An invalid frame code');
    if (flags & NUT_FLAG.coded) flags ^= cursor.varlen();
    const index = flags & NUT_FLAG.streamId ? cursor.varlen() : code.stream;
    const stream = this.#streams[index];
    if (!stream) throw new NutError(`A frame of stream ${index}, which has no header`);
    let pts = stream.lastPts + code.ptsDelta;
    if (flags & NUT_FLAG.codedPts) pts = fullPts(stream, cursor.varlen());
    let size = code.sizeLsb;
    if (flags & NUT_FLAG.sizeMsb) size += code.sizeMul * cursor.varlen();
    if (flags & NUT_FLAG.matchTime) cursor.varlen();
    let headerIndex = code.headerIndex;
    if (flags & NUT_FLAG.headerIndex) headerIndex = cursor.varlen();
    let reserved = code.reserved;
    if (flags & NUT_FLAG.reserved) reserved = cursor.varlen();
    if (reserved > 255) throw new NutError('Reserved fields without end');
    for (let i = 0; i < reserved; i++) cursor.varlen();
    if (flags & NUT_FLAG.checksum) {
      const checked = crc32Msb(cursor.bytes, start, cursor.at);
      if (cursor.uint32() !== checked) throw new NutError('A frame header is damaged');
    }
    if (size > this.#frameBytesMax) throw new NutError(`A frame of ${size} bytes`);
    const elided = this.#elided[size > ELISION_FRAME_BYTES_MAX ? 0 : headerIndex];
    if (!elided || elided.length > size) throw new NutError('An elision header is wrong');
    stream.lastPts = pts;
    this.#startPayload(index, stream, pts, size, elided, flags);
  }

  #startPayload(
    index: number,
    stream: StreamState,
    pts: number,
    size: number,
    elided: Uint8Array,
    flags: number,
  ): void {
    const target = this.#options.allocate?.(size, index) ?? new Uint8Array(size);
    if (target.length !== size) throw new RangeError(`allocate() gave ${target.length} bytes`);
    target.set(elided);
    const keyFrame = (flags & NUT_FLAG.key) !== 0;
    const frame = { stream: index, ptsUs: toUs(pts, stream.timeBase), keyFrame, bytes: target };
    const hasSideData = (flags & NUT_FLAG.sideData) !== 0;
    const payload = { target, filled: elided.length, frame, hasSideData };
    if (payload.filled === size) this.#complete(payload);
    else this.#payload = payload;
  }
}

function readFrameCodes(fields: Cursor): FrameCode[] {
  const codes: FrameCode[] = [];
  let ptsDelta = 0;
  let sizeMul = 1;
  let stream = 0;
  let headerIndex = 0;
  while (codes.length < 256) {
    const flags = fields.varlen();
    const count = fields.varlen();
    if (count > 0) ptsDelta = fields.signed();
    if (count > 1) sizeMul = fields.varlen();
    if (count > 2) stream = fields.varlen();
    const size = count > 3 ? fields.varlen() : 0;
    const reserved = count > 4 ? fields.varlen() : 0;
    const repeats = count > 5 ? fields.varlen() : sizeMul - size;
    if (count > 6) fields.signed();
    if (count > 7) headerIndex = fields.varlen();
    for (let i = 8; i < count; i++) fields.varlen();
    if (repeats < 1 || repeats > 256) throw new NutError('The frame code table is malformed');
    for (let j = 0; j < repeats; ) {
      if (codes.length >= 256) throw new NutError('The frame code table is too long');
      // 'N' starts packets and is never a frame code.
      const isLetterN = codes.length === 0x4e;
      const own = isLetterN ? NUT_FLAG.invalid : flags;
      const sizeLsb = size + j;
      codes.push({ flags: own, ptsDelta, stream, sizeMul, sizeLsb, reserved, headerIndex });
      if (!isLetterN) j++;
    }
  }
  return codes;
}

/** nut.txt, "coded_pts": the low bits near the last pts, or the full value shifted up. */
function fullPts(stream: StreamState, coded: number): number {
  const range = 2 ** stream.msbPtsShift;
  if (coded >= range) return coded - range;
  const delta = stream.lastPts - Math.floor((range - 1) / 2);
  return ((((coded - delta) % range) + range) % range) + delta;
}

function toUs(pts: number, { num, den }: TimeBase): number {
  // Seconds and the rest apart: the product would pass 2^53 after some hours.
  const ticks = pts * num;
  const seconds = Math.floor(ticks / den);
  return seconds * 1_000_000 + Math.round(((ticks - seconds * den) * 1_000_000) / den);
}

/** Version 4 puts side data and metadata in front of the frame; both are left out. */
function withoutSideData(bytes: Uint8Array): Uint8Array {
  const cursor = new Cursor(bytes);
  try {
    for (let part = 0; part < 2; part++) skipSideData(cursor);
  } catch (error) {
    if (error === SHORTAGE) throw new NutError('Side data is longer than its frame');
    throw error;
  }
  return bytes.subarray(cursor.at);
}

function skipSideData(cursor: Cursor): void {
  const count = cursor.varlen();
  for (let i = 0; i < count; i++) {
    cursor.take(cursor.varlen());
    const kind = cursor.signed();
    if (kind === -2) cursor.take(cursor.varlen());
    if (kind === -1 || kind === -2) cursor.take(cursor.varlen());
    else if (kind <= -3) cursor.varlen();
  }
}

class Cursor {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  peek(): number {
    return this.bytes[this.at] ?? shortage();
  }

  byte(): number {
    const value = this.bytes[this.at] ?? shortage();
    this.at++;
    return value;
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) shortage();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  uint32(): number {
    const part = this.take(4);
    return new DataView(part.buffer, part.byteOffset).getUint32(0);
  }

  startCode(): bigint {
    const part = this.take(8);
    return new DataView(part.buffer, part.byteOffset).getBigUint64(0);
  }

  /** nut.txt "v": 7 bits a byte, highest first. */
  varlen(): number {
    let value = 0;
    for (;;) {
      const byte = this.byte();
      value = value * 128 + (byte & 127);
      if (value > Number.MAX_SAFE_INTEGER) throw new NutError('A number is too large');
      if (byte < 128) return value;
    }
  }

  /** nut.txt "s". */
  signed(): number {
    const coded = this.varlen() + 1;
    return coded % 2 === 1 ? -(coded - 1) / 2 : coded / 2;
  }
}

function shortage(): never {
  throw SHORTAGE;
}
