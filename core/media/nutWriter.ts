// Writes PCM sound as NUT, so that ffmpeg takes each chunk as one packet the moment it arrives.
// Bare PCM on a pipe is read in blocks of 1024 samples, which holds 20 ms chunks back by up to one
// chunk. Only what sound needs is written: one stream, one time base, two frame codes.

import { NUT_FILE_ID, NUT_FLAG, NUT_START } from './nut.ts';
import { crc32Msb } from './nutChecksum.ts';

/** A reader gives up when no syncpoint came within this many bytes. */
const DISTANCE_BYTES_MAX = 65_536;
const AUDIO_CLASS = 1;
/** The shortest coded time; times here are always written in full. */
const MSB_PTS_SHIFT = 7;

export type NutPcmWriter = {
  /** File, main and stream header. */
  header(): Uint8Array;
  /**
   * One chunk of sound.
   *
   * @param pcm signed 16-bit little-endian samples, interleaved
   * @param firstSample index of its first sample per channel; never going back
   */
  write(pcm: Uint8Array, firstSample: number): Uint8Array;
};

/** Makes a writer for signed 16-bit sound; times count samples. */
export function createNutPcmWriter(sampleRate: number, channels: number): NutPcmWriter {
  let sinceSyncpoint = DISTANCE_BYTES_MAX;
  return {
    header() {
      const bytes: number[] = [];
      for (const character of NUT_FILE_ID) bytes.push(character.charCodeAt(0));
      writePacket(bytes, NUT_START.main, mainFields(sampleRate));
      writePacket(bytes, NUT_START.stream, streamFields(sampleRate, channels));
      return Uint8Array.from(bytes);
    },
    write(pcm, firstSample) {
      const head: number[] = [];
      if (sinceSyncpoint + pcm.length > DISTANCE_BYTES_MAX / 2) {
        const fields: number[] = [];
        writeVarlen(fields, firstSample);
        writeVarlen(fields, 0);
        writePacket(head, NUT_START.syncpoint, fields);
        sinceSyncpoint = 0;
      }
      const frameStart = head.length;
      head.push(1);
      writeVarlen(head, firstSample + 2 ** MSB_PTS_SHIFT);
      writeVarlen(head, pcm.length);
      writeUint32(head, crc32Msb(Uint8Array.from(head.slice(frameStart))));
      sinceSyncpoint += head.length + pcm.length;
      const bytes = new Uint8Array(head.length + pcm.length);
      bytes.set(head);
      bytes.set(pcm, head.length);
      return bytes;
    },
  };
}

function mainFields(sampleRate: number): number[] {
  const fields: number[] = [];
  // Version, streams, distance, one time base of 1/rate.
  for (const value of [3, 1, DISTANCE_BYTES_MAX, 1, 1, sampleRate]) writeVarlen(fields, value);
  const flags = NUT_FLAG.key | NUT_FLAG.codedPts | NUT_FLAG.sizeMsb | NUT_FLAG.checksum;
  // Code 0 is invalid, 1 is ours, the other 253 that are not 'N' are invalid.
  writeFrameCodes(fields, NUT_FLAG.invalid, 1);
  writeFrameCodes(fields, flags, 1);
  writeFrameCodes(fields, NUT_FLAG.invalid, 253);
  // No elision headers; ffmpeg refuses frames when even this count is left out.
  writeVarlen(fields, 0);
  return fields;
}

/** Six fields: pts delta 0 (signed), size multiplier 1, stream 0, size 0, reserved 0, count. */
function writeFrameCodes(fields: number[], flags: number, count: number): void {
  for (const value of [flags, 6, 0, 1, 0, 0, 0, count]) writeVarlen(fields, value);
}

function streamFields(sampleRate: number, channels: number): number[] {
  const fields: number[] = [];
  for (const value of [0, AUDIO_CLASS, 4]) writeVarlen(fields, value);
  // "PSD" and the bits of a sample: signed little-endian PCM.
  fields.push(0x50, 0x53, 0x44, 16);
  // Time base, msb shift, max distance of times, decode delay, flags, extradata.
  for (const value of [0, MSB_PTS_SHIFT, sampleRate, 0, 0, 0]) writeVarlen(fields, value);
  for (const value of [sampleRate, 1, channels]) writeVarlen(fields, value);
  return fields;
}

function writePacket(bytes: number[], startCode: bigint, fields: readonly number[]): void {
  for (let shift = 56n; shift >= 0n; shift -= 8n) bytes.push(Number((startCode >> shift) & 255n));
  writeVarlen(bytes, fields.length + 4);
  bytes.push(...fields);
  writeUint32(bytes, crc32Msb(Uint8Array.from(fields)));
}

function writeUint32(bytes: number[], value: number): void {
  bytes.push(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

function writeVarlen(bytes: number[], value: number): void {
  let step = 1;
  while (step * 128 <= value) step *= 128;
  for (; step > 1; step /= 128) bytes.push(128 | (Math.floor(value / step) & 127));
  bytes.push(value % 128);
}
