// What stands unfinished at the end of SQLite's write-ahead log, and how to leave something there
// as a power cut in the middle of a write does. SQLite itself leaves such an end out when it opens;
// this says that it did. Surprising: behind the end there may be whole frames of an earlier round,
// which are in the database long since; only the salts tell them from a write that was cut.
// https://www.sqlite.org/fileformat2.html#the_write_ahead_log

import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Of a header that was being written when the power went. */
const TORN_HEADER_BYTES = 16;
const MAGIC = 0x377f0682;
const VERSION = 3_007_000;

export type LogEnd = {
  /** Where the next frame is written: behind the last whole one. */
  endBytes: number;
  /** Behind the last commit, of this round: what no transaction stands behind. */
  unfinishedBytes: number;
};

type Sums = readonly [number, number];
type Shape = { bytes: Buffer; pageBytes: number; isBigEndian: boolean };

/**
 * Tears the log of a database that nobody has open: the half of a frame that claims to be a commit
 * is written behind the last whole frame. Nothing that was committed is touched.
 *
 * @returns the bytes written
 */
export function tearLog(path: string): number {
  const bytes = readLog(path);
  const log = shapeOf(bytes);
  const walked = log ? walk(log) : null;
  if (!log || !walked) return writeAt(path, 0, tornHeader());
  return writeAt(path, walked.endBytes, tornFrame(log, walked));
}

/** Reads the log's end; null when there is no log, or none that was begun. */
export function logEndOf(path: string): LogEnd | null {
  const bytes = readLog(path);
  if (bytes.length === 0) return null;
  const log = shapeOf(bytes);
  if (!log) return { endBytes: 0, unfinishedBytes: bytes.length };
  const { endBytes, committedBytes } = walk(log);
  const tornBytes = isOfThisRound(bytes, endBytes) ? tornLength(log, endBytes) : 0;
  return { endBytes, unfinishedBytes: endBytes - committedBytes + tornBytes };
}

function readLog(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

function shapeOf(bytes: Buffer): Shape | null {
  if (bytes.length < HEADER_BYTES) return null;
  const magic = bytes.readUInt32BE(0);
  if (magic !== MAGIC && magic !== MAGIC + 1) return null;
  const isBigEndian = magic === MAGIC + 1;
  const sums = sumsOf(bytes, { from: 0, to: 24, isBigEndian }, [0, 0]);
  if (!isSum(bytes, 24, sums)) return null;
  const pageBytes = bytes.readUInt32BE(8);
  return pageBytes >= 512 && pageBytes <= 65_536 ? { bytes, pageBytes, isBigEndian } : null;
}

type Walked = { endBytes: number; committedBytes: number; sums: Sums };

/** Frame by frame, as SQLite recovers. */
function walk({ bytes, pageBytes, isBigEndian }: Shape): Walked {
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  let sums: Sums = [bytes.readUInt32BE(24), bytes.readUInt32BE(28)];
  let at = HEADER_BYTES;
  let committedBytes = HEADER_BYTES;
  while (at + frameBytes <= bytes.length && isOfThisRound(bytes, at)) {
    const frame = { from: at + FRAME_HEADER_BYTES, to: at + frameBytes, isBigEndian };
    const next = sumsOf(bytes, frame, sumsOf(bytes, { from: at, to: at + 8, isBigEndian }, sums));
    if (!isSum(bytes, at + 16, next)) break;
    sums = next;
    const isCommit = bytes.readUInt32BE(at + 4) > 0;
    at += frameBytes;
    if (isCommit) committedBytes = at;
  }
  return { endBytes: at, committedBytes, sums };
}

/** Its salts are those of the header, as far as it goes. */
function isOfThisRound(bytes: Buffer, at: number): boolean {
  const salts = bytes.subarray(at + 8, at + 16);
  return at < bytes.length && salts.equals(bytes.subarray(16, 16 + salts.length));
}

function tornLength({ bytes, pageBytes }: Shape, at: number): number {
  return Math.min(bytes.length - at, FRAME_HEADER_BYTES + pageBytes);
}

/** Half of a frame with the right number for the whole of it. */
function tornFrame({ bytes, pageBytes, isBigEndian }: Shape, { sums }: Walked): Buffer {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + pageBytes, 0xb7);
  // Page 1, and a database of one page after it: it would be a commit.
  frame.writeUInt32BE(1, 0);
  frame.writeUInt32BE(1, 4);
  bytes.copy(frame, 8, 16, 24);
  const first = sumsOf(frame, { from: 0, to: 8, isBigEndian }, sums);
  const whole = { from: FRAME_HEADER_BYTES, to: frame.length, isBigEndian };
  const [one, other] = sumsOf(frame, whole, first);
  frame.writeUInt32BE(one, 16);
  frame.writeUInt32BE(other, 20);
  return frame.subarray(0, FRAME_HEADER_BYTES + pageBytes / 2);
}

function tornHeader(): Buffer {
  const header = Buffer.alloc(TORN_HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(VERSION, 4);
  header.writeUInt32BE(4096, 8);
  return header;
}

function writeAt(path: string, at: number, bytes: Buffer): number {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, bytes, 0, bytes.length, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return bytes.length;
}

type Part = { from: number; to: number; isBigEndian: boolean };

/** SQLite's two running sums over pairs of words. */
function sumsOf(bytes: Buffer, { from, to, isBigEndian }: Part, before: Sums): Sums {
  let [one, other] = before;
  for (let at = from; at < to; at += 8) {
    const first = isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    const second = isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    one = (one + first + other) >>> 0;
    other = (other + second + one) >>> 0;
  }
  return [one, other];
}

function isSum(bytes: Buffer, at: number, [one, other]: Sums): boolean {
  return bytes.readUInt32BE(at) === one && bytes.readUInt32BE(at + 4) === other;
}
