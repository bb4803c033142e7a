// Writes H.264 access units as FLV, so that an ffmpeg child can be fed whole frames with times on
// its stdin: each tag carries its size, so the reader hands a frame to its decoder without waiting
// for the next one (bare Annex B costs one frame of delay). Times are whole milliseconds.

import { joinBytes } from '../base/bytes.ts';
import type { TrackKind } from './feed.ts';
import {
  buildAvcDescription,
  isKeyFrame,
  joinAvcc,
  NAL_DELIMITER,
  NAL_PPS,
  NAL_SPS,
  nalTypeOf,
  splitAnnexB,
} from './h264.ts';

/**
 * What ffmpeg needs in front of `-i pipe:0` so that one access unit in gives one picture out at
 * once. One thread: frame threading holds back one picture per thread. `-fflags nobuffer` must
 * not be added: it throws the first key frame away, and with it the first second.
 */
export const FLV_LOW_DELAY_INPUT: readonly string[] = [
  '-flags',
  'low_delay',
  '-probesize',
  '32',
  '-analyzeduration',
  '0',
  '-threads',
  '1',
  '-f',
  'flv',
];
/**
 * What the raw output needs for the same: since ffmpeg 5 the rawvideo encoder threads by frame
 * and holds one picture back; the encoder's time base keeps the milliseconds exact.
 * `-fps_mode passthrough` (`-vsync passthrough` before ffmpeg 5.1) belongs beside it.
 */
export const RAW_LOW_DELAY_OUTPUT: readonly string[] = [
  '-threads',
  '1',
  '-enc_time_base',
  '-1',
  '-flush_packets',
  '1',
  '-c:v',
  'rawvideo',
];

const TAG_HEADER_BYTES = 11;
const VIDEO_TAG = 9;
const AUDIO_TAG = 8;
/** FLV times are 32 bits of milliseconds; writers start near 0, so 24 days fit. */
const TIME_MS_MAX = 2_147_483_647;

export type FlvWriter = {
  /**
   * One access unit as FLV bytes; the first key frame brings the file header and each change of
   * parameter sets a new sequence header. Empty until the first key frame came.
   *
   * @param annexB one access unit without B-frames (decode time is presentation time)
   * @param timeMs presentation time, whole milliseconds, 0 .. 2^31-1, never going back
   * @throws RangeError when timeMs is outside of that range
   */
  write(annexB: Uint8Array, timeMs: number): Uint8Array;
};

/** Makes a writer for one video stream (Adobe FLV 10.1, annex E). */
export function createFlvWriter(): FlvWriter {
  let description = '';
  let started = false;
  return {
    write(annexB, timeMs) {
      if (!Number.isInteger(timeMs) || timeMs < 0 || timeMs > TIME_MS_MAX) {
        throw new RangeError(`FLV time must be 0 to ${TIME_MS_MAX} ms, got ${timeMs}`);
      }
      const units = splitAnnexB(annexB);
      const keyFrame = isKeyFrame(units);
      if (!started && !keyFrame) return new Uint8Array(0);
      const parts: Uint8Array[] = [];
      if (!started) parts.push(FILE_HEADER);
      started = true;
      if (keyFrame) {
        const record = buildAvcDescription(units.filter(isParameterSet));
        const text = record.join();
        if (text !== description) parts.push(videoTag(true, 0, record, timeMs));
        description = text;
      }
      const picture = units.filter((unit) => !isParameterSet(unit) && !isDelimiter(unit));
      parts.push(videoTag(keyFrame, 1, joinAvcc(picture), timeMs));
      return joinBytes(parts);
    },
  };
}

/** Signature "FLV", version 1, video only, header of 9 bytes, no tag before. */
const FILE_HEADER = Uint8Array.of(0x46, 0x4c, 0x56, 1, 1, 0, 0, 0, 9, 0, 0, 0, 0);

function isParameterSet(unit: Uint8Array): boolean {
  const type = nalTypeOf(unit);
  return type === NAL_SPS || type === NAL_PPS;
}

function isDelimiter(unit: Uint8Array): boolean {
  return nalTypeOf(unit) === NAL_DELIMITER;
}

/** @param packetType 0 sequence header, 1 picture */
function videoTag(keyFrame: boolean, packetType: number, body: Uint8Array, timeMs: number) {
  return flvTag(
    'video',
    avcTagBody({ keyFrame, packetType, compositionMs: 0, bytes: body }),
    timeMs,
  );
}

/**
 * The body of a video tag with H.264 (annex E.4.3).
 *
 * @param tag.packetType 0 sequence header, 1 picture
 * @param tag.compositionMs presentation minus decode time, milliseconds
 */
export function avcTagBody(tag: {
  keyFrame: boolean;
  packetType: number;
  compositionMs: number;
  bytes: Uint8Array;
}): Uint8Array {
  const body = new Uint8Array(5 + tag.bytes.length);
  const { compositionMs } = tag;
  body[0] = (tag.keyFrame ? 0x10 : 0x20) | 7;
  body[1] = tag.packetType;
  body[2] = (compositionMs >> 16) & 255;
  body[3] = (compositionMs >> 8) & 255;
  body[4] = compositionMs & 255;
  body.set(tag.bytes, 5);
  return body;
}

/** A whole tag, its size after it. @param timeMs decode time, 0 .. 2^31-1 */
export function flvTag(kind: TrackKind, body: Uint8Array, timeMs: number): Uint8Array {
  const tag = new Uint8Array(TAG_HEADER_BYTES + body.length + 4);
  const view = new DataView(tag.buffer);
  view.setUint32(0, (kind === 'video' ? VIDEO_TAG : AUDIO_TAG) * 2 ** 24 + body.length);
  // The time's low 24 bits come first, its highest byte after them.
  view.setUint32(4, ((timeMs & 0xff_ffff) << 8) | (timeMs >>> 24));
  tag.set(body, TAG_HEADER_BYTES);
  view.setUint32(tag.length - 4, TAG_HEADER_BYTES + body.length);
  return tag;
}

/** What stands before the first tag of a file with one track. */
export function flvFileHeader(kind: TrackKind): Uint8Array {
  const header = FILE_HEADER.slice();
  header[4] = kind === 'video' ? 1 : 4;
  return header;
}
