// Reads back the fragmented MP4 that fmp4.ts writes: the feed's units with their exact capture
// times. A file that was cut anywhere gives all its whole fragments. Input may come from a disk
// that lies, so no length is believed; other writers' files are refused by name.

import type { MediaTimeUs } from '../base/clock.ts';
import { AUDIO_TRACK, START_BOX_ID, VIDEO_TRACK } from './fmp4.ts';
import { avccToAnnexB } from './h264.ts';

const BOX_HEADER_BYTES = 8;
/** Far above a fragment of the best picture; a larger length is damage. */
export const BOX_BYTES_MAX = 256 * 1024 * 1024;

export type Fmp4Unit = {
  track: 'video' | 'audio';
  captureUs: MediaTimeUs;
  durationUs: number;
  keyFrame: boolean;
  /** Annex B, or one Opus packet. */
  bytes: Uint8Array;
};

export class Fmp4Error extends Error {
  override name = 'Fmp4Error';
}

/** Units of a file as far as it is whole, each fragment's by capture time. Throws Fmp4Error. */
export function* readFmp4(file: Uint8Array): Generator<Fmp4Unit> {
  let startUs: MediaTimeUs | null = null;
  let moof: Uint8Array | null = null;
  for (const { name, body } of boxesOf(file)) {
    if (name === 'uuid' && isStart(body)) startUs = readU64(body, 16);
    else if (name === 'moof') moof = body;
    else if (name === 'mdat' && moof) {
      if (startUs === null) throw new Fmp4Error('This file was not recorded by this studio.');
      yield* unitsOf(moof, body, startUs);
      moof = null;
    }
  }
  if (startUs === null) throw new Fmp4Error('This file holds no recording.');
}

type Box = { name: string; body: Uint8Array };

/** Whole boxes in order; ends before the first one that is cut off. */
function* boxesOf(bytes: Uint8Array): Generator<Box> {
  let at = 0;
  while (at + BOX_HEADER_BYTES <= bytes.length) {
    const length = readU32(bytes, at);
    if (length < BOX_HEADER_BYTES || length > BOX_BYTES_MAX) return;
    if (at + length > bytes.length) return;
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    yield { name, body: bytes.subarray(at + BOX_HEADER_BYTES, at + length) };
    at += length;
  }
}

function unitsOf(moof: Uint8Array, mdat: Uint8Array, startUs: MediaTimeUs): Fmp4Unit[] {
  const units: Fmp4Unit[] = [];
  const mdatAt = moof.length + 2 * BOX_HEADER_BYTES;
  for (const { name, body } of boxesOf(moof)) {
    if (name === 'traf') units.push(...trackUnits(body, mdat, mdatAt, startUs));
  }
  return units.sort((one, other) => one.captureUs - other.captureUs);
}

function trackUnits(
  traf: Uint8Array,
  mdat: Uint8Array,
  mdatAt: number,
  startUs: MediaTimeUs,
): Fmp4Unit[] {
  const parts = new Map([...boxesOf(traf)].map(({ name, body }) => [name, body]));
  const [header, time, run] = ['tfhd', 'tfdt', 'trun'].map((name) => parts.get(name));
  if (!header || !time || !run) throw new Fmp4Error('A fragment lacks its tables.');
  const id = readU32(header, 4);
  if (id !== VIDEO_TRACK && id !== AUDIO_TRACK) return [];
  if (readU32(run, 0) !== 0x701) throw new Fmp4Error('A fragment was not written by this studio.');
  const count = readU32(run, 4);
  if (12 + count * 12 > run.length) throw new Fmp4Error('A fragment’s table is cut off.');
  let at = readU32(run, 8) - mdatAt;
  let captureUs = startUs + readU64(time, 4);
  const units: Fmp4Unit[] = [];
  for (let index = 0; index < count; index++) {
    const [durationUs, length, flags] = [0, 4, 8].map((part) =>
      readU32(run, 12 + index * 12 + part),
    );
    if (at < 0 || at + (length ?? 0) > mdat.length) throw new Fmp4Error('A sample is cut off.');
    const bytes = mdat.subarray(at, at + (length ?? 0));
    units.push({
      ...{ captureUs, durationUs: durationUs ?? 0 },
      track: id === VIDEO_TRACK ? 'video' : 'audio',
      keyFrame: ((flags ?? 0) & 0x01_0000) === 0,
      bytes: id === VIDEO_TRACK ? avccToAnnexB(bytes, 4) : bytes,
    });
    at += length ?? 0;
    captureUs += durationUs ?? 0;
  }
  return units;
}

function isStart(body: Uint8Array): boolean {
  return body.length === 24 && START_BOX_ID.every((byte, at) => body[at] === byte);
}

function readU32(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new Fmp4Error('A box is cut off.');
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
}

function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) * 4_294_967_296 + readU32(bytes, at + 4);
}
