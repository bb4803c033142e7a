// H.264 bytes: Annex B in, facts out. Everything past the sources speaks Annex B with 4-byte start
// codes; AVCC (length prefixes) appears only at WebCodecs and FLV and is turned around here.
// Nothing here decodes a picture. Input comes from cameras and files, so no length is believed.

export const NAL_SLICE = 1;
export const NAL_IDR = 5;
export const NAL_SEI = 6;
export const NAL_SPS = 7;
export const NAL_PPS = 8;
export const NAL_DELIMITER = 9;
export const NAL_FILLER = 12;

/** What a sequence parameter set says (ITU-T H.264 section 7.3.2.1.1). */
export type SequenceParameters = {
  /** 66 baseline, 77 main, 100 high. */
  profile: number;
  /** The six constraint flags, highest bit first, as in the byte after profile_idc. */
  constraints: number;
  /** Level times ten: 31 is level 3.1. */
  level: number;
  /** Size after cropping, pixels. */
  width: number;
  height: number;
  /** Frames that may come before their turn; 0 means no B-frames. Null: the stream does not say. */
  reorderFramesMax: number | null;
  /** `avc1.42E01F` and the like (RFC 6381). */
  codec: string;
};

/** The parts of an avcC record (ISO/IEC 14496-15 section 5.3.3.1). */
export type AvcDescription = {
  /** Bytes of each length prefix: 1, 2 or 4. */
  lengthBytes: number;
  /** Sequence and picture parameter sets, without start codes. */
  parameterSets: Uint8Array[];
};

/** Bytes that are not H.264, or are cut off; the message says what was expected. */
export class H264Error extends Error {
  override name = 'H264Error';
}

/** The type of a NAL unit; 0 when it is empty. */
export function nalTypeOf(nal: Uint8Array): number {
  return (nal[0] ?? 0) & 31;
}

/**
 * The NAL units of Annex B bytes (ITU-T H.264 annex B.1), without start codes and trailing zeros,
 * as views into `bytes`. Bytes before the first start code are ignored.
 */
export function splitAnnexB(bytes: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let start = -1;
  let at = 0;
  const last = bytes.length - 2;
  while (at < last) {
    // Looking at every third byte first: a start code cannot hide between them.
    const third = bytes[at + 2] ?? 0;
    if (third > 1) at += 3;
    else if (third === 1 && bytes[at] === 0 && bytes[at + 1] === 0) {
      if (start >= 0) pushNal(units, bytes, start, at);
      start = at + 3;
      at += 3;
    } else at += 1;
  }
  if (start >= 0) pushNal(units, bytes, start, bytes.length);
  return units;
}

function pushNal(units: Uint8Array[], bytes: Uint8Array, start: number, end: number): void {
  let stop = end;
  while (stop > start && bytes[stop - 1] === 0) stop--;
  if (stop > start) units.push(bytes.subarray(start, stop));
}

/** Joins NAL units to Annex B bytes with 4-byte start codes. */
export function joinAnnexB(units: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const unit of units) length += 4 + unit.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const unit of units) {
    bytes[at + 3] = 1;
    bytes.set(unit, at + 4);
    at += 4 + unit.length;
  }
  return bytes;
}

/** True when a reader can start here: SPS, PPS and an IDR slice are all present. */
export function isKeyFrame(units: readonly Uint8Array[]): boolean {
  let seen = 0;
  for (const unit of units) {
    const type = nalTypeOf(unit);
    if (type === NAL_SPS) seen |= 1;
    else if (type === NAL_PPS) seen |= 2;
    else if (type === NAL_IDR) seen |= 4;
  }
  return seen === 7;
}

/** Splits AVCC bytes (each NAL unit after its length). Throws H264Error when a length lies. */
export function splitAvcc(bytes: Uint8Array, lengthBytes: number): Uint8Array[] {
  const units: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + lengthBytes > bytes.length) throw new H264Error('AVCC length is cut off');
    let length = 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[at + i] ?? 0);
    at += lengthBytes;
    if (length > bytes.length - at) throw new H264Error(`AVCC unit of ${length} bytes is cut off`);
    if (length > 0) units.push(bytes.subarray(at, at + length));
    at += length;
  }
  return units;
}

/** Joins NAL units to AVCC bytes with 4-byte lengths. */
export function joinAvcc(units: readonly Uint8Array[]): Uint8Array {
  const bytes = joinAnnexB(units);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 0;
  for (const unit of units) {
    view.setUint32(at, unit.length);
    at += 4 + unit.length;
  }
  return bytes;
}

/** AVCC to Annex B. Throws H264Error when a length lies. */
export function avccToAnnexB(bytes: Uint8Array, lengthBytes: number): Uint8Array {
  return joinAnnexB(splitAvcc(bytes, lengthBytes));
}

/** Reads an avcC record as WebCodecs and FLV give it. Throws H264Error. */
export function parseAvcDescription(bytes: Uint8Array): AvcDescription {
  const version = bytes[0];
  if (version !== 1) throw new H264Error(`avcC version 1 expected, got ${version}`);
  const lengthBytes = ((bytes[4] ?? 0) & 3) + 1;
  if (lengthBytes === 3 || bytes.length < 7) throw new H264Error('avcC record is malformed');
  const parameterSets: Uint8Array[] = [];
  let at = 5;
  for (const mask of [31, 255]) {
    const count = (bytes[at] ?? 0) & mask;
    at++;
    for (let i = 0; i < count; i++) {
      const length = (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
      at += 2;
      if (at + length > bytes.length) throw new H264Error('avcC parameter set is cut off');
      parameterSets.push(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return { lengthBytes, parameterSets };
}

/** Makes an avcC record with 4-byte lengths. Throws H264Error without an SPS of 4 bytes. */
export function buildAvcDescription(parameterSets: readonly Uint8Array[]): Uint8Array {
  const sps = parameterSets.filter((unit) => nalTypeOf(unit) === NAL_SPS);
  const pps = parameterSets.filter((unit) => nalTypeOf(unit) === NAL_PPS);
  const first = sps[0];
  if (!first || first.length < 4) throw new H264Error('avcC needs a sequence parameter set');
  const bytes: number[] = [1, first[1] ?? 0, first[2] ?? 0, first[3] ?? 0, 255, 224 | sps.length];
  for (const unit of sps) bytes.push(unit.length >> 8, unit.length & 255, ...unit);
  bytes.push(pps.length);
  for (const unit of pps) bytes.push(unit.length >> 8, unit.length & 255, ...unit);
  return Uint8Array.from(bytes);
}

/** Profiles whose SPS carries chroma format and scaling lists (section 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** No level allows more; a larger number is garbage that would cost memory downstream. */
const SIDE_PIXELS_MAX = 16_384;

/**
 * Reads a sequence parameter set (one NAL unit, without start code).
 *
 * @throws H264Error when it is cut off or its values are outside of the standard.
 */
export function parseSps(nal: Uint8Array): SequenceParameters {
  if (nalTypeOf(nal) !== NAL_SPS) throw new H264Error('Not a sequence parameter set');
  const bits = new BitReader(withoutEmulation(nal.subarray(1)));
  const profile = bits.read(8);
  const constraints = bits.read(8);
  const level = bits.read(8);
  bits.unsigned(31, 'seq_parameter_set_id');
  let chroma = 1;
  let separatePlanes = false;
  if (HIGH_PROFILES.has(profile)) {
    chroma = bits.unsigned(3, 'chroma_format_idc');
    if (chroma === 3) separatePlanes = bits.read(1) === 1;
    bits.unsigned(6, 'bit_depth_luma');
    bits.unsigned(6, 'bit_depth_chroma');
    bits.read(1);
    if (bits.read(1) === 1) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  bits.unsigned(12, 'log2_max_frame_num');
  skipOrderCount(bits);
  bits.unsigned(16, 'max_num_ref_frames');
  bits.read(1);
  const widthBlocks = bits.unsigned(SIDE_PIXELS_MAX / 16, 'width') + 1;
  const heightUnits = bits.unsigned(SIDE_PIXELS_MAX / 16, 'height') + 1;
  const framesOnly = bits.read(1);
  if (framesOnly === 0) bits.read(1);
  bits.read(1);
  const crop = [0, 0, 0, 0];
  if (bits.read(1) === 1) {
    for (let i = 0; i < 4; i++) crop[i] = bits.unsigned(SIDE_PIXELS_MAX, 'frame_crop');
  }
  const planar = separatePlanes || chroma === 0;
  const cropX = planar || chroma === 3 ? 1 : 2;
  const cropY = (planar || chroma !== 1 ? 1 : 2) * (2 - framesOnly);
  const width = widthBlocks * 16 - cropX * ((crop[0] ?? 0) + (crop[1] ?? 0));
  const height = heightUnits * 16 * (2 - framesOnly) - cropY * ((crop[2] ?? 0) + (crop[3] ?? 0));
  if (width <= 0 || height <= 0) throw new H264Error('The picture is cropped to nothing');
  let reorderFramesMax: number | null = null;
  if (bits.read(1) === 1) reorderFramesMax = readReorderFrames(bits);
  // Baseline has no B slices at all (section A.2.1), whatever the stream leaves unsaid.
  if (reorderFramesMax === null && profile === 66) reorderFramesMax = 0;
  const codec = `avc1.${[profile, constraints, level].map(hexByte).join('')}`;
  return { profile, constraints, level, width, height, reorderFramesMax, codec };
}

function hexByte(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, '0');
}

function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list++) {
    if (bits.read(1) === 0) continue;
    let next = 8;
    for (let i = 0; i < (list < 6 ? 16 : 64) && next !== 0; i++) {
      next = (next + bits.signed() + 256) & 255;
    }
  }
}

function skipOrderCount(bits: BitReader): void {
  const kind = bits.unsigned(2, 'pic_order_cnt_type');
  if (kind === 0) bits.unsigned(12, 'log2_max_pic_order_cnt_lsb');
  if (kind !== 1) return;
  bits.read(1);
  bits.signed();
  bits.signed();
  const cycle = bits.unsigned(255, 'num_ref_frames_in_pic_order_cnt_cycle');
  for (let i = 0; i < cycle; i++) bits.signed();
}

/** VUI up to max_num_reorder_frames (section E.1.1); null when it has no restrictions part. */
function readReorderFrames(bits: BitReader): number | null {
  if (bits.read(1) === 1 && bits.read(8) === 255) bits.read(32);
  if (bits.read(1) === 1) bits.read(1);
  if (bits.read(1) === 1) {
    bits.read(4);
    if (bits.read(1) === 1) bits.read(24);
  }
  if (bits.read(1) === 1) {
    bits.unsigned(5, 'chroma_sample_loc');
    bits.unsigned(5, 'chroma_sample_loc');
  }
  if (bits.read(1) === 1) {
    bits.read(32);
    bits.read(32);
    bits.read(1);
  }
  const nalTiming = bits.read(1) === 1;
  if (nalTiming) skipTiming(bits);
  const vclTiming = bits.read(1) === 1;
  if (vclTiming) skipTiming(bits);
  if (nalTiming || vclTiming) bits.read(1);
  bits.read(1);
  if (bits.read(1) === 0) return null;
  bits.read(1);
  for (let i = 0; i < 4; i++) bits.unsigned(65_535, 'bitstream_restriction');
  return bits.unsigned(16, 'max_num_reorder_frames');
}

function skipTiming(bits: BitReader): void {
  const count = bits.unsigned(31, 'cpb_cnt') + 1;
  bits.read(8);
  for (let i = 0; i < count; i++) {
    bits.unsigned(4_294_967_294, 'bit_rate');
    bits.unsigned(4_294_967_294, 'cpb_size');
    bits.read(1);
  }
  bits.read(20);
}

/** Removes emulation prevention bytes (section 7.4.1): 00 00 03 becomes 00 00. */
export function withoutEmulation(bytes: Uint8Array): Uint8Array {
  const clean = new Uint8Array(bytes.length);
  let length = 0;
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    clean[length++] = byte;
  }
  return clean.subarray(0, length);
}

/** Reads the bits of a NAL unit's payload, emulation prevention removed. */
export class BitReader {
  #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next `count` bits, at most 32. */
  read(count: number): number {
    let value = 0;
    if (this.#at + count > this.#bytes.length * 8) throw new H264Error('SPS is cut off');
    for (let i = 0; i < count; i++) {
      const bit = ((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1;
      value = value * 2 + bit;
      this.#at++;
    }
    return value;
  }

  /** ue(v) of section 9.1, refused above `maximum`. */
  unsigned(maximum: number, name: string): number {
    let zeros = 0;
    while (this.read(1) === 0) {
      zeros++;
      if (zeros > 31) throw new H264Error(`${name} is malformed`);
    }
    const value = 2 ** zeros - 1 + (zeros > 0 ? this.read(zeros) : 0);
    if (value > maximum) throw new H264Error(`${name} of ${value} is above ${maximum}`);
    return value;
  }

  /** se(v) of section 9.1.1. */
  signed(): number {
    const code = this.unsigned(4_294_967_294, 'signed value');
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
